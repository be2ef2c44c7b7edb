//! `token-exchange` on AWS Lambda.

use pozi_auth::{adapters::lambda, config::TokenExchangeConfig};
use pozi_token_exchange::aws;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let metrics = lambda::start()?;
    let config = TokenExchangeConfig::read(lambda::variable);
    let router = lambda::build(config, aws::service)?;
    lambda::serve(router, metrics).await
}
