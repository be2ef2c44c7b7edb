//! `rotate-keys` on AWS Lambda.

use std::sync::Arc;

use pozi_auth::{
    adapters::{SystemClock, lambda},
    config::RotateKeysConfig,
    error::with_causes,
    keyring::RotationRequest,
    timestamp::Clock,
};
use pozi_rotate_keys::aws;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let metrics = lambda::start()?;
    let config = RotateKeysConfig::read(lambda::variable);
    let function = Arc::new(lambda::build(config, aws::service)?);
    let run = move |request: RotationRequest| {
        let function = Arc::clone(&function);
        async move {
            // Boxed: the compiler would otherwise lay out the futures of all AWS calls in one.
            let run = Box::pin(function.run(&request, SystemClock.now())).await;
            run.inspect(|report| tracing::info!(?report, "a run ended"))
                .inspect_err(|error| tracing::error!(problem = with_causes(error), "a run failed"))
        }
    };
    lambda::serve_events(run, metrics).await
}
