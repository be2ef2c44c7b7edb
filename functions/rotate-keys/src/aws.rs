//! The function on AWS.

use std::sync::Arc;

use pozi_auth::{
    adapters::{
        HttpKeySets,
        aws::{Keys, Table, TableKeyRing, connection},
    },
    config::RotateKeysConfig,
    timestamp::Clock,
};

use crate::{RotateKeys, policy};

/// The function on AWS, by the clock `C`.
pub type OnAws<C> = RotateKeys<C, TableKeyRing, Keys, Table, HttpKeySets>;

/// The function that `config` describes, by `clock`.
pub fn function<C: Clock>(
    clock: C,
    config: RotateKeysConfig,
) -> Result<OnAws<C>, Box<dyn std::error::Error + Send + Sync + 'static>> {
    let aws = connection(&config.aws);
    let table = Table::new(&aws, &config.table);
    Ok(RotateKeys {
        clock,
        ring: TableKeyRing::new(table.clone()),
        keys: Keys::new(&aws, &config.signing, &config.table, &config.issuer),
        policy: policy(config.algorithm, config.sign_for)?,
        tenants: Arc::new(table),
        fetch: Arc::new(HttpKeySets::new(config.entra_login)?.within(config.aws.limits.call)),
    })
}
