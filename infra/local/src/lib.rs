//! The whole service in one process on localhost.

pub mod entra;
