//! `authorizer` on AWS Lambda.

use std::{env, sync::Arc};

use pozi_auth::{
    adapters::{HttpDocument, SystemClock, lambda},
    config::AuthorizerConfig,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    telemetry,
};
use pozi_authorizer::Authorizer;
use tracing::Level;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let config = AuthorizerConfig::read(|name| env::var(name).ok());
    telemetry::init(config.as_ref().map_or(Level::INFO, |config| config.log));
    let config = config.inspect_err(|problem| tracing::error!(%problem, "cannot start"))?;
    let keys = IssuerKeys::new(HttpDocument::new(&config.jwks_url)?, ISSUER_KEY_LIFETIMES);
    let authorizer = Arc::new(Authorizer::new(&config, SystemClock, keys));
    lambda::serve_events(move |event| {
        let authorizer = Arc::clone(&authorizer);
        async move { authorizer.answer(&event).await }
    })
    .await
}
