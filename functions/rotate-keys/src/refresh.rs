//! Fetches every registered tenant's key sets and keeps those that are some. A tenant that does not answer costs the
//! others nothing, and what was kept of it before stays.

use std::{collections::HashSet, sync::Arc};

use pozi_auth::{
    entra::{Cloud, EntraKeySet, EntraKeySetError, KeySetFetch, KeySetLocation, TokenVersion},
    fetch::FetchError,
    identifiers::TenantId,
    metrics,
    tenants::{AllTenants, KeySetStore, RegistryUnavailable, StoredSite, TenantSites},
    timestamp::{Clock, Timestamp},
};
use serde::Serialize;
use tokio::{sync::Semaphore, task::JoinSet};

/// How many are fetched at once.
const AT_ONCE: usize = 8;

/// What became of the key sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Refreshed {
    /// How many were fetched and kept.
    pub kept: usize,
    /// How many were not.
    pub failed: usize,
}

/// Fetches two key sets for every tenant of `tenants`, one for each version of tokens.
pub(crate) async fn refresh<T: AllTenants + KeySetStore, F: KeySetFetch>(
    tenants: &Arc<T>,
    fetch: &Arc<F>,
    clock: &impl Clock,
) -> Result<Refreshed, RegistryUnavailable> {
    let locations = tenants.all().await?.into_iter().flat_map(|(tenant, stored)| locations(tenant, &stored));
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut fetches = JoinSet::new();
    let now = clock.now();
    for location in locations {
        let (tenants, fetch, turns) = (Arc::clone(tenants), Arc::clone(fetch), Arc::clone(&turns));
        fetches.spawn(async move {
            // Nobody closes it.
            let _turn = turns.acquire().await;
            renew(&*tenants, &*fetch, location, now).await.map_err(|problem| (location, problem))
        });
    }
    let mut refreshed = Refreshed::default();
    while let Some(outcome) = fetches.join_next().await {
        match outcome {
            Ok(Ok(())) => refreshed.kept += 1,
            Ok(Err((location, problem))) => {
                refreshed.failed += 1;
                tracing::warn!(tenant = %location.tenant, %problem, "a tenant's key set was not kept");
            }
            Err(problem) => {
                refreshed.failed += 1;
                tracing::error!(%problem, "fetching a tenant's key set went wrong");
            }
        }
    }
    Ok(refreshed)
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Parse(#[from] EntraKeySetError),
    #[error(transparent)]
    Keep(#[from] RegistryUnavailable),
}

async fn renew(
    store: &impl KeySetStore,
    fetch: &impl KeySetFetch,
    location: KeySetLocation,
    now: Timestamp,
) -> Result<(), Problem> {
    let document = fetch.fetch(location).await.inspect_err(|_| metrics::record_entra_failure())?;
    // An error page must not take the place of keys that work.
    EntraKeySet::parse(&document)?;
    Ok(store.keep(location, &document, now).await?)
}

/// A tenant lives in one cloud, which its sites name.
fn locations(tenant: TenantId, stored: &[StoredSite]) -> Vec<KeySetLocation> {
    let (sites, _) = TenantSites::compile(tenant, stored);
    let clouds: HashSet<Cloud> = sites.sites.iter().map(|site| site.cloud()).collect();
    let versions =
        |cloud| [TokenVersion::V1, TokenVersion::V2].map(|version| KeySetLocation { cloud, tenant, version });
    clouds.into_iter().flat_map(versions).collect()
}
