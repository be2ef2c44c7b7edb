#![doc = include_str!("../README.md")]

pub mod adapters;
pub mod address;
pub mod config;
pub mod entra;
pub mod error;
pub mod fetch;
pub mod hash;
pub mod identifiers;
pub mod issuer;
pub mod json;
pub mod jws;
pub mod keyring;
pub mod last_good;
pub mod metrics;
pub mod oauth;
pub mod public_key;
pub mod revision;
pub mod revocation;
pub mod session;
pub mod sites;
pub mod telemetry;
pub mod tenants;
pub mod timestamp;
mod written;
