#![doc = include_str!("../README.md")]

pub mod adapters;
pub mod address;
pub mod config;
pub mod entra;
pub mod identifiers;
pub mod json;
pub mod jws;
pub mod keyring;
pub mod last_good;
pub mod oauth;
pub mod ports;
pub mod session;
pub mod sites;
pub mod telemetry;
pub mod timestamp;
