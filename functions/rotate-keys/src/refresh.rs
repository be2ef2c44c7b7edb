//! Fetches every registered tenant's key sets and stores the valid ones. A tenant that does not answer keeps its stored sets,
//! and does not affect the others.

use std::{collections::HashMap, sync::Arc, time::Duration};

use pozi_auth::{
    entra::{Cloud, EntraKeySet, KeySetFetch, KeySetLocation, TokenVersion},
    error::{Cause, with_causes},
    identifiers::TenantId,
    metrics,
    tenants::{AllTenants, KeySetStore, RegistryError, StoredSite, TenantSites},
    timestamp::Timestamp,
};
use serde::Serialize;
use tokio::{
    sync::Semaphore,
    task::{JoinError, JoinSet},
};

/// How many key sets are fetched at once: enough for 1,000 tenants while Entra does not answer for a third of them.
const MAX_CONCURRENT: usize = 64;
/// When a run gives up the rest, so that it ends within the function's 120 s.
const LONGEST: Duration = Duration::from_secs(90);

/// What happened to the key sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Refreshed {
    /// How many were fetched and stored.
    pub kept: usize,
    /// How many were not.
    pub failed: usize,
}

/// Fetches two key sets for every tenant of `tenants` but `probed`, one for each version of tokens.
pub(crate) async fn refresh<T: AllTenants + KeySetStore, F: KeySetFetch>(
    tenants: &Arc<T>,
    fetch: &Arc<F>,
    probed: Option<TenantId>,
    now: Timestamp,
) -> Result<Refreshed, RegistryError> {
    let all = tenants.all().await?.into_iter().filter(|(tenant, _)| Some(*tenant) != probed);
    let all = all.flat_map(|(tenant, stored)| locations(tenant, &stored));
    let all = begun_elsewhere(all.collect(), now);
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
    let count = async {
        while let Some(outcome) = fetches.join_next().await {
            refreshed.count(outcome);
        }
    };
    if tokio::time::timeout(LONGEST, count).await.is_err() {
        refreshed.failed += fetches.len();
        tracing::error!(key_sets = fetches.len(), "there was no time to fetch the rest of the key sets");
    }
    Ok(refreshed)
}

/// Returns `all` from another place on at each time, so that a run without time for all leaves out others than the run before.
fn begun_elsewhere<T>(mut all: Vec<T>, now: Timestamp) -> Vec<T> {
    let count = u64::try_from(all.len()).unwrap_or(u64::MAX).max(1);
    all.rotate_left(usize::try_from(now.unix_seconds() % count).unwrap_or_default());
    all
}

impl Refreshed {
    fn count(&mut self, outcome: Result<Result<(), Unkept>, JoinError>) {
        match outcome {
            Ok(Ok(())) => self.kept += 1,
            Ok(Err((location, sites, error))) => {
                self.failed += 1;
                let problem = with_causes(&*error);
                tracing::warn!(tenant = %location.tenant, sites, problem, "a tenant's key set was not stored");
            }
            Err(error) => {
                self.failed += 1;
                tracing::error!(problem = %error, "fetching a tenant's key set panicked");
            }
        }
    }
}

/// A key set that was not stored: where it is, for which sites, and why.
type Unkept = (KeySetLocation, String, Cause);

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
