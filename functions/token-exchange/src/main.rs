//! `token-exchange` on AWS Lambda.

use std::{env, sync::Arc};

use pozi_auth::{adapters::lambda, config::TokenExchangeConfig};
use pozi_token_exchange::{aws, router};

#[tokio::main]
async fn main() -> Result<(), lambda::Error> {
    let metrics = lambda::start(|name| env::var(name).ok())?;
    let state =
        TokenExchangeConfig::read(|name| env::var(name).ok()).map_err(Into::into).and_then(aws::state);
    let state = state.inspect_err(|problem: &lambda::Error| tracing::error!(%problem, "cannot start"))?;
    lambda::serve(router(Arc::new(state)), metrics).await
}
