//! The keys of every registered tenant, kept through Entra's rollovers and outages.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use super::{EntraKey, KeySet, KeySetLocation, NotAKeySet, SubjectRefusal, TokenVersion};
use crate::{
    identifiers::TenantId,
    last_good::{Cooldown, LastGood, Lifetimes},
    ports::{FetchError, KeySetFetch},
    timestamp::Timestamp,
};

/// Microsoft publishes new keys before they sign, with no schedule, and asks verifiers to look again about daily and
/// whenever a key id is unknown; these are the bounds within which we do.
/// Source: <https://learn.microsoft.com/entra/identity-platform/signing-key-rollover>.
pub const KEY_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_hours(1),
    keep: Duration::from_hours(24),
    cooldown: Duration::from_mins(5),
};

/// The key sets that were fetched through `F`, by tenant and token version. Callers ask for registered tenants only,
/// so it is as bounded as the registry.
#[derive(Debug)]
pub struct TenantKeys<F> {
    fetch: Arc<F>,
    lifetimes: Lifetimes,
    tenants: RwLock<HashMap<TenantId, Arc<Slots>>>,
}

/// The two key sets of one tenant, which share the pause after a fetch for an unknown key.
#[derive(Debug)]
struct Slots {
    v1: Arc<LastGood<KeySet>>,
    v2: Arc<LastGood<KeySet>>,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Parse(#[from] NotAKeySet),
}

impl<F: KeySetFetch> TenantKeys<F> {
    /// Holds no keys yet; fetches with `fetch` and keeps for `lifetimes` ([`KEY_LIFETIMES`] but in tests).
    pub fn new(fetch: F, lifetimes: Lifetimes) -> Self {
        Self { fetch: Arc::new(fetch), lifetimes, tenants: RwLock::default() }
    }

    /// The key `key_id` of the set at `location`, fetched where that is due.
    ///
    /// Refuses with [`SubjectRefusal::UnknownKey`] when the newest set that may be had lacks it, and with
    /// [`SubjectRefusal::KeysUnavailable`] when there is no set at all.
    pub async fn find(
        &self,
        location: KeySetLocation,
        key_id: &str,
        now: Timestamp,
    ) -> Result<Arc<EntraKey>, SubjectRefusal> {
        let slot = self.slot(location);
        let wanted = key_id.to_owned();
        let fetch = Arc::clone(&self.fetch);
        let load = || async move { Ok::<_, Problem>(KeySet::parse(&fetch.fetch(location).await?)?) };
        let set =
            slot.find(now, move |set| set.key(&wanted).is_some(), load).await.map_err(|unavailable| {
                SubjectRefusal::KeysUnavailable { retry_after: unavailable.retry_after }
            })?;
        set.key(key_id)
            .cloned()
            .ok_or_else(|| SubjectRefusal::UnknownKey { key_id: key_id.chars().take(100).collect() })
    }

    fn slot(&self, location: KeySetLocation) -> Arc<LastGood<KeySet>> {
        let known =
            self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(&location.tenant).cloned();
        let slots = known.unwrap_or_else(|| {
            let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(
                tenants
                    .entry(location.tenant)
                    .or_insert_with(|| Arc::new(Slots::new(location.tenant, self.lifetimes))),
            )
        });
        match location.version {
            TokenVersion::V1 => Arc::clone(&slots.v1),
            TokenVersion::V2 => Arc::clone(&slots.v2),
        }
    }
}

impl Slots {
    fn new(tenant: TenantId, lifetimes: Lifetimes) -> Self {
        let pause = Arc::new(Cooldown::default());
        let slot = |version| {
            LastGood::new(
                format!("the Entra keys ({version}) of tenant {tenant}"),
                lifetimes,
                Arc::clone(&pause),
            )
        };
        Self { v1: slot("1.0"), v2: slot("2.0") }
    }
}
