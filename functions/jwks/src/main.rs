//! `jwks` on AWS Lambda.

use std::{env, sync::Arc};

use pozi_auth::{
    adapters::{KeyRingFile, SystemClock, lambda},
    config::JwksConfig,
    keyring::RING_LIFETIMES,
    telemetry,
};
use pozi_jwks::{MAX_AGE, router};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let config = JwksConfig::read(|name| env::var(name).ok());
    telemetry::init(config.as_ref().ok().and_then(|config| config.log.as_deref()));
    let config = config.inspect_err(|problem| tracing::error!(%problem, "cannot start"))?;
    let ring = Arc::new(KeyRingFile::new(config.key_ring));
    lambda::serve(router(&config.issuer, SystemClock, ring, RING_LIFETIMES, MAX_AGE)).await
}
