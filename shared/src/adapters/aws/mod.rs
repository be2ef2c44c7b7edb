//! The state of the functions on AWS: sites and their claims, the key ring and the tenants' key sets in one DynamoDB table,
//! private keys sealed by KMS or in KMS, and credentials of app registrations in Secrets Manager.

mod call_error;
mod claims;
mod connection;
mod history;
mod http;
mod key_ring;
mod key_sets;
mod keys;
mod kms_client;
mod kms_keys;
mod revocations;
mod sealed_keys;
mod secrets;
mod site_store;
mod sites;
mod table;
mod transaction;
mod wire;

pub use self::{
    call_error::CallError,
    connection::connection,
    http::https,
    key_ring::{RingOverview, TablePublishedKeys},
    keys::{Keys, KeysSigner},
    kms_keys::{KmsKeys, KmsSigner},
    sealed_keys::SealedKeys,
    secrets::Secrets,
    table::Table,
};
