//! `jwks` on AWS Lambda.

use std::{env, sync::Arc};

use pozi_auth::{
    adapters::{
        SystemClock,
        aws::{Table, TablePublishedKeys, connection},
        lambda,
    },
    config::JwksConfig,
    keyring::PUBLISHED_LIFETIMES,
};
use pozi_jwks::{MAX_AGE, router};

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let metrics = lambda::start(|name| env::var(name).ok())?;
    let config = JwksConfig::read(|name| env::var(name).ok())
        .inspect_err(|problem| tracing::error!(%problem, "cannot start"))?;
    let table = Table::new(&connection(&config.aws), &config.table);
    let keys = Arc::new(TablePublishedKeys::new(table));
    let router = router(&config.issuer, SystemClock, keys, PUBLISHED_LIFETIMES, MAX_AGE);
    lambda::serve(router, metrics).await
}
