//! `jwks` on AWS Lambda.

use std::{env, sync::Arc};

use pozi_auth::{
    adapters::{KeyRingFile, SystemClock, lambda},
    config::JwksConfig,
    keyring::PUBLISHED_LIFETIMES,
    telemetry,
};
use pozi_jwks::{MAX_AGE, router};
use tracing::Level;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let config = JwksConfig::read(|name| env::var(name).ok());
    telemetry::init(config.as_ref().map_or(Level::INFO, |config| config.log));
    let config = config.inspect_err(|problem| tracing::error!(%problem, "cannot start"))?;
    let ring = Arc::new(KeyRingFile::new(config.key_ring));
    lambda::serve(router(&config.issuer, SystemClock, ring, PUBLISHED_LIFETIMES, MAX_AGE)).await
}
