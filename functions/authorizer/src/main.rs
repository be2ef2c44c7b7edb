//! `authorizer` on AWS Lambda.

use std::sync::Arc;

use pozi_auth::{adapters::lambda, config::AuthorizerConfig};
use pozi_authorizer::aws;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let metrics = lambda::start()?;
    let config = AuthorizerConfig::read(lambda::variable);
    let authorizer = Arc::new(lambda::build(config, aws::service)?);
    let answer = move |event| {
        let authorizer = Arc::clone(&authorizer);
        async move { authorizer.answer(&event).await }
    };
    lambda::serve_events(answer, metrics).await
}
