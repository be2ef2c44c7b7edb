//! The whole service in one process on localhost, with an emulated Entra ID and invented councils.

pub mod args;
pub mod console;
pub mod explain;
pub mod gates;
mod https;
pub mod maps;
pub mod page;
pub mod samples;
pub mod service;
mod welcome;
