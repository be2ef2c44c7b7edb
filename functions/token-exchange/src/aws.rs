//! The function on AWS.

use std::sync::Arc;

use axum::Router;
use pozi_auth::{
    adapters::{
        HttpGraph, HttpKeySets, HttpTokenEndpoint, Microsoft, SystemClock,
        aws::{Keys, Secrets, Table, connection},
        behind_distribution,
        lambda::Error,
    },
    config::TokenExchangeConfig,
    entra::{ApplicationTokenCache, GroupResolver, KEY_LIFETIMES, TenantKeys},
    keyring::{ActiveKey, KeyRequirements, RING_LIFETIMES, RingSigner},
    revocation::LIST_LIFETIMES,
    tenants::{CachedRegistry, REGISTRY_LIFETIMES},
    timestamp::Clock,
};

use crate::{EXCHANGE_RATES, Environment, Limits, Revocations, TokenExchange, router};

/// The function's environment on AWS.
#[derive(Debug)]
pub struct OnAws;

impl Environment for OnAws {
    type Clock = SystemClock;
    type Sites = Arc<CachedRegistry<Table>>;
    type KeySets = HttpKeySets;
    type Memory = Arc<CachedRegistry<Table>>;
    type Graph = HttpGraph;
    type Applications = ApplicationTokenCache<Option<Secrets>, HttpTokenEndpoint>;
    type Signing = Arc<RingSigner<Table, Keys>>;
    type Revocations = Table;
}

/// Returns the function's router as `config` describes it. A task in the background reads and opens the signing key,
/// and reads what was revoked, so that the first exchange need not; if that fails, the exchange tries again.
///
/// # Panics
/// Outside a tokio runtime.
pub fn service(config: TokenExchangeConfig) -> Result<Router, Error> {
    if let Some(address) = &config.entra_login {
        tracing::warn!(%address, "an emulated Entra decides who may sign in");
    }
    let aws = connection(&config.aws);
    let table = Arc::new(Table::new(&aws, &config.table));
    let keys = Keys::new(&aws, &config.signing, &config.table, &config.issuer);
    let signing = Arc::new(RingSigner::new(Arc::clone(&table), keys.clone(), RING_LIFETIMES));
    let revocations = Revocations::new(Arc::clone(&table), LIST_LIFETIMES);
    let registry = Arc::new(CachedRegistry::new(table, REGISTRY_LIFETIMES));
    let microsoft = Microsoft::new(config.entra_login)?;
    let graph = HttpGraph::new(microsoft.clone());
    let secrets = config.graph_secrets.map(|prefix| Secrets::new(&aws, prefix));
    let applications = ApplicationTokenCache::new(secrets, HttpTokenEndpoint::new(microsoft.clone()));
    // The same timeout as for AWS, because the same person waits.
    let fetch = HttpKeySets::new(microsoft).with_timeout(config.aws.limits.call);
    let state = Arc::new(TokenExchange::<OnAws> {
        issuer: config.issuer,
        clock: SystemClock,
        sites: Arc::clone(&registry),
        tenant_keys: TenantKeys::with_memory(fetch, registry, KEY_LIFETIMES),
        groups: GroupResolver::with_applications(graph, applications),
        limits: Limits::new(EXCHANGE_RATES),
        signing,
        revocations,
        probe_tenant: config.probe_tenant,
    });
    tokio::spawn({
        let state = Arc::clone(&state);
        // An error is logged, and met again by the exchange that needs the key or the list.
        async move {
            let (now, any_key) = (SystemClock.now(), KeyRequirements::default());
            let _ = tokio::join!(state.signing.active(now, &any_key), state.revocations.list(now));
        }
    });
    // While the ring is on its way.
    tokio::task::spawn_blocking(move || keys.prepare());
    Ok(behind_distribution(router(state), config.origin_secret))
}
