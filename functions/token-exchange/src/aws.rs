//! The function's state on AWS: everything that does not depend on a request is asked for at once.

use std::sync::Arc;

use pozi_auth::{
    adapters::{
        HttpKeySets, SystemClock,
        aws::{Keys, Table, TableKeyRing, connection},
    },
    config::TokenExchangeConfig,
    entra::{KEY_LIFETIMES, TenantKeys},
    keyring::{ActiveKey, RING_LIFETIMES, RingSigner},
    tenants::{CachedRegistry, REGISTRY_LIFETIMES},
    timestamp::Clock,
};

use crate::{Environment, TokenExchange};

/// Sites and key sets of the table, through one cache.
pub type Registry = Arc<CachedRegistry<Table>>;
/// Signs with the ring of the table.
pub type Signing = Arc<RingSigner<TableKeyRing, Keys>>;
/// The function's environment on AWS.
#[derive(Debug)]
pub struct OnAws;

impl Environment for OnAws {
    type Clock = SystemClock;
    type Sites = Registry;
    type KeySets = HttpKeySets;
    type Memory = Registry;
    type Signing = Signing;
}

/// The function that `config` describes. The signing key is fetched and opened from now on, in the background, so that
/// the first exchange finds it on its way or there; should that fail, the exchange tries again.
///
/// Must be called within a tokio runtime.
pub fn state(
    config: TokenExchangeConfig,
) -> Result<TokenExchange<OnAws>, Box<dyn std::error::Error + Send + Sync + 'static>> {
    if let Some(address) = &config.entra_login {
        tracing::warn!(%address, "an emulated Entra decides who may sign in");
    }
    let aws = connection(&config.aws);
    let table = Table::new(&aws, &config.table);
    let keys = Keys::new(&aws, &config.signing, &config.table, &config.issuer);
    let ring = Arc::new(TableKeyRing::new(table.clone()));
    let signing = Arc::new(RingSigner::new(ring, keys, RING_LIFETIMES));
    let registry = Arc::new(CachedRegistry::new(Arc::new(table), REGISTRY_LIFETIMES));
    // Entra is waited for as long as AWS: the same person waits.
    let fetch = HttpKeySets::new(config.entra_login)?.within(config.aws.limits.call);
    tokio::spawn({
        let signing = Arc::clone(&signing);
        // What fails here was logged, and fails the exchange that needs it.
        async move { drop(signing.active(SystemClock.now()).await) }
    });
    Ok(TokenExchange {
        issuer: config.issuer,
        clock: SystemClock,
        sites: Arc::clone(&registry),
        tenant_keys: TenantKeys::with_memory(fetch, registry, KEY_LIFETIMES),
        signing,
    })
}
