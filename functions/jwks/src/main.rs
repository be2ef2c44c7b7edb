//! `jwks` on AWS Lambda.

use pozi_auth::{adapters::lambda, config::JwksConfig};
use pozi_jwks::aws;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let metrics = lambda::start()?;
    let config = JwksConfig::read(lambda::variable);
    let router = lambda::build(config, aws::service)?;
    lambda::serve(router, metrics).await
}
