//! The registry that many machines share, as one machine sees it: read tenant by tenant when somebody asks, kept through
//! its store's outages, and no larger than the tenants that there are.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use quick_cache::sync::Cache;

use super::{DocumentFault, RegistryUnavailable, SiteRegistry, TenantRecord, TenantSites, TenantSource};
use crate::{
    entra::{KeySetLocation, KeySetMemory, StoredKeySet, TokenVersion},
    identifiers::TenantId,
    last_good::{Cooldown, LastGood, Lifetimes},
    metrics,
    timestamp::Timestamp,
};

/// How long a tenant's record is used, and that it has none as well. The pause is short: nothing but our own store is
/// asked, and whoever comes back after it is tried again.
pub const REGISTRY_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_mins(1),
    keep: Duration::from_hours(12),
    cooldown: Duration::from_secs(1),
};

/// How many tenants that are not registered are remembered. Anybody can make them up: one that was forgotten costs a
/// read, and no registered tenant is ever forgotten for their sake.
const UNREGISTERED: usize = 4_096;

/// A registry that is read through `S`.
#[derive(Debug)]
pub struct CachedRegistry<S> {
    source: Arc<S>,
    lifetimes: Lifetimes,
    registered: RwLock<HashMap<TenantId, Arc<LastGood<Tenant>>>>,
    unregistered: Cache<TenantId, Arc<LastGood<Tenant>>>,
}

/// A record, compiled.
#[derive(Debug)]
struct Tenant {
    sites: Arc<TenantSites>,
    key_sets: Vec<(TokenVersion, StoredKeySet)>,
}

impl<S: TenantSource> CachedRegistry<S> {
    /// Holds nothing yet; keeps records for `lifetimes` ([`REGISTRY_LIFETIMES`] but in tests).
    pub fn new(source: Arc<S>, lifetimes: Lifetimes) -> Self {
        Self { source, lifetimes, registered: RwLock::default(), unregistered: Cache::new(UNREGISTERED) }
    }

    fn slot(&self, tenant: TenantId) -> Arc<LastGood<Tenant>> {
        self.registered_slot(tenant).unwrap_or_else(|| {
            let made = || {
                let what = format!("the registry's record of tenant {tenant}");
                Ok(LastGood::new(what, self.lifetimes, Arc::new(Cooldown::default())))
            };
            let slot: Result<_, std::convert::Infallible> =
                self.unregistered.get_or_insert_with(&tenant, made);
            slot.unwrap_or_else(|never| match never {})
        })
    }

    fn registered_slot(&self, tenant: TenantId) -> Option<Arc<LastGood<Tenant>>> {
        self.registered.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned()
    }

    /// From now on `tenant` is remembered for good.
    fn remember_registered(&self, tenant: TenantId, slot: &Arc<LastGood<Tenant>>) {
        if self.registered_slot(tenant).is_none() {
            let mut registered = self.registered.write().unwrap_or_else(PoisonError::into_inner);
            registered.entry(tenant).or_insert_with(|| Arc::clone(slot));
        }
    }
}

impl<S: TenantSource> SiteRegistry for CachedRegistry<S> {
    async fn sites_of(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Arc<TenantSites>, RegistryUnavailable> {
        let slot = self.slot(tenant);
        let source = Arc::clone(&self.source);
        let load = || async move {
            let record = source.record_of(tenant).await?;
            Ok::<_, RegistryUnavailable>((Tenant::compile(tenant, record), now))
        };
        let found = slot.find(now, |_| true, load).await;
        let known = found.map_err(|unavailable| RegistryUnavailable(unavailable.to_string()))?;
        if !known.sites.is_empty() {
            self.remember_registered(tenant, &slot);
        }
        Ok(Arc::clone(&known.sites))
    }
}

impl<S: TenantSource> KeySetMemory for CachedRegistry<S> {
    fn recall(&self, location: KeySetLocation) -> Option<StoredKeySet> {
        let (tenant, _) = self.registered_slot(location.tenant)?.held()?;
        let mut kept = tenant.key_sets.iter();
        kept.find(|(version, _)| *version == location.version).map(|(_, set)| set.clone())
    }
}

impl Tenant {
    fn compile(tenant: TenantId, record: TenantRecord) -> Self {
        let (sites, faults) = TenantSites::compile(tenant, &record.sites);
        for fault in &faults {
            log_fault(tenant, fault);
        }
        metrics::record_unreadable_sites(faults.len());
        Self { sites: Arc::new(sites), key_sets: record.key_sets }
    }
}

fn log_fault(tenant: TenantId, fault: &DocumentFault) {
    let problems: Vec<_> = fault.problems.iter().map(ToString::to_string).collect();
    tracing::error!(
        %tenant,
        site = fault.site.name,
        revision = fault.site.revision.0,
        previous_serves = fault.previous_serves,
        problem = problems.join("\n"),
        "a site's document cannot be read"
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
        sites::documents,
        tenants::{SiteRevision, StoredSite},
    };

    /// A store that has one record, whoever asks, or none, or is out of reach.
    struct Store {
        record: Mutex<Result<TenantRecord, &'static str>>,
        reads: AtomicUsize,
    }

    impl TenantSource for Store {
        async fn record_of(&self, _: TenantId) -> Result<TenantRecord, RegistryUnavailable> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            let record = self.record.lock().unwrap().clone();
            record.map_err(|problem| RegistryUnavailable(problem.into()))
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
        let store = Arc::new(Store { record: Mutex::new(record), reads: AtomicUsize::new(0) });
        (Arc::clone(&store), CachedRegistry::new(store, REGISTRY_LIFETIMES))
    }

    fn record(document: &str) -> TenantRecord {
        let site = StoredSite {
            name: "riverbend".into(),
            revision: SiteRevision(1),
            document: document.into(),
            previous: None,
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

    async fn names(
        registry: &CachedRegistry<Store>,
        seconds: u64,
    ) -> Result<Vec<String>, RegistryUnavailable> {
        let sites = registry.sites_of(documents::site().tenant(), at(seconds)).await?;
        Ok(sites.sites.iter().map(|site| site.name.to_string()).collect())
    }

    #[tokio::test]
    async fn a_tenant_is_read_once_a_minute_and_a_stranger_too() {
        for (record, expected) in [(own(), vec!["riverbend".to_owned()]), (TenantRecord::default(), vec![])] {
            let (store, registry) = registry(Ok(record));
            for seconds in [0, 1, 59, 60, 119] {
                assert_eq!(names(&registry, seconds).await, Ok(expected.clone()));
            }
            assert_eq!(store.reads(), 2);
        }
    }

    #[tokio::test]
    async fn a_site_that_is_registered_is_seen_within_a_minute_and_one_that_is_removed_too() {
        let (store, registry) = registry(Ok(TenantRecord::default()));
        assert!(names(&registry, 0).await.unwrap().is_empty());
        store.becomes(Ok(own()));
        assert_eq!(names(&registry, 60).await.unwrap(), ["riverbend"]);
        store.becomes(Ok(TenantRecord::default()));
        assert!(names(&registry, 120).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn an_outage_of_half_a_day_is_not_noticed_and_a_longer_one_is() {
        const HALF_A_DAY: u64 = 12 * 3_600;
        let (store, registry) = registry(Ok(own()));
        names(&registry, 0).await.unwrap();
        store.becomes(Err("down"));
        for seconds in [60, 3_600, HALF_A_DAY - 1] {
            assert!(names(&registry, seconds).await.is_ok(), "after {seconds} s");
        }
        assert!(names(&registry, HALF_A_DAY).await.is_err());
        store.becomes(Ok(own()));
        assert!(names(&registry, HALF_A_DAY + 1).await.is_ok());
    }

    #[tokio::test]
    async fn a_store_that_is_down_at_start_is_asked_again_a_second_later() {
        let (store, registry) = registry(Err("down"));
        assert!(names(&registry, 0).await.is_err());
        assert!(names(&registry, 0).await.is_err());
        assert_eq!(store.reads(), 1);
        store.becomes(Ok(own()));
        assert!(names(&registry, 1).await.is_ok());
    }

    #[tokio::test]
    async fn a_crowd_causes_one_read() {
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
    async fn unregistered_tenants_are_forgotten_before_they_fill_the_memory_and_never_push_a_registered_one_out()
     {
        let (store, registry) = registry(Ok(own()));
        names(&registry, 0).await.unwrap();
        store.becomes(Ok(TenantRecord::default()));
        for _ in 0..3 * UNREGISTERED {
            registry.sites_of(TenantId::new(Uuid::new_v4()), at(1)).await.unwrap();
        }
        assert!(registry.unregistered.len() <= UNREGISTERED);
        assert_eq!(registry.registered.read().unwrap().len(), 1);
        let reads = store.reads();
        assert_eq!(names(&registry, 2).await.unwrap(), ["riverbend"]);
        assert_eq!(store.reads(), reads);
    }

    #[tokio::test]
    async fn the_key_sets_of_a_registered_tenant_come_along_and_no_others() {
        let (store, registry) = registry(Ok(own()));
        let tenant = documents::site().tenant();
        let location = |version| KeySetLocation { cloud: Cloud::Public, tenant, version };
        assert_eq!(registry.recall(location(TokenVersion::V2)), None, "nothing was read yet");
        names(&registry, 0).await.unwrap();
        assert_eq!(registry.recall(location(TokenVersion::V2)).unwrap().fetched, at(0));
        assert_eq!(registry.recall(location(TokenVersion::V1)), None);
        let stranger = TenantId::new(Uuid::nil());
        store.becomes(Ok(TenantRecord { sites: vec![], ..own() }));
        registry.sites_of(stranger, at(0)).await.unwrap();
        let elsewhere = KeySetLocation { tenant: stranger, ..location(TokenVersion::V2) };
        assert_eq!(registry.recall(elsewhere), None);
        assert_eq!(store.reads(), 2);
    }
}
