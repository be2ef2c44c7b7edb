//! The function on AWS.

use std::sync::Arc;

use pozi_auth::{
    adapters::{
        HttpKeySets, Microsoft,
        aws::{Keys, Table, connection},
        lambda::Error,
    },
    config::RotateKeysConfig,
    keyring::RotationPolicy,
};

use crate::{Environment, RotateKeys};

/// The function's environment on AWS.
#[derive(Debug)]
pub struct OnAws;

impl Environment for OnAws {
    type Ring = Table;
    type Revocations = Table;
    type Keys = Keys;
    type Tenants = Table;
    type KeySets = HttpKeySets;
}

/// Returns the function that `config` describes.
pub fn service(config: RotateKeysConfig) -> Result<RotateKeys<OnAws>, Error> {
    let aws = connection(&config.aws);
    let table = Table::new(&aws, &config.table);
    let key_sets = HttpKeySets::new(Microsoft::new(config.entra_login)?);
    Ok(RotateKeys {
        ring: table.clone(),
        revocations: table.clone(),
        keys: Keys::new(&aws, &config.signing, &config.table, &config.issuer),
        policy: RotationPolicy::of_service(config.algorithm, config.sign_for)?,
        tenants: Arc::new(table),
        key_sets: Arc::new(key_sets.with_timeout(config.aws.limits.call)),
        probe_tenant: config.probe_tenant,
    })
}
