//! `token-exchange` on AWS Lambda.

use std::{env, sync::Arc};

use pozi_auth::{
    adapters::{HttpKeySets, KeyRingFile, SiteFiles, SystemClock, lambda},
    config::TokenExchangeConfig,
    entra::{KEY_LIFETIMES, TenantKeys},
    keyring::{RING_LIFETIMES, RingSigner},
    telemetry,
};
use pozi_token_exchange::{TokenExchange, router};
use tracing::Level;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let config = TokenExchangeConfig::read(|name| env::var(name).ok());
    telemetry::init(config.as_ref().map_or(Level::INFO, |config| config.log));
    let state = config
        .map_err(Into::into)
        .and_then(state)
        .inspect_err(|problem: &Problem| tracing::error!(%problem, "cannot start"))?;
    lambda::serve(router(state)).await
}

type Problem = Box<dyn std::error::Error + Send + Sync>;
type State = TokenExchange<SystemClock, SiteFiles, HttpKeySets, RingSigner<KeyRingFile>>;

fn state(config: TokenExchangeConfig) -> Result<State, Problem> {
    if let Some(address) = &config.entra_login {
        tracing::warn!(%address, "an emulated Entra decides who may sign in");
    }
    Ok(TokenExchange {
        issuer: config.issuer,
        clock: SystemClock,
        sites: SiteFiles::load(&config.sites)?,
        tenant_keys: TenantKeys::new(HttpKeySets::new(config.entra_login)?, KEY_LIFETIMES),
        signing: RingSigner::new(Arc::new(KeyRingFile::new(config.key_ring)), RING_LIFETIMES),
    })
}
