//! The whole service in one process on localhost, with an emulated Entra ID and sample councils.

pub mod args;
mod certificate;
mod connections;
pub mod console;
mod credentials;
pub mod explain;
pub mod gates;
mod https;
mod listen;
pub mod maps;
pub mod page;
mod rotation;
pub mod samples;
pub mod service;
pub mod verifier_kit;
mod welcome;
