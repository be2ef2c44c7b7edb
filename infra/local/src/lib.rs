//! The whole service in one process on localhost, with an emulated Entra ID and invented councils.

pub mod entra;
pub mod samples;
