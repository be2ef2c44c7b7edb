//! `authorizer` on AWS Lambda.

use std::{env, sync::Arc};

use pozi_auth::{
    adapters::{HttpDocument, SystemClock, lambda},
    config::AuthorizerConfig,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
};
use pozi_authorizer::Authorizer;

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let metrics = lambda::start(|name| env::var(name).ok())?;
    let config = AuthorizerConfig::read(|name| env::var(name).ok())
        .inspect_err(|problem| tracing::error!(%problem, "cannot start"))?;
    let keys = IssuerKeys::new(HttpDocument::new(&config.jwks_url)?, ISSUER_KEY_LIFETIMES);
    let authorizer = Arc::new(Authorizer::new(&config, SystemClock, keys));
    let answer = move |event| {
        let authorizer = Arc::clone(&authorizer);
        async move { authorizer.answer(&event).await }
    };
    lambda::serve_events(answer, metrics).await
}
