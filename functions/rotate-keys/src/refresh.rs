//! Fetches every registered tenant's key sets and stores the valid ones. A tenant that does not answer keeps its stored sets,
//! and does not affect the others.

use std::{collections::HashMap, sync::Arc};

use pozi_auth::{
    entra::{Cloud, EntraKeySet, KeySetFetch, KeySetLocation, TokenVersion},
    error::{Cause, with_causes},
    identifiers::TenantId,
    metrics,
    tenants::{AllTenants, KeySetStore, RegistryError, StoredSite, TenantSites},
    timestamp::Timestamp,
};
use serde::Serialize;
use tokio::{sync::Semaphore, task::JoinSet};

/// How many key sets are fetched at once.
const MAX_CONCURRENT: usize = 8;

/// What happened to the key sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Refreshed {
    /// How many were fetched and stored.
    pub kept: usize,
    /// How many were not.
    pub failed: usize,
}

/// Fetches two key sets for every tenant of `tenants`, one for each version of tokens.
pub(crate) async fn refresh<T: AllTenants + KeySetStore, F: KeySetFetch>(
    tenants: &Arc<T>,
    fetch: &Arc<F>,
    now: Timestamp,
) -> Result<Refreshed, RegistryError> {
    let all = tenants.all().await?.into_iter().flat_map(|(tenant, stored)| locations(tenant, &stored));
    let permits = Arc::new(Semaphore::new(MAX_CONCURRENT));
    let mut fetches = JoinSet::new();
    for (location, sites) in all {
        let (tenants, fetch, permits) = (Arc::clone(tenants), Arc::clone(fetch), Arc::clone(&permits));
        fetches.spawn(async move {
            // Never an error: the semaphore is not closed.
            let _permit = permits.acquire().await;
            renew(&*tenants, &*fetch, location, now).await.map_err(|error| (location, sites, error))
        });
    }
    let mut refreshed = Refreshed::default();
    while let Some(outcome) = fetches.join_next().await {
        match outcome {
            Ok(Ok(())) => refreshed.kept += 1,
            Ok(Err((location, sites, error))) => {
                refreshed.failed += 1;
                let problem = with_causes(&*error);
                tracing::warn!(tenant = %location.tenant, sites, problem, "a tenant's key set was not stored");
            }
            Err(error) => {
                refreshed.failed += 1;
                tracing::error!(problem = %error, "fetching a tenant's key set panicked");
            }
        }
    }
    Ok(refreshed)
}

async fn renew(
    store: &impl KeySetStore,
    fetch: &impl KeySetFetch,
    location: KeySetLocation,
    now: Timestamp,
) -> Result<(), Cause> {
    let fetched = fetch.fetch(location).await;
    metrics::record_entra_fetch(fetched.is_err());
    let document = fetched?;
    // An error page must not replace keys that work.
    EntraKeySet::parse(&document, location.cloud)?;
    Ok(store.keep(location, &document, now).await?)
}

/// Returns where the key sets of `tenant` are, by the clouds that its sites name, each with the names of those sites.
fn locations(tenant: TenantId, stored: &[StoredSite]) -> Vec<(KeySetLocation, String)> {
    let (compiled, _) = TenantSites::compile(tenant, stored);
    let mut clouds: HashMap<Cloud, Vec<&str>> = HashMap::new();
    for site in &compiled.sites {
        clouds.entry(site.cloud()).or_default().push(site.name.as_str());
    }
    let versions = |(cloud, sites): (Cloud, Vec<&str>)| {
        let names = sites.join(", ");
        [TokenVersion::V1, TokenVersion::V2]
            .map(|version| (KeySetLocation { cloud, tenant, version }, names.clone()))
    };
    clouds.into_iter().flat_map(versions).collect()
}
