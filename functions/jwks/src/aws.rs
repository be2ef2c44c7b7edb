//! The function on AWS.

use std::sync::Arc;

use axum::Router;
use pozi_auth::{
    adapters::{
        SystemClock,
        aws::{Table, TablePublishedKeys, connection},
        behind_distribution,
        lambda::Error,
    },
    config::JwksConfig,
    keyring::PUBLISHED_LIFETIMES,
};

use crate::{MAX_AGE, router};

/// Returns the function's router as `config` describes it.
pub fn service(config: JwksConfig) -> Result<Router, Error> {
    let JwksConfig { issuer, table, origin_secret, aws } = config;
    let keys = Arc::new(TablePublishedKeys::new(Table::new(&connection(&aws), &table)));
    let router = router(&issuer, SystemClock, keys, PUBLISHED_LIFETIMES, MAX_AGE);
    Ok(behind_distribution(router, origin_secret))
}
