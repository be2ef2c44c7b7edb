//! Scaffold: the rooms come one by one.
pub mod identifiers;
pub mod json;
pub mod jws;
pub mod last_good;
pub mod timestamp;
