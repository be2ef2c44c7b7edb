//! A cache of every registered tenant's keys, which follows Entra's rollovers and survives its outages.
//!
//! Each call first looks at the set in the [memory](KeySetMemory), whatever pause is running: if it is newer than the held
//! one, it becomes the held one. One that is unreadable, older than `keep`, or from the future is ignored. Then
//! [`LastGood`] decides whether to fetch. A fetch that fails for a reason that may pass at once is tried once more before it
//! counts as failed. By the held set (*usable*: younger than `keep` and not from the future), the pause that is running, and
//! the result of the fetch:
//!
//! | held | pause | fetch | answer | next pause |
//! | --- | --- | --- | --- | --- |
//! | fresh, with the key | any | - | the key | as before |
//! | stale, with the key | after a failure | - | the key | as before |
//! | stale, with the key | none, or unknown key | brings the key | the key | as before |
//! | stale, with the key | none, or unknown key | lacks the key | unknown key | unknown key, 5 min |
//! | stale, with the key | none, or unknown key | fails | the key | after a failure, 5 min |
//! | usable, without the key | after a failure | - | keys unavailable, for the rest | as before |
//! | usable, without the key | unknown key | - | unknown key, for the rest | as before |
//! | usable, without the key | none | brings the key | the key | none |
//! | usable, without the key | none | lacks the key | unknown key | unknown key, 5 min |
//! | usable, without the key | none | fails | keys unavailable, for 5 min | after a failure, 5 min |
//! | nothing usable | after a failure | - | keys unavailable, for the rest | as before |
//! | nothing usable | none, or unknown key | brings the key | the key | as before |
//! | nothing usable | none, or unknown key | lacks the key | unknown key | unknown key, 5 min |
//! | nothing usable | none, or unknown key | fails | keys unavailable, for 5 s | after a failure, 5 s, then 10, 20, 40, 60 |
//!
//! The pause after an unknown key is the tenant's, for the key sets of both token versions; that after a failure is one key
//! set's. The first fetch of a set waits for no unknown key.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use super::{
    Cloud, EntraKey, EntraKeySet, EntraKeySetError, KeySetFetch, KeySetLocation, KeySetMemory, StoredKeySet,
    SubjectRefusal, TokenVersion,
};
use crate::{
    fetch::FetchError,
    identifiers::TenantId,
    last_good::{Cooldown, LastGood, LastGoodError, Lifetimes},
    metrics,
    timestamp::Timestamp,
};

/// How long key sets are kept. Microsoft publishes new keys before they sign, without a schedule, and asks verifiers to
/// fetch about daily and whenever a key id is unknown.
/// Source: <https://learn.microsoft.com/entra/identity-platform/signing-key-rollover>.
pub const KEY_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_hours(1),
    background: Duration::ZERO,
    keep: Duration::from_hours(24),
    cooldown: Duration::from_mins(5),
};

/// The key sets fetched through `F`, by tenant and token version. Callers ask for registered tenants only, so there are
/// no more entries than registered tenants.
#[derive(Debug)]
pub struct TenantKeys<F, M = NoKeySetMemory> {
    fetch: Arc<F>,
    memory: M,
    lifetimes: Lifetimes,
    tenants: RwLock<HashMap<(Cloud, TenantId), Arc<Slots>>>,
}

/// An empty memory, for a service that is the only one to fetch key sets.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKeySetMemory;

impl KeySetMemory for NoKeySetMemory {
    fn recall(&self, _: KeySetLocation) -> Option<StoredKeySet> {
        None
    }
}

/// The two key sets of one tenant, which share the pause after a fetch for an unknown key.
#[derive(Debug)]
struct Slots {
    v1: Arc<LastGood<EntraKeySet>>,
    v2: Arc<LastGood<EntraKeySet>>,
}

#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Parse(#[from] EntraKeySetError),
}

impl<F: KeySetFetch> TenantKeys<F> {
    /// Returns an empty cache that fetches with `fetch` and keeps for `lifetimes` ([`KEY_LIFETIMES`] except in tests).
    pub fn new(fetch: F, lifetimes: Lifetimes) -> Self {
        Self::with_memory(fetch, NoKeySetMemory, lifetimes)
    }
}

impl<F: KeySetFetch, M: KeySetMemory> TenantKeys<F, M> {
    /// As [`TenantKeys::new`], but looks in `memory` before it fetches.
    pub fn with_memory(fetch: F, memory: M, lifetimes: Lifetimes) -> Self {
        Self { fetch: Arc::new(fetch), memory, lifetimes, tenants: RwLock::default() }
    }

    /// Returns the key `key_id` of the set at `location`, which is fetched if that is due.
    ///
    /// Fails with [`SubjectRefusal::UnknownKey`] if the newest set available lacks the key, and with
    /// [`SubjectRefusal::KeysUnavailable`] if no set is available.
    pub async fn find(
        &self,
        location: KeySetLocation,
        key_id: &str,
        now: Timestamp,
    ) -> Result<Arc<EntraKey>, SubjectRefusal> {
        let slot = self.slot(location);
        self.take_over_newer(&slot, location, now);
        let wanted = key_id.to_owned();
        let has_key = move |set: &EntraKeySet| set.key(&wanted).is_some();
        let load = || obtain(Arc::clone(&self.fetch), location, now);
        let found = slot.find(now, has_key, load).await;
        let unknown = |retry_after| SubjectRefusal::UnknownKey {
            key_id: key_id.chars().take(100).collect(),
            published: slot.held().map(|(set, _)| set.ids()).unwrap_or_default(),
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

    /// Takes over the set in the memory if it is newer than the held one. A failure to read it is the concern of the program
    /// that stored it.
    fn take_over_newer(&self, slot: &LastGood<EntraKeySet>, location: KeySetLocation, now: Timestamp) {
        let stored = self.memory.recall(location).filter(|stored| slot.lacks(stored.fetched, now));
        let Some(StoredKeySet { document, fetched }) = stored else { return };
        if let Ok(set) = EntraKeySet::parse(&document, location.cloud) {
            slot.remember(set, fetched, now);
        }
    }

    fn slot(&self, location: KeySetLocation) -> Arc<LastGood<EntraKeySet>> {
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

/// Returns the key set at `location` and when it was fetched. A failure that may pass at once is tried once more.
async fn obtain<F: KeySetFetch>(
    fetch: Arc<F>,
    location: KeySetLocation,
    now: Timestamp,
) -> Result<(EntraKeySet, Timestamp), LoadError> {
    let fetched = match fetch.fetch(location).await {
        Err(error) if error.may_pass_at_once() => fetch.fetch(location).await,
        done => done,
    };
    metrics::record_entra_fetch(fetched.is_err());
    let document = fetched?;
    Ok((EntraKeySet::parse(&document, location.cloud)?, now))
}

impl Slots {
    fn new(tenant: TenantId, lifetimes: Lifetimes) -> Self {
        let pause = Arc::new(Cooldown::default());
        let slot = |version| {
            LastGood::counted(
                "entra_keys",
                format!("the Entra keys ({version}) of tenant {tenant}"),
                lifetimes,
                Arc::clone(&pause),
            )
        };
        Self { v1: slot("1.0"), v2: slot("2.0") }
    }
}

#[cfg(test)]
mod table;

#[cfg(test)]
mod tests {
    use std::{
        collections::VecDeque,
        sync::Mutex,
        task::{Context, Waker},
    };

    use tokio::sync::Semaphore;

    use super::*;
    use crate::entra::signed::{OTHER_KEY, TENANT_KEY, location, now};

    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;

    /// Gives its answers in turn, and repeats the last. If there is a gate, the tests' own tenant first waits at it.
    struct Script {
        answers: Mutex<VecDeque<Answer>>,
        fetches: Mutex<Vec<KeySetLocation>>,
        gate: Option<Semaphore>,
    }

    impl KeySetFetch for Arc<Script> {
        async fn fetch(&self, location: KeySetLocation) -> Result<Vec<u8>, FetchError> {
            self.fetches.lock().unwrap().push(location);
            let gate = self.gate.as_ref().filter(|_| location.tenant == own_tenant());
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            let answer = self.next();
            answer()
        }
    }

    type Answer = fn() -> Result<Vec<u8>, FetchError>;

    const OWN: Answer = || Ok(TENANT_KEY.document(None));
    const OTHER: Answer = || Ok(OTHER_KEY.document(None));
    const DOWN: Answer = || Err(FetchError::Status(503));
    const INVALID: Answer = || Ok(b"<html>".to_vec());

    fn script<const N: usize>(answers: [Answer; N]) -> (Arc<Script>, TenantKeys<Arc<Script>>) {
        gated(answers, None)
    }

    fn gated<const N: usize>(
        answers: [Answer; N],
        gate: Option<Semaphore>,
    ) -> (Arc<Script>, TenantKeys<Arc<Script>>) {
        let script =
            Arc::new(Script { answers: Mutex::new(answers.into()), fetches: Mutex::default(), gate });
        (Arc::clone(&script), TenantKeys::new(script, KEY_LIFETIMES))
    }

    impl Script {
        fn next(&self) -> Answer {
            let mut answers = self.answers.lock().unwrap();
            let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().copied() };
            answer.unwrap()
        }

        fn fetch_count(&self) -> usize {
            self.fetches.lock().unwrap().len()
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
    async fn fetches_a_set_once_an_hour() {
        let (script, keys) = script([OWN]);
        for seconds in [0, 1, HOUR - 1] {
            assert!(keys.find(location(V1), TENANT_KEY.id, after(seconds)).await.is_ok());
        }
        assert_eq!(*script.fetches.lock().unwrap(), [location(V1)]);
        assert!(keys.find(location(V1), TENANT_KEY.id, after(HOUR)).await.is_ok());
        assert_eq!(script.fetch_count(), 2);
    }

    #[tokio::test]
    async fn keeps_a_set_for_each_tenant_and_version() {
        let (script, keys) = script([OWN]);
        let another = KeySetLocation { tenant: TenantId::new(uuid::Uuid::from_u128(7)), ..location(V1) };
        let all = [location(V1), location(V2), another];
        for place in all.into_iter().chain(all) {
            assert!(keys.find(place, TENANT_KEY.id, now()).await.is_ok());
        }
        assert_eq!(*script.fetches.lock().unwrap(), all);
    }

    #[tokio::test]
    async fn finds_a_rolled_key_at_once() {
        let (script, keys) = script([OWN, OTHER]);
        assert!(keys.find(location(V1), TENANT_KEY.id, now()).await.is_ok());
        assert!(keys.find(location(V1), OTHER_KEY.id, after(1)).await.is_ok());
        assert_eq!(script.fetch_count(), 2);
    }

    #[tokio::test]
    async fn fetches_for_an_unknown_key_once_in_five_minutes_across_versions() {
        let (script, keys) = script([OWN]);
        for version in [V1, V2] {
            assert!(keys.find(location(version), TENANT_KEY.id, now()).await.is_ok());
        }
        let unknown = |retry_after| SubjectRefusal::UnknownKey {
            key_id: "made up".into(),
            published: TENANT_KEY.id.into(),
            retry_after,
        };
        let found = keys.find(location(V1), "made up", now()).await.unwrap_err();
        assert_eq!(found, unknown(None), "the tenant has no such key");
        for seconds in 0..5 * MINUTE {
            for version in [V1, V2] {
                let found = keys.find(location(version), "made up", after(seconds)).await.unwrap_err();
                assert_eq!(found, unknown(Some(Duration::from_secs(5 * MINUTE - seconds))));
            }
        }
        assert_eq!(script.fetch_count(), 2 + 1);
        assert!(keys.find(location(V2), "made up", after(5 * MINUTE)).await.is_err());
        assert_eq!(script.fetch_count(), 2 + 2);
    }

    #[tokio::test]
    async fn keeps_a_set_for_each_cloud() {
        let (script, keys) = script([OWN]);
        for cloud in [Cloud::Public, Cloud::China, Cloud::UsGovernment] {
            assert!(keys.find(KeySetLocation { cloud, ..location(V1) }, TENANT_KEY.id, now()).await.is_ok());
        }
        assert_eq!(script.fetch_count(), 3);
    }

    /// RFC 8725 §3.10.
    #[tokio::test]
    async fn an_endless_key_id_is_shortened_for_the_log() {
        let (_, keys) = script([OWN]);
        let found = keys.find(location(V1), &"é".repeat(5_000), now()).await.unwrap_err();
        assert_eq!(
            found,
            SubjectRefusal::UnknownKey {
                key_id: "é".repeat(100),
                published: TENANT_KEY.id.into(),
                retry_after: None,
            }
        );
    }

    #[tokio::test]
    async fn keeps_the_last_good_set_for_a_day() {
        for failure in [DOWN, INVALID] {
            let (script, keys) = script([OWN, failure]);
            assert!(keys.find(location(V1), TENANT_KEY.id, now()).await.is_ok());
            for minutes in 60..24 * 60 {
                assert!(keys.find(location(V1), TENANT_KEY.id, after(minutes * MINUTE)).await.is_ok());
            }
            let attempts = if failure().is_err() { 2 } else { 1 };
            let expected = 1 + 23 * 12 * attempts;
            assert_eq!(script.fetch_count(), expected, "once in five minutes after the first hour");
            let found = keys.find(location(V1), TENANT_KEY.id, after(24 * HOUR)).await.unwrap_err();
            assert!(matches!(found, SubjectRefusal::KeysUnavailable { .. }), "{found:?}");
        }
    }

    struct Remembered(StoredKeySet);

    impl KeySetMemory for Remembered {
        fn recall(&self, _: KeySetLocation) -> Option<StoredKeySet> {
            Some(self.0.clone())
        }
    }

    #[tokio::test]
    async fn a_remembered_set_serves_when_the_first_fetch_fails() {
        for failure in [DOWN, INVALID] {
            let (script, _) = script([failure]);
            let set = StoredKeySet { document: TENANT_KEY.document(None).into(), fetched: now() };
            let keys = TenantKeys::with_memory(Arc::clone(&script), Remembered(set), KEY_LIFETIMES);
            assert!(keys.find(location(V1), TENANT_KEY.id, after(2 * HOUR)).await.is_ok());
            assert_eq!(script.fetch_count(), if failure().is_err() { 2 } else { 1 });
        }
    }

    #[tokio::test]
    async fn a_failed_first_fetch_says_when_to_retry_and_is_not_repeated_before() {
        let failures: [(Answer, usize); 6] = [
            (DOWN, 2),
            (|| Err(FetchError::NoAnswer("reset".into())), 2),
            (INVALID, 1),
            (|| Err(FetchError::TimedOut("timed out".into())), 1),
            (|| Err(FetchError::TooLarge(1)), 1),
            (|| panic!("a fetch that panics is a failure like any other"), 1),
        ];
        for (failure, attempts) in failures {
            let (script, keys) = script([failure, failure, OWN]);
            for (seconds, left) in [(0, 5), (1, 4), (4, 1)] {
                let found = keys.find(location(V1), TENANT_KEY.id, after(seconds)).await.unwrap_err();
                let retry_after = Duration::from_secs(left);
                assert_eq!(found, SubjectRefusal::KeysUnavailable { retry_after });
            }
            assert_eq!(script.fetch_count(), attempts);
        }
    }

    #[tokio::test]
    async fn while_nothing_is_held_the_pause_grows_to_a_minute() {
        let (script, keys) = script([INVALID]);
        let mut seconds = 0;
        for pause in [5, 10, 20, 40, 60, 60] {
            let before = script.fetch_count();
            for passed in 0..pause {
                let found =
                    keys.find(location(V1), TENANT_KEY.id, after(seconds + passed)).await.unwrap_err();
                let retry_after = Duration::from_secs(pause - passed);
                assert_eq!(found, SubjectRefusal::KeysUnavailable { retry_after });
            }
            assert_eq!(script.fetch_count(), before + 1);
            seconds += pause;
        }
    }

    #[tokio::test]
    async fn one_connection_reset_is_not_noticed() {
        let (script, keys) = script([|| Err(FetchError::NoAnswer("reset".into())), OWN]);
        assert!(keys.find(location(V1), TENANT_KEY.id, now()).await.is_ok());
        assert_eq!(script.fetch_count(), 2);
    }

    #[tokio::test]
    async fn concurrent_callers_share_one_fetch() {
        let (script, keys) = gated([OWN], Some(Semaphore::new(0)));
        let keys = Arc::new(keys);
        let crowd: Vec<_> = (0..200)
            .map(|_| {
                let keys = Arc::clone(&keys);
                tokio::spawn(async move { keys.find(location(V1), TENANT_KEY.id, now()).await.is_ok() })
            })
            .collect();
        while script.fetch_count() == 0 {
            tokio::task::yield_now().await;
        }
        script.gate.as_ref().unwrap().add_permits(1);
        for one in crowd {
            assert!(one.await.unwrap());
        }
        assert_eq!(script.fetch_count(), 1);
    }

    #[tokio::test]
    async fn a_slow_tenant_does_not_delay_another() {
        let (script, keys) = gated([OWN], Some(Semaphore::new(0)));
        let mut slow = Box::pin(keys.find(location(V1), TENANT_KEY.id, now()));
        while script.fetch_count() == 0 {
            assert!(slow.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            tokio::task::yield_now().await;
        }
        let another = KeySetLocation { tenant: TenantId::new(uuid::Uuid::from_u128(7)), ..location(V1) };
        assert!(keys.find(another, TENANT_KEY.id, now()).await.is_ok());
        assert!(slow.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        script.gate.as_ref().unwrap().add_permits(1);
        assert!(slow.await.is_ok());
    }

    #[tokio::test]
    async fn a_stale_set_serves_others_while_it_is_renewed() {
        let (script, keys) = gated([OWN], Some(Semaphore::new(1)));
        assert!(keys.find(location(V1), TENANT_KEY.id, now()).await.is_ok());
        let mut renewing = Box::pin(keys.find(location(V1), TENANT_KEY.id, after(2 * HOUR - 1)));
        while script.fetch_count() == 1 {
            assert!(renewing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            tokio::task::yield_now().await;
        }
        for _ in 0..10 {
            assert!(keys.find(location(V1), TENANT_KEY.id, after(2 * HOUR - 1)).await.is_ok());
        }
        assert_eq!(script.fetch_count(), 2);
        script.gate.as_ref().unwrap().add_permits(1);
        assert!(renewing.await.is_ok());
    }
}
