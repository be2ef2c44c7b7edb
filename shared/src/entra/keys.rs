//! The keys of every registered tenant, kept through Entra's rollovers and outages.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use super::{
    Cloud, EntraKey, KeySet, KeySetFetch, KeySetLocation, KeySetMemory, NotAKeySet, StoredKeySet,
    SubjectRefusal, TokenVersion,
};
use crate::{
    fetch::FetchError,
    identifiers::TenantId,
    last_good::{Cooldown, LastGood, LastGoodError, Lifetimes},
    metrics,
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
pub struct TenantKeys<F, M = NothingKept> {
    fetch: Arc<F>,
    memory: M,
    lifetimes: Lifetimes,
    tenants: RwLock<HashMap<(Cloud, TenantId), Arc<Slots>>>,
}

/// The memory of a service beside which nobody else fetches key sets.
#[derive(Debug, Clone, Copy, Default)]
pub struct NothingKept;

impl KeySetMemory for NothingKept {
    fn recall(&self, _: KeySetLocation) -> Option<StoredKeySet> {
        None
    }
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
        Self::recalling(fetch, NothingKept, lifetimes)
    }
}

impl<F: KeySetFetch, M: KeySetMemory> TenantKeys<F, M> {
    /// As [`TenantKeys::new`], and before it fetches looks for what `memory` has.
    pub fn recalling(fetch: F, memory: M, lifetimes: Lifetimes) -> Self {
        Self { fetch: Arc::new(fetch), memory, lifetimes, tenants: RwLock::default() }
    }

    /// The key `key_id` of the set at `location`, fetched where that is due.
    ///
    /// Refuses with [`SubjectRefusal::UnknownKey`] when the newest set that may be had lacks it, and with
    /// [`SubjectRefusal::KeysUnavailable`] when the tenant does not answer.
    pub async fn find(
        &self,
        location: KeySetLocation,
        key_id: &str,
        now: Timestamp,
    ) -> Result<Arc<EntraKey>, SubjectRefusal> {
        let slot = self.slot(location);
        let wanted = key_id.to_owned();
        let has_it = move |set: &KeySet| set.key(&wanted).is_some();
        let fetch = Arc::clone(&self.fetch);
        let load = || {
            let held = slot.held().is_some_and(|(set, _)| set.key(key_id).is_some());
            let kept = self.kept(location, now).filter(|(set, _)| set.key(key_id).is_some());
            obtain(fetch, location, kept, held, self.lifetimes, now)
        };
        let found = slot.find(now, has_it, load).await;
        let unknown = |retry_after| SubjectRefusal::UnknownKey {
            key_id: key_id.chars().take(100).collect(),
            retry_after,
        };
        match found {
            Ok(set) => set.key(key_id).cloned().ok_or_else(|| unknown(None)),
            Err(LastGoodError::Missing { retry_after }) => Err(unknown(retry_after)),
            Err(LastGoodError::Unavailable { retry_after }) => {
                Err(SubjectRefusal::KeysUnavailable { retry_after })
            }
        }
    }

    /// The kept key set at `location`, unless it is no longer to be used. One from the future was kept by a clock that
    /// was wrong, and nobody knows how old it is.
    fn kept(&self, location: KeySetLocation, now: Timestamp) -> Option<(KeySet, Timestamp)> {
        let StoredKeySet { document, fetched } = self.memory.recall(location)?;
        let usable =
            now.since(fetched) < self.lifetimes.keep && fetched.since(now) <= self.lifetimes.cooldown;
        usable.then(|| KeySet::parse(&document).ok()).flatten().map(|set| (set, fetched))
    }

    fn slot(&self, location: KeySetLocation) -> Arc<LastGood<KeySet>> {
        let owner = (location.cloud, location.tenant);
        let known = self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(&owner).cloned();
        let slots = known.unwrap_or_else(|| {
            let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
            let slots = || Arc::new(Slots::new(location.tenant, self.lifetimes));
            Arc::clone(tenants.entry(owner).or_insert_with(slots))
        });
        match location.version {
            TokenVersion::V1 => Arc::clone(&slots.v1),
            TokenVersion::V2 => Arc::clone(&slots.v2),
        }
    }
}

/// The key set at `location`, and since when it is known: the `kept` one while it is fresh, else a new one. In an outage
/// the kept one after all, unless the caller holds a set that will do (`held`): then the failure counts, and starts the
/// pause before Entra is asked again.
async fn obtain<F: KeySetFetch>(
    fetch: Arc<F>,
    location: KeySetLocation,
    kept: Option<(KeySet, Timestamp)>,
    held: bool,
    lifetimes: Lifetimes,
    now: Timestamp,
) -> Result<(KeySet, Timestamp), Problem> {
    let fresh = |fetched: &Timestamp| now.since(*fetched) < lifetimes.fresh;
    if let Some((set, fetched)) = kept.as_ref().filter(|(_, fetched)| fresh(fetched)) {
        return Ok((set.clone(), *fetched));
    }
    match fetch.fetch(location).await {
        Ok(document) => Ok((KeySet::parse(&document)?, now)),
        Err(problem) => {
            metrics::entra_was_unreachable();
            kept.filter(|_| !held).ok_or(Problem::Fetch(problem))
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

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        sync::Mutex,
        task::{Context, Waker},
    };

    use tokio::sync::Semaphore;

    use super::*;
    use crate::entra::signed::{SOMEBODY_ELSES, TENANTS_OWN, location, now};

    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;

    /// Answers from a script, the last line for ever. Where there is a gate, the tests' own tenant waits at it first.
    struct Script {
        answers: Mutex<VecDeque<Answer>>,
        asked: Mutex<Vec<KeySetLocation>>,
        gate: Option<Semaphore>,
    }

    impl KeySetFetch for Arc<Script> {
        async fn fetch(&self, location: KeySetLocation) -> Result<Vec<u8>, FetchError> {
            self.asked.lock().unwrap().push(location);
            let gate = self.gate.as_ref().filter(|_| location.tenant == own_tenant());
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            let answer = self.next();
            answer()
        }
    }

    type Answer = fn() -> Result<Vec<u8>, FetchError>;

    const OWN: Answer = || Ok(TENANTS_OWN.document(None));
    const ELSE: Answer = || Ok(SOMEBODY_ELSES.document(None));
    const DOWN: Answer = || Err(FetchError::Status(503));
    const RUBBISH: Answer = || Ok(b"<html>".to_vec());

    fn script<const N: usize>(answers: [Answer; N]) -> (Arc<Script>, TenantKeys<Arc<Script>>) {
        gated(answers, None)
    }

    fn gated<const N: usize>(
        answers: [Answer; N],
        gate: Option<Semaphore>,
    ) -> (Arc<Script>, TenantKeys<Arc<Script>>) {
        let script = Arc::new(Script { answers: Mutex::new(answers.into()), asked: Mutex::default(), gate });
        (Arc::clone(&script), TenantKeys::new(script, KEY_LIFETIMES))
    }

    impl Script {
        fn next(&self) -> Answer {
            let mut answers = self.answers.lock().unwrap();
            let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().copied() };
            answer.unwrap()
        }

        fn asked(&self) -> usize {
            self.asked.lock().unwrap().len()
        }
    }

    fn own_tenant() -> TenantId {
        location(V1).tenant
    }

    fn after(seconds: u64) -> Timestamp {
        now().plus(Duration::from_secs(seconds))
    }

    const V1: TokenVersion = TokenVersion::V1;
    const V2: TokenVersion = TokenVersion::V2;

    #[tokio::test]
    async fn a_set_is_fetched_once_an_hour() {
        let (script, keys) = script([OWN]);
        for seconds in [0, 1, HOUR - 1] {
            assert!(keys.find(location(V1), TENANTS_OWN.id, after(seconds)).await.is_ok());
        }
        assert_eq!(*script.asked.lock().unwrap(), [location(V1)]);
        assert!(keys.find(location(V1), TENANTS_OWN.id, after(HOUR)).await.is_ok());
        assert_eq!(script.asked(), 2);
    }

    #[tokio::test]
    async fn every_tenant_and_version_has_a_set_of_its_own() {
        let (script, keys) = script([OWN]);
        let another = KeySetLocation { tenant: TenantId::new(uuid::Uuid::from_u128(7)), ..location(V1) };
        let all = [location(V1), location(V2), another];
        for place in all.into_iter().chain(all) {
            assert!(keys.find(place, TENANTS_OWN.id, now()).await.is_ok());
        }
        assert_eq!(*script.asked.lock().unwrap(), all);
    }

    #[tokio::test]
    async fn a_key_that_was_rolled_in_is_found_at_once() {
        let (script, keys) = script([OWN, ELSE]);
        assert!(keys.find(location(V1), TENANTS_OWN.id, now()).await.is_ok());
        assert!(keys.find(location(V1), SOMEBODY_ELSES.id, after(1)).await.is_ok());
        assert_eq!(script.asked(), 2);
    }

    #[tokio::test]
    async fn an_unknown_key_is_asked_for_once_in_five_minutes_whichever_version_names_it() {
        let (script, keys) = script([OWN]);
        for version in [V1, V2] {
            assert!(keys.find(location(version), TENANTS_OWN.id, now()).await.is_ok());
        }
        let unknown = |retry_after| SubjectRefusal::UnknownKey { key_id: "made up".into(), retry_after };
        let asked = keys.find(location(V1), "made up", now()).await.unwrap_err();
        assert_eq!(asked, unknown(None), "the tenant was asked, and has no such key");
        for seconds in 0..5 * MINUTE {
            for version in [V1, V2] {
                let found = keys.find(location(version), "made up", after(seconds)).await.unwrap_err();
                assert_eq!(found, unknown(Some(Duration::from_secs(5 * MINUTE - seconds))));
            }
        }
        assert_eq!(script.asked(), 2 + 1);
        assert!(keys.find(location(V2), "made up", after(5 * MINUTE)).await.is_err());
        assert_eq!(script.asked(), 2 + 2);
    }

    #[tokio::test]
    async fn a_tenant_of_the_same_id_in_another_cloud_has_keys_of_its_own() {
        let (script, keys) = script([OWN]);
        for cloud in [Cloud::Public, Cloud::China, Cloud::UsGovernment] {
            assert!(keys.find(KeySetLocation { cloud, ..location(V1) }, TENANTS_OWN.id, now()).await.is_ok());
        }
        assert_eq!(script.asked(), 3);
    }

    #[tokio::test]
    async fn an_endless_key_id_is_shortened_for_the_log() {
        let (_, keys) = script([OWN]);
        let found = keys.find(location(V1), &"é".repeat(5_000), now()).await.unwrap_err();
        assert_eq!(found, SubjectRefusal::UnknownKey { key_id: "é".repeat(100), retry_after: None });
    }

    #[tokio::test]
    async fn the_last_good_set_serves_for_a_day_of_outage_or_of_rubbish() {
        for trouble in [DOWN, RUBBISH] {
            let (script, keys) = script([OWN, trouble]);
            assert!(keys.find(location(V1), TENANTS_OWN.id, now()).await.is_ok());
            for minutes in 60..24 * 60 {
                assert!(keys.find(location(V1), TENANTS_OWN.id, after(minutes * MINUTE)).await.is_ok());
            }
            assert_eq!(script.asked(), 1 + 23 * 12, "once in five minutes after the first hour");
            let found = keys.find(location(V1), TENANTS_OWN.id, after(24 * HOUR)).await.unwrap_err();
            assert!(matches!(found, SubjectRefusal::KeysUnavailable { .. }), "{found:?}");
        }
    }

    #[tokio::test]
    async fn every_failure_of_a_first_fetch_says_when_to_come_back_and_is_not_repeated_before() {
        let failures: [Answer; 5] = [
            DOWN,
            RUBBISH,
            || Err(FetchError::NoAnswer("timed out".into())),
            || Err(FetchError::TooLarge(1)),
            || panic!("a fetch that panics is a failure like any other"),
        ];
        for failure in failures {
            let (script, keys) = script([failure, OWN]);
            for (seconds, left) in [(0, 300), (1, 299), (299, 1)] {
                let found = keys.find(location(V1), TENANTS_OWN.id, after(seconds)).await.unwrap_err();
                let retry_after = Duration::from_secs(left);
                assert_eq!(found, SubjectRefusal::KeysUnavailable { retry_after });
            }
            assert_eq!(script.asked(), 1);
            assert!(keys.find(location(V1), TENANTS_OWN.id, after(300)).await.is_ok());
        }
    }

    #[tokio::test]
    async fn a_crowd_waits_for_one_fetch() {
        let (script, keys) = gated([OWN], Some(Semaphore::new(0)));
        let keys = Arc::new(keys);
        let crowd: Vec<_> = (0..200)
            .map(|_| {
                let keys = Arc::clone(&keys);
                tokio::spawn(async move { keys.find(location(V1), TENANTS_OWN.id, now()).await.is_ok() })
            })
            .collect();
        while script.asked() == 0 {
            tokio::task::yield_now().await;
        }
        script.gate.as_ref().unwrap().add_permits(1);
        for one in crowd {
            assert!(one.await.unwrap());
        }
        assert_eq!(script.asked(), 1);
    }

    #[tokio::test]
    async fn a_slow_tenant_keeps_no_other_waiting() {
        let (script, keys) = gated([OWN], Some(Semaphore::new(0)));
        let mut slow = Box::pin(keys.find(location(V1), TENANTS_OWN.id, now()));
        while script.asked() == 0 {
            assert!(slow.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            tokio::task::yield_now().await;
        }
        let another = KeySetLocation { tenant: TenantId::new(uuid::Uuid::from_u128(7)), ..location(V1) };
        assert!(keys.find(another, TENANTS_OWN.id, now()).await.is_ok());
        assert!(slow.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        script.gate.as_ref().unwrap().add_permits(1);
        assert!(slow.await.is_ok());
    }

    #[tokio::test]
    async fn while_a_stale_set_is_renewed_everybody_else_goes_on_with_it() {
        let (script, keys) = gated([OWN], Some(Semaphore::new(1)));
        assert!(keys.find(location(V1), TENANTS_OWN.id, now()).await.is_ok());
        let mut renewing = Box::pin(keys.find(location(V1), TENANTS_OWN.id, after(2 * HOUR)));
        while script.asked() == 1 {
            assert!(renewing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            tokio::task::yield_now().await;
        }
        for _ in 0..10 {
            assert!(keys.find(location(V1), TENANTS_OWN.id, after(2 * HOUR)).await.is_ok());
        }
        assert_eq!(script.asked(), 2);
        script.gate.as_ref().unwrap().add_permits(1);
        assert!(renewing.await.is_ok());
    }
}
