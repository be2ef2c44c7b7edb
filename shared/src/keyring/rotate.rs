//! One run of rotation: read, plan, make, replace. It can run at any time, twice at once, and be killed anywhere: the ring
//! changes in one step or not at all.

use std::mem;

use super::{
    KeyDisposal, KeyId, KeyMaker, KeyRing, KeyRingError, KeyRingStore, NewKey, Plan, RingKey, RotationPolicy,
    RotationRequest, SigningAlgorithm, VaultError, plan,
};
use crate::{error::with_causes, revision::Revision, timestamp::Timestamp};

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The plan that was carried out; empty if nothing was due.
    pub plan: Plan,
    /// The ring after the run.
    pub ring: KeyRing,
    /// Its revision.
    pub revision: Revision,
}

/// A run failed and left the ring unchanged.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] KeyRingError),
    /// The stored ring is of another algorithm than the policy. A key set never mixes the two.
    #[error("the stored key ring signs with {}, but {} is configured; a ring keeps its algorithm, so start a new one", stored.name(), configured.name())]
    Algorithm {
        /// The algorithm of the stored ring.
        stored: SigningAlgorithm,
        /// The algorithm of the policy.
        configured: SigningAlgorithm,
    },
    /// No ring is stored, and the run may not create one.
    #[error("no key ring is stored; if it was lost, restore it, because a new one would end every session")]
    NoRing,
    /// The ring does not have the key to revoke.
    #[error(
        "the key ring has no key {key}: it was removed already, or its id is misspelt; the keys are {}",
        list(known)
    )]
    UnknownKey {
        /// The key to revoke.
        key: KeyId,
        /// The keys that the ring has.
        known: Vec<KeyId>,
    },
    /// A key could not be made or deleted.
    #[error(transparent)]
    Key(#[from] VaultError),
}

/// How often a run tries while other runs replace the ring in the meantime.
const ATTEMPTS: usize = 3;

/// Carries out what is due for the stored ring at `now`.
pub async fn rotate<S: KeyRingStore, K: KeyMaker + KeyDisposal>(
    store: &S,
    keys: &K,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Result<Rotation, RotateError> {
    carry_out(store, keys, policy, &RotationRequest::Due, now).await
}

/// As [`rotate`], but creates the first ring if none is stored. Only for setting up a service: a ring that is lost later
/// must be an error, because a new one ends every session, and its key signs before any consumer knows it.
pub async fn establish<S: KeyRingStore, K: KeyMaker + KeyDisposal>(
    store: &S,
    keys: &K,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Result<Rotation, RotateError> {
    carry_out(store, keys, policy, &RotationRequest::Establish, now).await
}

/// Carries out what is due for the stored ring at `now`, and `request`. What a request may do is told by [`plan`]: a request to
/// rotate never lets a key sign before consumers have it; a request to revoke does, deliberately. Asking twice is asking once,
/// also while other runs change the ring, and after a run that was killed.
pub async fn carry_out<S: KeyRingStore, K: KeyMaker + KeyDisposal>(
    store: &S,
    keys: &K,
    policy: &RotationPolicy,
    request: &RotationRequest,
    now: Timestamp,
) -> Result<Rotation, RotateError> {
    for _ in 1..ATTEMPTS {
        match attempt(store, keys, policy, request, now).await {
            Err(RotateError::Store(KeyRingError::Conflict)) => (),
            done => return done,
        }
    }
    attempt(store, keys, policy, request, now).await
}

async fn attempt<S: KeyRingStore, K: KeyMaker + KeyDisposal>(
    store: &S,
    keys: &K,
    policy: &RotationPolicy,
    request: &RotationRequest,
    now: Timestamp,
) -> Result<Rotation, RotateError> {
    let (ring, revision) = store.load().await?.unzip();
    check(ring.as_ref(), policy, request)?;
    let plan = plan(ring.as_ref(), now, policy, request);
    if let (Some(ring), Some(revision), true) = (&ring, revision, plan.is_empty()) {
        return Ok(Rotation { plan, ring: ring.clone(), revision });
    }
    for key in &plan.note_future {
        tracing::warn!(%key, "the key ring has a time in the future; a clock was wrong, and the key's age counts from now");
    }
    let new = if plan.create { Some(keys.make(policy.algorithm()).await?) } else { None };
    refuse_mixed_storage(ring.as_ref(), new.as_ref())?;
    // Before they leave the ring: if this run is killed here, the next one still knows them.
    for key in ring.iter().flat_map(KeyRing::keys).filter(|key| plan.remove.contains(&key.id)) {
        keys.dispose(&key.private).await?;
    }
    let unusable = || RotateError::Key(VaultError::NotMade);
    let next = plan.applied_to(ring.as_ref(), new.clone(), policy, now).ok_or_else(unusable)?;
    match store.replace(revision, &next).await {
        Ok(()) => Ok(Rotation { plan, ring: next, revision: Revision::after(revision) }),
        Err(KeyRingError::Conflict) => {
            if let Some(new) = new {
                dispose_unless_stored(store, keys, &new).await;
            }
            Err(KeyRingError::Conflict.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Refuses what no plan could carry out.
fn check(
    ring: Option<&KeyRing>,
    policy: &RotationPolicy,
    request: &RotationRequest,
) -> Result<(), RotateError> {
    let Some(ring) = ring else {
        return if *request == RotationRequest::Establish { Ok(()) } else { Err(RotateError::NoRing) };
    };
    if ring.algorithm() != policy.algorithm() {
        return Err(RotateError::Algorithm { stored: ring.algorithm(), configured: policy.algorithm() });
    }
    match request.revoked() {
        Some(key) if ring.keys().iter().all(|known| known.id != *key) => {
            let known = ring.keys().iter().map(|key| key.id.clone()).collect();
            Err(RotateError::UnknownKey { key: key.clone(), known })
        }
        _ => Ok(()),
    }
}

/// All keys of a ring are stored in one way: a signer is configured for one, and could open only some of them.
fn refuse_mixed_storage(ring: Option<&KeyRing>, new: Option<&NewKey>) -> Result<(), VaultError> {
    let (Some(ring), Some(new)) = (ring, new) else { return Ok(()) };
    let differs = |key: &&RingKey| mem::discriminant(&key.private) != mem::discriminant(&new.private);
    ring.keys().iter().find(differs).map_or(Ok(()), |key| Err(VaultError::StoredOtherwise(key.id.clone())))
}

/// Deletes a key that no ring took, which a vault would otherwise keep for ever. The ring is read first: the conflict may
/// be with this run's own write, if the store's answer was lost and its client tried again.
async fn dispose_unless_stored(store: &impl KeyRingStore, keys: &impl KeyDisposal, new: &NewKey) {
    let Ok(Some((ring, _))) = store.load().await else { return };
    if ring.keys().iter().any(|key| key.private == new.private) {
        return;
    }
    if let Err(error) = keys.dispose(&new.private).await {
        tracing::warn!(problem = with_causes(&error), "a key that is in no ring could not be deleted");
    }
}

fn list(keys: &[KeyId]) -> String {
    keys.iter().map(KeyId::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::{
        future,
        sync::{
            Mutex,
            atomic::{AtomicUsize, Ordering},
        },
        task::{Context, Waker},
        time::Duration,
    };

    use super::*;
    use crate::keyring::{KeyRingSource, PrivateHalf, SoftwareKeys, policy::testing::policy};

    const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    /// A ring in memory on which `fault` happens the first `times` times.
    #[derive(Default)]
    struct Store {
        stored: Mutex<Option<(KeyRing, Revision)>>,
        fault: Option<Fault>,
        times: usize,
        happened: AtomicUsize,
        loads: AtomicUsize,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Fault {
        LoadFails,
        LoadHangs,
        ReplaceConflicts,
        ReplaceFails,
        ReplaceHangs,
        ReplaceAnswersLate,
    }

    impl Store {
        fn with(ring: Option<(KeyRing, Revision)>, fault: Fault, times: usize) -> Self {
            Self { stored: Mutex::new(ring), fault: Some(fault), times, ..Self::default() }
        }

        fn stored(&self) -> Option<(KeyRing, Revision)> {
            self.stored.lock().unwrap().clone()
        }

        /// Counts a chance for `fault`, and returns whether it happens.
        fn suffers(&self, fault: Fault) -> bool {
            self.fault == Some(fault) && self.happened.fetch_add(1, Ordering::SeqCst) < self.times
        }
    }

    impl KeyRingSource for Store {
        async fn load(&self) -> Result<Option<(KeyRing, Revision)>, KeyRingError> {
            self.loads.fetch_add(1, Ordering::SeqCst);
            if self.suffers(Fault::LoadHangs) {
                future::pending::<()>().await;
            }
            if self.suffers(Fault::LoadFails) {
                return Err(KeyRingError::Damaged("not a ring".into()));
            }
            Ok(self.stored())
        }
    }

    impl KeyRingStore for Store {
        async fn replace(&self, expected: Option<Revision>, ring: &KeyRing) -> Result<(), KeyRingError> {
            if self.suffers(Fault::ReplaceHangs) {
                future::pending::<()>().await;
            }
            if self.suffers(Fault::ReplaceConflicts) {
                return Err(KeyRingError::Conflict);
            }
            if self.suffers(Fault::ReplaceFails) {
                return Err(KeyRingError::Unavailable("down".into()));
            }
            let mut stored = self.stored.lock().unwrap();
            assert_eq!(expected, stored.as_ref().map(|(_, revision)| *revision));
            *stored = Some((ring.clone(), Revision::after(expected)));
            if self.suffers(Fault::ReplaceAnswersLate) { Err(KeyRingError::Conflict) } else { Ok(()) }
        }
    }

    fn es256() -> RotationPolicy {
        policy(SigningAlgorithm::Es256)
    }

    fn hour(count: u64) -> Timestamp {
        START.plus(Duration::from_secs(count * 3_600))
    }

    async fn first_ring() -> Option<(KeyRing, Revision)> {
        let store = Store::default();
        establish(&store, &SoftwareKeys, &es256(), START).await.unwrap();
        store.stored()
    }

    #[tokio::test]
    async fn stores_what_it_returns_and_has_nothing_to_do_a_second_time() {
        let store = Store::default();
        for (when, changes) in
            [(0, true), (0, false), (20, false), (21, true), (21, false), (24, true), (26, true)]
        {
            let before = store.stored();
            let rotation = establish(&store, &SoftwareKeys, &es256(), hour(when)).await.unwrap();
            assert_eq!(store.stored().map(|(ring, _)| ring), Some(rotation.ring));
            assert_eq!(!rotation.plan.is_empty(), changes, "hour {when}");
            assert_eq!(store.stored() != before, changes, "hour {when}");
        }
        assert_eq!(store.stored().unwrap().1, Revision(4));
    }

    #[tokio::test]
    async fn does_not_replace_a_lost_ring() {
        let store = Store::default();
        assert!(matches!(rotate(&store, &SoftwareKeys, &es256(), START).await, Err(RotateError::NoRing)));
        assert_eq!(store.stored(), None);
        let begun = establish(&store, &SoftwareKeys, &es256(), START).await.unwrap();
        assert_eq!(rotate(&store, &SoftwareKeys, &es256(), START).await.unwrap().ring, begun.ring);
    }

    /// RFC 7518 §8.1; RFC 8725 §3.2.
    #[tokio::test]
    async fn leaves_a_ring_of_another_algorithm_unchanged() {
        let ring = first_ring().await;
        let store = Store::with(ring.clone(), Fault::ReplaceFails, 9);
        let refusal =
            establish(&store, &SoftwareKeys, &policy(SigningAlgorithm::Rs256), hour(21)).await.unwrap_err();
        assert!(matches!(
            refusal,
            RotateError::Algorithm { stored: SigningAlgorithm::Es256, configured: SigningAlgorithm::Rs256 }
        ));
        assert_eq!(
            refusal.to_string(),
            "the stored key ring signs with ES256, but RS256 is configured; a ring keeps its algorithm, so start a new one"
        );
        assert_eq!(store.stored(), ring);
        assert_eq!(store.happened.load(Ordering::SeqCst), 0, "nothing was replaced");
    }

    #[tokio::test]
    async fn starts_over_after_a_conflict_and_reports_the_third_one() {
        for (conflicts, loads) in [(0, 1), (1, 3), (2, 5)] {
            let store = Store::with(None, Fault::ReplaceConflicts, conflicts);
            assert!(establish(&store, &SoftwareKeys, &es256(), START).await.is_ok());
            assert_eq!(
                store.loads.load(Ordering::SeqCst),
                loads,
                "the ring is read for each attempt, and before an unused key is deleted"
            );
        }
        let store = Store::with(None, Fault::ReplaceConflicts, 99);
        let refusal = establish(&store, &SoftwareKeys, &es256(), START).await.unwrap_err();
        assert!(matches!(refusal, RotateError::Store(KeyRingError::Conflict)), "{refusal}");
        assert_eq!(store.loads.load(Ordering::SeqCst), 2 * ATTEMPTS);
        assert_eq!(store.stored(), None);
    }

    /// Makes keys, and remembers which ones it was told to delete.
    #[derive(Default)]
    struct Vault(Mutex<Vec<PrivateHalf>>);

    impl KeyMaker for Vault {
        async fn make(&self, algorithm: SigningAlgorithm) -> Result<NewKey, VaultError> {
            SoftwareKeys.make(algorithm).await
        }
    }

    impl KeyDisposal for Vault {
        async fn dispose(&self, private: &PrivateHalf) -> Result<(), VaultError> {
            self.0.lock().unwrap().push(private.clone());
            Ok(())
        }
    }

    #[tokio::test]
    async fn deletes_a_key_after_a_conflict_unless_the_ring_holds_it() {
        let vault = Vault::default();
        let store = Store::with(first_ring().await, Fault::ReplaceConflicts, 1);
        establish(&store, &vault, &es256(), hour(21)).await.unwrap();
        let deleted = vault.0.lock().unwrap().clone();
        let (ring, _) = store.stored().unwrap();
        assert_eq!((deleted.len(), ring.keys().len()), (1, 2));
        assert!(ring.keys().iter().all(|key| key.private != deleted[0]));

        let vault = Vault::default();
        let echo = Store::with(first_ring().await, Fault::ReplaceAnswersLate, 1);
        establish(&echo, &vault, &es256(), hour(21)).await.unwrap();
        assert_eq!(vault.0.lock().unwrap().len(), 0, "the ring holds it");
        assert_eq!(echo.stored().unwrap().0.keys().len(), 2);
    }

    /// Makes keys that stay in a vault.
    struct Elsewhere;

    impl KeyMaker for Elsewhere {
        async fn make(&self, algorithm: SigningAlgorithm) -> Result<NewKey, VaultError> {
            let private = PrivateHalf::Vault("key/1".into());
            Ok(NewKey { private, ..SoftwareKeys.make(algorithm).await? })
        }
    }

    impl KeyDisposal for Elsewhere {}

    #[tokio::test]
    async fn leaves_a_ring_whose_keys_are_stored_in_another_way_unchanged() {
        let ring = first_ring().await;
        let store = Store { stored: Mutex::new(ring.clone()), ..Store::default() };
        let refusal = rotate(&store, &Elsewhere, &es256(), hour(21)).await.unwrap_err();
        assert!(matches!(refusal, RotateError::Key(VaultError::StoredOtherwise(_))), "{refusal}");
        assert_eq!(store.stored(), ring);
    }

    #[tokio::test]
    async fn deletes_a_key_that_leaves_the_ring() {
        let (store, vault) = (Store::default(), Vault::default());
        let retired =
            establish(&store, &vault, &es256(), START).await.unwrap().ring.keys()[0].private.clone();
        for when in [21, 24, 25] {
            establish(&store, &vault, &es256(), hour(when)).await.unwrap();
            assert_eq!(vault.0.lock().unwrap().len(), 0);
        }
        establish(&store, &vault, &es256(), hour(26)).await.unwrap();
        assert_eq!(*vault.0.lock().unwrap(), [retired]);
    }

    #[tokio::test]
    async fn reports_a_failing_store_at_once_and_leaves_the_ring_unchanged() {
        for fault in [Fault::LoadFails, Fault::ReplaceFails] {
            for ring in [None, first_ring().await] {
                let store = Store::with(ring.clone(), fault, 99);
                assert!(establish(&store, &SoftwareKeys, &es256(), hour(21)).await.is_err());
                assert_eq!(store.loads.load(Ordering::SeqCst), 1);
                assert_eq!(store.stored(), ring);
            }
        }
    }

    #[tokio::test]
    async fn a_run_killed_between_its_steps_changes_nothing_and_the_next_one_succeeds() {
        for fault in [Fault::LoadHangs, Fault::ReplaceHangs] {
            for ring in [None, first_ring().await] {
                let store = Store::with(ring.clone(), fault, 1);
                {
                    let policy = es256();
                    let mut dying = Box::pin(establish(&store, &SoftwareKeys, &policy, hour(21)));
                    assert!(dying.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
                }
                assert_eq!(store.stored(), ring);
                let rotation = establish(&store, &SoftwareKeys, &es256(), hour(21)).await.unwrap();
                assert_eq!(store.stored().unwrap().0, rotation.ring);
                assert!(rotation.plan.create);
            }
        }
    }

    async fn asked(
        store: &Store,
        keys: &Vault,
        request: &RotationRequest,
        when: u64,
    ) -> Result<Rotation, RotateError> {
        carry_out(store, keys, &es256(), request, hour(when)).await
    }

    fn key_id(ring: &KeyRing, at: usize) -> KeyId {
        ring.keys()[at].id.clone()
    }

    #[tokio::test]
    async fn revoking_twice_is_revoking_once_and_the_next_run_deletes_the_key() {
        let (store, vault) = (Store::with(first_ring().await, Fault::ReplaceFails, 0), Vault::default());
        let (first, _) = store.stored().unwrap();
        let request = RotationRequest::Revoke(key_id(&first, 0));
        let once = asked(&store, &vault, &request, 1).await.unwrap();
        assert_eq!(once.plan.revoke.as_ref(), request.revoked());
        let twice = asked(&store, &vault, &request, 2).await.unwrap();
        assert!(twice.plan.is_empty() && twice.ring == once.ring);
        assert_eq!(vault.0.lock().unwrap().len(), 0);
        rotate(&store, &vault, &es256(), hour(2)).await.unwrap();
        assert_eq!(*vault.0.lock().unwrap(), [first.keys()[0].private.clone()]);
        let ring = store.stored().unwrap().0;
        assert_eq!(ring.keys().len(), 1);
        let gone = asked(&store, &vault, &request, 2).await.unwrap_err().to_string();
        let (old, new) = (key_id(&first, 0), key_id(&ring, 0));
        assert_eq!(
            gone,
            format!(
                "the key ring has no key {old}: it was removed already, or its id is misspelt; the keys are {new}"
            )
        );
        assert_eq!(store.stored().unwrap().0, ring);
    }

    #[tokio::test]
    async fn nothing_is_asked_of_a_ring_that_does_not_exist() {
        let store = Store::default();
        let key = key_id(&first_ring().await.unwrap().0, 0);
        for request in [RotationRequest::Rotate, RotationRequest::Revoke(key)] {
            let refused = asked(&store, &Vault::default(), &request, 1).await;
            assert!(matches!(refused, Err(RotateError::NoRing)));
        }
        assert_eq!(store.stored(), None);
    }

    /// The answer to a run's own write may be lost, after which its client sees a conflict with itself.
    #[tokio::test]
    async fn a_request_that_meets_other_writers_is_carried_out_once() {
        for fault in [Fault::ReplaceConflicts, Fault::ReplaceAnswersLate] {
            for rotates in [true, false] {
                let store = Store::with(first_ring().await, fault, 2);
                let before = store.stored().unwrap().0;
                let revoke = RotationRequest::Revoke(key_id(&before, 0));
                let request = if rotates { RotationRequest::Rotate } else { revoke };
                let vault = Vault::default();
                let done = asked(&store, &vault, &request, 1).await.unwrap();
                assert_eq!(store.stored().unwrap().0, done.ring);
                assert_eq!(done.ring.keys().len(), 2, "one new key");
                assert_eq!(done.ring.keys()[0].is_revoked(), !rotates);
                let deleted = vault.0.lock().unwrap().clone();
                assert!(done.ring.keys().iter().all(|key| !deleted.contains(&key.private)));
            }
        }
    }

    #[tokio::test]
    async fn a_request_that_is_killed_changes_nothing_and_is_carried_out_when_it_is_repeated() {
        for fault in [Fault::LoadHangs, Fault::ReplaceHangs] {
            let store = Store::with(first_ring().await, fault, 1);
            let before = store.stored();
            let request = RotationRequest::Revoke(key_id(&before.as_ref().unwrap().0, 0));
            let vault = Vault::default();
            {
                let mut dying = Box::pin(asked(&store, &vault, &request, 1));
                assert!(dying.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
            assert_eq!(store.stored(), before);
            let done = asked(&store, &vault, &request, 1).await.unwrap();
            assert!(done.ring.keys()[0].is_revoked());
        }
    }
}
