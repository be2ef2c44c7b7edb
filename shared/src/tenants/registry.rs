//! The shared registry as one process caches it: read tenant by tenant on demand, kept through outages of the store, and
//! bounded by the number of registered tenants.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use quick_cache::sync::Cache;

use super::{Parts, RegistryError, SiteDocumentError, SiteRegistry, TenantSites, TenantSource};
use crate::{
    entra::{KeySetLocation, KeySetMemory, StoredKeySet, TokenVersion},
    identifiers::TenantId,
    last_good::{Cooldown, LastGood, Lifetimes},
    metrics,
    timestamp::Timestamp,
};

/// How long a tenant's record is used, or the fact that it has none. The pause is short, because only our own store is
/// read. A record of a registered tenant that is more than a minute old answers once more while it is read again, so that a
/// change is live after a minute for whoever asks twice, and after 15 minutes for everyone.
pub const REGISTRY_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_mins(1),
    background: Duration::from_mins(15),
    keep: Duration::from_hours(12),
    cooldown: Duration::from_secs(1),
};

/// How long the stored key sets of a tenant are used before they are read again: they are large, and fetched no more often.
const KEY_SETS_FRESH: Duration = Duration::from_mins(15);

/// How many unregistered tenants are remembered. Anyone can make them up: a forgotten one is read again, and they
/// never displace a registered tenant.
const MAX_UNREGISTERED: usize = 4_096;

/// A registry that is read from `S` and cached.
#[derive(Debug)]
pub struct CachedRegistry<S> {
    source: Arc<S>,
    lifetimes: Lifetimes,
    registered: RwLock<HashMap<TenantId, Arc<LastGood<Tenant>>>>,
    unregistered: Cache<TenantId, Arc<LastGood<Tenant>>>,
}

/// A compiled record.
#[derive(Debug)]
struct Tenant {
    sites: Arc<TenantSites>,
    key_sets: KeySets,
}

/// A tenant's stored key sets, and when they were read.
#[derive(Debug, Clone)]
struct KeySets {
    stored: Vec<(TokenVersion, StoredKeySet)>,
    read: Timestamp,
}

impl<S: TenantSource> CachedRegistry<S> {
    /// Creates an empty cache that keeps records for `lifetimes`: [`REGISTRY_LIFETIMES`], except in tests.
    pub fn new(source: Arc<S>, lifetimes: Lifetimes) -> Self {
        Self { source, lifetimes, registered: RwLock::default(), unregistered: Cache::new(MAX_UNREGISTERED) }
    }

    fn slot(&self, tenant: TenantId) -> Arc<LastGood<Tenant>> {
        self.registered_slot(tenant).unwrap_or_else(|| {
            let made = || {
                let what = format!("the registry's record of tenant {tenant}");
                Ok(LastGood::counted("registry", what, self.lifetimes, Arc::new(Cooldown::default())))
            };
            let slot: Result<_, std::convert::Infallible> =
                self.unregistered.get_or_insert_with(&tenant, made);
            slot.unwrap_or_else(|never| match never {})
        })
    }

    fn registered_slot(&self, tenant: TenantId) -> Option<Arc<LastGood<Tenant>>> {
        self.registered.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned()
    }

    /// Makes sure that `tenant` is never displaced again.
    fn remember_registered(&self, tenant: TenantId, slot: &Arc<LastGood<Tenant>>) {
        if self.registered_slot(tenant).is_none() {
            let mut registered = self.registered.write().unwrap_or_else(PoisonError::into_inner);
            registered.entry(tenant).or_insert_with(|| Arc::clone(slot));
        }
    }
}

impl<S: TenantSource> SiteRegistry for CachedRegistry<S> {
    async fn sites_of(&self, tenant: TenantId, now: Timestamp) -> Result<Arc<TenantSites>, RegistryError> {
        let slot = self.slot(tenant);
        let held = slot.held().map(|(held, _)| held);
        let has_sites = held.as_ref().is_some_and(|known| !known.sites.is_empty());
        let source = Arc::clone(&self.source);
        let load = || async move {
            let fresh = held.and_then(|held| held.key_sets.fresh(now));
            Ok::<_, RegistryError>((Tenant::read(&*source, tenant, fresh, now).await?, now))
        };
        // Nobody waits for the newest record of a registered tenant; one without sites may have just got its first.
        let found = if has_sites {
            slot.find(now, |_| true, load).await
        } else {
            slot.find_fresh(now, self.lifetimes.fresh, |_| true, load).await
        };
        let known = found.map_err(|error| RegistryError(error.into()))?;
        if !known.sites.is_empty() {
            self.remember_registered(tenant, &slot);
        }
        Ok(Arc::clone(&known.sites))
    }
}

impl<S: TenantSource> KeySetMemory for CachedRegistry<S> {
    fn recall(&self, location: KeySetLocation) -> Option<StoredKeySet> {
        let (tenant, _) = self.registered_slot(location.tenant)?.held()?;
        let mut kept = tenant.key_sets.stored.iter();
        kept.find(|(version, _)| *version == location.version).map(|(_, set)| set.clone())
    }
}

impl Tenant {
    /// Reads the record of `tenant` from `source`, with its key sets unless there are `fresh` ones.
    async fn read(
        source: &impl TenantSource,
        tenant: TenantId,
        fresh: Option<KeySets>,
        now: Timestamp,
    ) -> Result<Self, RegistryError> {
        let parts = if fresh.is_some() { Parts::Sites } else { Parts::SitesAndKeySets };
        let record = source.record_of(tenant, parts).await?;
        let (sites, errors) = TenantSites::compile(tenant, &record.sites);
        for error in &errors {
            log_unreadable(tenant, error);
            metrics::record_unreadable_site(&error.site.name);
        }
        let key_sets = fresh.unwrap_or_else(|| KeySets::usable(tenant, record.key_sets, now));
        Ok(Self { sites: Arc::new(sites), key_sets })
    }
}

impl KeySets {
    /// Returns those of `stored` that are not from the future.
    fn usable(tenant: TenantId, stored: Vec<(TokenVersion, StoredKeySet)>, now: Timestamp) -> Self {
        let (stored, future): (Vec<_>, Vec<_>) =
            stored.into_iter().partition(|(_, set)| now.age_of(set.fetched).is_some());
        for (_, set) in future {
            let seconds_ahead = set.fetched.since(now).as_secs();
            tracing::warn!(%tenant, seconds_ahead, "a stored key set is from the future, so it is not used; check the clocks");
        }
        Self { stored, read: now }
    }

    /// Returns these unless they should be read again at `now`, as when there are none.
    fn fresh(&self, now: Timestamp) -> Option<Self> {
        let is_fresh = now.age_of(self.read).is_some_and(|age| age < KEY_SETS_FRESH);
        (is_fresh && !self.stored.is_empty()).then(|| self.clone())
    }
}

fn log_unreadable(tenant: TenantId, error: &SiteDocumentError) {
    tracing::error!(
        %tenant,
        site = error.site.name,
        revision = error.site.revision.0,
        previous_serves = error.previous_serves,
        reason = error.site.reason,
        problem = %error.cause,
        "a site's document cannot be used"
    );
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use uuid::Uuid;

    use super::*;
    use crate::{
        entra::Cloud,
        error::with_causes,
        revision::Revision,
        sites::documents,
        tenants::{Claims, StoredSite, TenantRecord},
    };

    /// A store that has the same record for every tenant, or is down.
    struct Store {
        record: Mutex<Result<TenantRecord, &'static str>>,
        reads: AtomicUsize,
        reads_of_key_sets: AtomicUsize,
    }

    impl TenantSource for Store {
        async fn record_of(&self, _: TenantId, parts: Parts) -> Result<TenantRecord, RegistryError> {
            let with_key_sets = parts == Parts::SitesAndKeySets;
            self.reads.fetch_add(1, Ordering::SeqCst);
            self.reads_of_key_sets.fetch_add(usize::from(with_key_sets), Ordering::SeqCst);
            tokio::task::yield_now().await;
            let record = self.record.lock().unwrap().clone().map_err(|error| RegistryError(error.into()))?;
            let key_sets = if with_key_sets { record.key_sets } else { Vec::new() };
            Ok(TenantRecord { key_sets, ..record })
        }
    }

    impl Store {
        fn reads(&self) -> usize {
            self.reads.load(Ordering::SeqCst)
        }

        fn becomes(&self, record: Result<TenantRecord, &'static str>) {
            *self.record.lock().unwrap() = record;
        }
    }

    fn registry(record: Result<TenantRecord, &'static str>) -> (Arc<Store>, CachedRegistry<Store>) {
        let store = Arc::new(Store {
            record: Mutex::new(record),
            reads: AtomicUsize::new(0),
            reads_of_key_sets: AtomicUsize::new(0),
        });
        (Arc::clone(&store), CachedRegistry::new(store, REGISTRY_LIFETIMES))
    }

    fn record(document: &str) -> TenantRecord {
        let site = StoredSite {
            name: "riverbend".into(),
            revision: Revision(1),
            document: document.into(),
            previous: None,
            claims: Claims::held_by(&documents::site()),
            edit: None,
        };
        let key_set = StoredKeySet { document: b"{}".as_slice().into(), fetched: at(0) };
        TenantRecord { sites: vec![site], key_sets: vec![(TokenVersion::V2, key_set)] }
    }

    fn own() -> TenantRecord {
        record(&documents::document())
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_seconds(1_800_000_000 + seconds)
    }

    async fn names(registry: &CachedRegistry<Store>, seconds: u64) -> Result<Vec<String>, String> {
        let sites = registry.sites_of(documents::site().tenant(), at(seconds)).await;
        let sites = sites.map_err(|error| with_causes(&error))?;
        Ok(sites.sites.iter().map(|site| site.name.to_string()).collect())
    }

    /// Lets reads in the background end.
    async fn reads_end() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn reads_a_tenant_once_a_minute_whether_registered_or_not() {
        for (record, expected) in [(own(), vec!["riverbend".to_owned()]), (TenantRecord::default(), vec![])] {
            let (store, registry) = registry(Ok(record));
            for seconds in [0, 1, 59, 60, 119] {
                assert_eq!(names(&registry, seconds).await, Ok(expected.clone()));
                reads_end().await;
            }
            assert_eq!(store.reads(), 2);
        }
    }

    #[tokio::test]
    async fn sees_a_new_site_within_a_minute_and_a_removed_one_then_when_asked_twice() {
        let (store, registry) = registry(Ok(TenantRecord::default()));
        assert!(names(&registry, 0).await.unwrap().is_empty());
        store.becomes(Ok(own()));
        assert_eq!(names(&registry, 60).await.unwrap(), ["riverbend"]);
        store.becomes(Ok(TenantRecord::default()));
        assert_eq!(names(&registry, 120).await.unwrap(), ["riverbend"]);
        reads_end().await;
        assert!(names(&registry, 120).await.unwrap().is_empty());
        store.becomes(Ok(own()));
        assert_eq!(
            names(&registry, 180).await.unwrap(),
            ["riverbend"],
            "nobody without sites has to ask twice"
        );
    }

    #[tokio::test]
    async fn nobody_waits_for_a_record_of_up_to_a_quarter_of_an_hour_and_everybody_for_an_older_one() {
        let (store, _) = registry(Ok(own()));
        for (seconds, waits) in [(60, false), (899, false), (900, true)] {
            let registry = CachedRegistry::new(Arc::clone(&store), REGISTRY_LIFETIMES);
            store.becomes(Ok(own()));
            names(&registry, 0).await.unwrap();
            store.becomes(Ok(TenantRecord::default()));
            let reads = store.reads();
            for _ in 0..10 {
                assert_eq!(names(&registry, seconds).await.unwrap().is_empty(), waits, "after {seconds} s");
            }
            reads_end().await;
            assert_eq!(store.reads(), reads + 1, "after {seconds} s");
            assert!(names(&registry, seconds).await.unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn survives_an_outage_of_half_a_day_and_no_longer() {
        const HALF_A_DAY: u64 = 12 * 3_600;
        let (store, registry) = registry(Ok(own()));
        names(&registry, 0).await.unwrap();
        store.becomes(Err("down"));
        for seconds in [60, 3_600, HALF_A_DAY - 1] {
            assert!(names(&registry, seconds).await.is_ok(), "after {seconds} s");
            reads_end().await;
        }
        assert!(names(&registry, HALF_A_DAY).await.is_err());
        store.becomes(Ok(own()));
        assert!(names(&registry, HALF_A_DAY + 1).await.is_ok());
    }

    #[tokio::test]
    async fn asks_a_store_that_is_down_at_start_again_after_a_second() {
        let (store, registry) = registry(Err("down"));
        assert!(names(&registry, 0).await.is_err());
        assert!(names(&registry, 0).await.is_err());
        assert_eq!(store.reads(), 1);
        store.becomes(Ok(own()));
        assert!(names(&registry, 1).await.is_ok());
    }

    #[tokio::test]
    async fn many_callers_at_once_share_one_read() {
        let (store, registry) = registry(Ok(own()));
        let registry = Arc::new(registry);
        let mut crowd = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let registry = Arc::clone(&registry);
            crowd.spawn(async move { names(&registry, 0).await.is_ok() });
        }
        assert!(crowd.join_all().await.into_iter().all(|served| served));
        assert_eq!(store.reads(), 1);
    }

    #[tokio::test]
    async fn unregistered_tenants_are_bounded_and_never_displace_a_registered_one() {
        let (store, registry) = registry(Ok(own()));
        names(&registry, 0).await.unwrap();
        store.becomes(Ok(TenantRecord::default()));
        for _ in 0..3 * MAX_UNREGISTERED {
            registry.sites_of(TenantId::new(Uuid::new_v4()), at(1)).await.unwrap();
        }
        assert!(registry.unregistered.len() <= MAX_UNREGISTERED);
        assert_eq!(registry.registered.read().unwrap().len(), 1);
        let reads = store.reads();
        assert_eq!(names(&registry, 2).await.unwrap(), ["riverbend"]);
        assert_eq!(store.reads(), reads);
    }

    #[tokio::test]
    async fn recalls_the_key_sets_of_registered_tenants_only() {
        let (store, registry) = registry(Ok(own()));
        let tenant = documents::site().tenant();
        let location = |version| KeySetLocation { cloud: Cloud::Public, tenant, version };
        assert_eq!(registry.recall(location(TokenVersion::V2)), None, "nothing has been read yet");
        names(&registry, 0).await.unwrap();
        assert_eq!(registry.recall(location(TokenVersion::V2)).unwrap().fetched, at(0));
        assert_eq!(registry.recall(location(TokenVersion::V1)), None);
        let unregistered = TenantId::new(Uuid::nil());
        store.becomes(Ok(TenantRecord { sites: vec![], ..own() }));
        registry.sites_of(unregistered, at(0)).await.unwrap();
        let elsewhere = KeySetLocation { tenant: unregistered, ..location(TokenVersion::V2) };
        assert_eq!(registry.recall(elsewhere), None);
        assert_eq!(store.reads(), 2);
    }

    #[tokio::test]
    async fn reads_key_sets_once_in_a_quarter_of_an_hour_and_every_time_while_there_are_none() {
        let none = TenantRecord { key_sets: vec![], ..own() };
        for (record, expected) in [(own(), 2), (none, 30)] {
            let (store, registry) = registry(Ok(record));
            let location = KeySetLocation {
                cloud: Cloud::Public,
                tenant: documents::site().tenant(),
                version: TokenVersion::V2,
            };
            for minute in 0..30 {
                names(&registry, minute * 60).await.unwrap();
                reads_end().await;
                assert_eq!(registry.recall(location).is_some(), expected == 2, "after {minute} min");
            }
            assert_eq!(store.reads(), 30);
            assert_eq!(store.reads_of_key_sets.load(Ordering::SeqCst), expected);
        }
    }

    #[tokio::test]
    async fn key_sets_that_are_stored_anew_are_known_with_the_first_read_after_a_quarter_of_an_hour() {
        let (store, registry) = registry(Ok(own()));
        let tenant = documents::site().tenant();
        let location = KeySetLocation { cloud: Cloud::Public, tenant, version: TokenVersion::V2 };
        names(&registry, 0).await.unwrap();
        let mut next = own();
        next.key_sets[0].1.fetched = at(60);
        store.becomes(Ok(next));
        for (seconds, fetched) in [(60, 0), (899, 0), (959, 60)] {
            names(&registry, seconds).await.unwrap();
            reads_end().await;
            assert_eq!(registry.recall(location).unwrap().fetched, at(fetched), "after {seconds} s");
        }
    }

    #[tokio::test]
    async fn a_stored_key_set_from_the_future_is_not_used() {
        let (store, _) = registry(Ok(own()));
        let tenant = documents::site().tenant();
        let location = KeySetLocation { cloud: Cloud::Public, tenant, version: TokenVersion::V2 };
        for (seconds_ahead, used) in [(61, false), (365 * 86_400, false), (60, true)] {
            let mut record = own();
            record.key_sets[0].1.fetched = at(seconds_ahead);
            store.becomes(Ok(record));
            let registry = CachedRegistry::new(Arc::clone(&store), REGISTRY_LIFETIMES);
            names(&registry, 0).await.unwrap();
            assert_eq!(registry.recall(location).is_some(), used, "{seconds_ahead} s ahead");
        }
    }
}
