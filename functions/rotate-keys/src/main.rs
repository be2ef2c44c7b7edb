//! `rotate-keys` on AWS Lambda.

use std::env;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use pozi_auth::{
    adapters::{SystemClock, lambda},
    config::RotateKeysConfig,
};
use pozi_rotate_keys::{Ask, aws};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let metrics = lambda::start(|name| env::var(name).ok())?;
    let config = RotateKeysConfig::read(|name| env::var(name).ok()).map_err(Error::from);
    let function = config.and_then(|config| aws::function(SystemClock, config));
    let function = function.inspect_err(|problem| tracing::error!(%problem, "cannot start"))?;
    let run = async |event: LambdaEvent<Ask>| {
        // Boxed: the compiler would otherwise lay out all of AWS's futures in one.
        let done = Box::pin(function.run(event.payload)).await;
        metrics.flush();
        done.inspect(|done| tracing::info!(?done, "a run ended"))
            .inspect_err(|problem| tracing::error!(%problem, "a run failed"))
            .map_err(|problem| problem.to_string())
    };
    lambda_runtime::run(service_fn(run)).await
}
