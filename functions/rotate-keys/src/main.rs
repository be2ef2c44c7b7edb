//! `rotate-keys` on AWS Lambda.

use std::{env, sync::Arc};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use pozi_auth::{
    adapters::{
        HttpKeySets, SystemClock,
        aws::{Keys, Table, TableKeyRing, connection},
        lambda,
    },
    config::RotateKeysConfig,
};
use pozi_rotate_keys::{Ask, RotateKeys, policy};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let metrics = lambda::start(|name| env::var(name).ok())?;
    let function = RotateKeysConfig::read(|name| env::var(name).ok()).map_err(Error::from).and_then(function);
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

type Function = RotateKeys<SystemClock, TableKeyRing, Keys, Table, HttpKeySets>;

fn function(config: RotateKeysConfig) -> Result<Function, Error> {
    let aws = connection(&config.aws);
    let table = Table::new(&aws, &config.table);
    Ok(RotateKeys {
        clock: SystemClock,
        ring: TableKeyRing::new(table.clone()),
        keys: Keys::new(&aws, &config.signing, &config.table, &config.issuer),
        policy: policy(config.algorithm, config.sign_for)?,
        tenants: Arc::new(table),
        fetch: Arc::new(HttpKeySets::new(config.entra_login)?),
    })
}
