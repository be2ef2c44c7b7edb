//! `prober` on AWS Lambda.

use std::sync::Arc;

use pozi_auth::{
    adapters::{SystemClock, lambda},
    config::ProberConfig,
    error::with_causes,
    timestamp::Clock,
};
use pozi_prober::{ProbeRequest, aws};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Error> {
    let metrics = lambda::start()?;
    let config = ProberConfig::read(lambda::variable);
    let function = Arc::new(lambda::build(config, aws::service)?);
    let run = move |request: ProbeRequest| {
        let function = Arc::clone(&function);
        async move {
            // Boxed: the compiler would otherwise lay out the futures of all calls in one.
            let run = Box::pin(function.run(&request, SystemClock.now())).await;
            run.inspect_err(|error| tracing::error!(problem = with_causes(error), "no probe was made"))
        }
    };
    lambda::serve_events(run, metrics).await
}
