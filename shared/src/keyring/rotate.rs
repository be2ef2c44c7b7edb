//! One run of rotation: read, plan, make, replace. Safe to run at any time, twice at once, and to die anywhere: the
//! ring changes in one step or not at all.

use std::mem;

use super::{
    KeyDisposal, KeyMaker, KeyRing, KeyRingError, KeyRingStore, MadeKey, Plan, RingKey, RotationPolicy,
    SigningAlgorithm, VaultError, plan,
};
use crate::timestamp::Timestamp;

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The plan that was carried out; empty when nothing was due.
    pub plan: Plan,
    /// The ring as it now is.
    pub ring: KeyRing,
}

/// Why a run changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The store.
    #[error(transparent)]
    Store(#[from] KeyRingError),
    /// The stored ring's keys are of another algorithm than the policy's. A key set never mixes the two: start a ring
    /// of its own for the other algorithm.
    #[error("the stored key ring signs with {}, the policy asks for {}; start a new ring instead", stored.name(), asked.name())]
    Algorithm {
        /// The stored ring's.
        stored: SigningAlgorithm,
        /// The policy's.
        asked: SigningAlgorithm,
    },
    /// There was a ring, or should have been, and there is none.
    #[error("no key ring is stored; if it got lost, restore it: a new one would end every session")]
    NoRing,
    /// A key could not be made, or not be done away with.
    #[error(transparent)]
    Key(#[from] VaultError),
}

/// How often a run starts over because another was quicker.
const ATTEMPTS: usize = 3;

/// Carries out what is due at `now` with the stored ring.
pub async fn rotate<S: KeyRingStore, K: KeyMaker + KeyDisposal>(
    store: &S,
    keys: &K,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Result<Rotation, RotateError> {
    run(store, keys, policy, now, false).await
}

/// As [`rotate`], and makes the first ring where none is stored: for a service's beginning, and for no other time. A ring
/// that got lost later must be missed: a new one ends every session, and its key signs before anybody knows it.
pub async fn establish<S: KeyRingStore, K: KeyMaker + KeyDisposal>(
    store: &S,
    keys: &K,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Result<Rotation, RotateError> {
    run(store, keys, policy, now, true).await
}

async fn run<S: KeyRingStore, K: KeyMaker + KeyDisposal>(
    store: &S,
    keys: &K,
    policy: &RotationPolicy,
    now: Timestamp,
    may_begin: bool,
) -> Result<Rotation, RotateError> {
    for _ in 1..ATTEMPTS {
        match attempt(store, keys, policy, now, may_begin).await {
            Err(RotateError::Store(KeyRingError::Conflict)) => (),
            done => return done,
        }
    }
    attempt(store, keys, policy, now, may_begin).await
}

async fn attempt<S: KeyRingStore, K: KeyMaker + KeyDisposal>(
    store: &S,
    keys: &K,
    policy: &RotationPolicy,
    now: Timestamp,
    may_begin: bool,
) -> Result<Rotation, RotateError> {
    let (ring, revision) = store.load().await?.unzip();
    match ring.as_ref().map(KeyRing::algorithm) {
        None if !may_begin => return Err(RotateError::NoRing),
        Some(stored) if stored != policy.algorithm() => {
            return Err(RotateError::Algorithm { stored, asked: policy.algorithm() });
        }
        _ => (),
    }
    let plan = plan(ring.as_ref(), now, policy);
    if let Some(ring) = ring.as_ref().filter(|_| plan.is_empty()) {
        return Ok(Rotation { plan, ring: ring.clone() });
    }
    let made = if plan.create { Some(keys.make(policy.algorithm()).await?) } else { None };
    refuse_another_kind(ring.as_ref(), made.as_ref())?;
    // Before the ring forgets them: a run that dies here is followed by one that does it again.
    for gone in ring.iter().flat_map(KeyRing::keys).filter(|key| plan.remove.contains(&key.id)) {
        keys.dispose(&gone.private).await?;
    }
    let unusable = || RotateError::Key(VaultError::NotMade);
    let next = plan.applied_to(ring.as_ref(), made.clone(), policy, now).ok_or_else(unusable)?;
    match store.replace(revision, &next).await {
        Ok(()) => Ok(Rotation { plan, ring: next }),
        Err(KeyRingError::Conflict) => {
            if let Some(made) = made {
                forget_unless_stored(store, keys, &made).await;
            }
            Err(KeyRingError::Conflict.into())
        }
        Err(problem) => Err(problem.into()),
    }
}

/// A ring keeps all its keys in one way: who signs is set up for one, and could open only some of them.
fn refuse_another_kind(ring: Option<&KeyRing>, made: Option<&MadeKey>) -> Result<(), VaultError> {
    let Some(made) = made else { return Ok(()) };
    let is_other = |key: &&RingKey| mem::discriminant(&key.private) != mem::discriminant(&made.private);
    let other = ring.and_then(|ring| ring.keys().iter().find(is_other));
    other.map_or(Ok(()), |key| Err(VaultError::kept_elsewhere(key)))
}

/// A key that came too late is in no ring, and a vault would keep it for ever. A conflict may also be this run's own echo,
/// when the store took the ring, its answer got lost and the client asked again: so the ring is looked at before.
async fn forget_unless_stored(store: &impl KeyRingStore, keys: &impl KeyDisposal, made: &MadeKey) {
    let Ok(Some((ring, _))) = store.load().await else { return };
    if ring.keys().iter().any(|key| key.private == made.private) {
        return;
    }
    if let Err(trouble) = keys.dispose(&made.private).await {
        tracing::warn!(problem = %trouble, "a key that is in no ring was left behind");
    }
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
    use crate::keyring::{KeyRingSource, PrivateHalf, Revision, SoftwareKeys, plan::testing::policy};

    const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    /// A ring in memory whose step named by `trouble` goes wrong, `times` times.
    #[derive(Default)]
    struct Store {
        stored: Mutex<Option<(KeyRing, Revision)>>,
        trouble: Option<Trouble>,
        times: usize,
        met: AtomicUsize,
        loads: AtomicUsize,
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Trouble {
        LoadFails,
        LoadHangs,
        ReplaceConflicts,
        ReplaceFails,
        ReplaceHangs,
        ReplaceAnswersLate,
    }

    impl Store {
        fn with(ring: Option<(KeyRing, Revision)>, trouble: Trouble, times: usize) -> Self {
            Self { stored: Mutex::new(ring), trouble: Some(trouble), times, ..Self::default() }
        }

        fn stored(&self) -> Option<(KeyRing, Revision)> {
            self.stored.lock().unwrap().clone()
        }

        /// Whether the trouble happens here and now.
        fn meets(&self, trouble: Trouble) -> bool {
            self.trouble == Some(trouble) && self.met.fetch_add(1, Ordering::SeqCst) < self.times
        }
    }

    impl KeyRingSource for Store {
        async fn load(&self) -> Result<Option<(KeyRing, Revision)>, KeyRingError> {
            self.loads.fetch_add(1, Ordering::SeqCst);
            if self.meets(Trouble::LoadHangs) {
                future::pending::<()>().await;
            }
            if self.meets(Trouble::LoadFails) {
                return Err(KeyRingError::Damaged("not a ring".into()));
            }
            Ok(self.stored())
        }
    }

    impl KeyRingStore for Store {
        async fn replace(&self, expected: Option<Revision>, ring: &KeyRing) -> Result<(), KeyRingError> {
            if self.meets(Trouble::ReplaceHangs) {
                future::pending::<()>().await;
            }
            if self.meets(Trouble::ReplaceConflicts) {
                return Err(KeyRingError::Conflict);
            }
            if self.meets(Trouble::ReplaceFails) {
                return Err(KeyRingError::Unavailable("down".into()));
            }
            let mut stored = self.stored.lock().unwrap();
            assert_eq!(expected, stored.as_ref().map(|(_, revision)| *revision));
            *stored = Some((ring.clone(), Revision(expected.map_or(1, |Revision(count)| count + 1))));
            if self.meets(Trouble::ReplaceAnswersLate) { Err(KeyRingError::Conflict) } else { Ok(()) }
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
    async fn a_run_stores_what_it_says_and_a_second_one_has_nothing_to_do() {
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
    async fn a_ring_that_got_lost_is_missed_and_not_replaced() {
        let store = Store::default();
        assert!(matches!(rotate(&store, &SoftwareKeys, &es256(), START).await, Err(RotateError::NoRing)));
        assert_eq!(store.stored(), None);
        let begun = establish(&store, &SoftwareKeys, &es256(), START).await.unwrap();
        assert_eq!(rotate(&store, &SoftwareKeys, &es256(), START).await.unwrap().ring, begun.ring);
    }

    #[tokio::test]
    async fn a_ring_of_another_algorithm_is_left_as_it_is() {
        let ring = first_ring().await;
        let store = Store::with(ring.clone(), Trouble::ReplaceFails, 9);
        let refusal =
            establish(&store, &SoftwareKeys, &policy(SigningAlgorithm::Rs256), hour(21)).await.unwrap_err();
        assert!(matches!(
            refusal,
            RotateError::Algorithm { stored: SigningAlgorithm::Es256, asked: SigningAlgorithm::Rs256 }
        ));
        assert_eq!(
            refusal.to_string(),
            "the stored key ring signs with ES256, the policy asks for RS256; start a new ring instead"
        );
        assert_eq!(store.stored(), ring);
        assert_eq!(store.met.load(Ordering::SeqCst), 0, "nothing was to be replaced");
    }

    #[tokio::test]
    async fn whoever_was_too_late_starts_over_and_reports_it_in_the_end() {
        for (conflicts, loads) in [(0, 1), (1, 3), (2, 5)] {
            let store = Store::with(None, Trouble::ReplaceConflicts, conflicts);
            assert!(establish(&store, &SoftwareKeys, &es256(), START).await.is_ok());
            assert_eq!(
                store.loads.load(Ordering::SeqCst),
                loads,
                "the ring is read anew each time, and before a key that came too late is thrown away"
            );
        }
        let store = Store::with(None, Trouble::ReplaceConflicts, 99);
        let refusal = establish(&store, &SoftwareKeys, &es256(), START).await.unwrap_err();
        assert!(matches!(refusal, RotateError::Store(KeyRingError::Conflict)), "{refusal}");
        assert_eq!(store.loads.load(Ordering::SeqCst), 2 * ATTEMPTS);
        assert_eq!(store.stored(), None);
    }

    /// Makes keys, and remembers which it was told to do away with.
    #[derive(Default)]
    struct Vault(Mutex<Vec<PrivateHalf>>);

    impl KeyMaker for Vault {
        async fn make(&self, algorithm: SigningAlgorithm) -> Result<MadeKey, VaultError> {
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
    async fn a_key_that_came_too_late_is_done_away_with_and_one_whose_answer_got_lost_is_not() {
        let vault = Vault::default();
        let store = Store::with(first_ring().await, Trouble::ReplaceConflicts, 1);
        establish(&store, &vault, &es256(), hour(21)).await.unwrap();
        let thrown_away = vault.0.lock().unwrap().clone();
        let (ring, _) = store.stored().unwrap();
        assert_eq!((thrown_away.len(), ring.keys().len()), (1, 2));
        assert!(ring.keys().iter().all(|key| key.private != thrown_away[0]));

        let vault = Vault::default();
        let echo = Store::with(first_ring().await, Trouble::ReplaceAnswersLate, 1);
        establish(&echo, &vault, &es256(), hour(21)).await.unwrap();
        assert_eq!(vault.0.lock().unwrap().len(), 0, "the ring holds it");
        assert_eq!(echo.stored().unwrap().0.keys().len(), 2);
    }

    /// Makes keys that it keeps to itself.
    struct Elsewhere;

    impl KeyMaker for Elsewhere {
        async fn make(&self, algorithm: SigningAlgorithm) -> Result<MadeKey, VaultError> {
            let private = PrivateHalf::Vault("key/1".into());
            Ok(MadeKey { private, ..SoftwareKeys.make(algorithm).await? })
        }
    }

    impl KeyDisposal for Elsewhere {
        async fn dispose(&self, _: &PrivateHalf) -> Result<(), VaultError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_ring_whose_keys_are_kept_in_another_way_is_left_as_it_is() {
        let ring = first_ring().await;
        let store = Store { stored: Mutex::new(ring.clone()), ..Store::default() };
        let refusal = rotate(&store, &Elsewhere, &es256(), hour(21)).await.unwrap_err();
        assert!(matches!(refusal, RotateError::Key(VaultError::KeptElsewhere { .. })), "{refusal}");
        assert_eq!(store.stored(), ring);
    }

    #[tokio::test]
    async fn a_key_that_leaves_the_ring_is_done_away_with_before() {
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
    async fn what_cannot_be_read_or_written_is_reported_at_once_and_left_as_it_is() {
        for trouble in [Trouble::LoadFails, Trouble::ReplaceFails] {
            for ring in [None, first_ring().await] {
                let store = Store::with(ring.clone(), trouble, 99);
                assert!(establish(&store, &SoftwareKeys, &es256(), hour(21)).await.is_err());
                assert_eq!(store.loads.load(Ordering::SeqCst), 1);
                assert_eq!(store.stored(), ring);
            }
        }
    }

    #[tokio::test]
    async fn a_run_that_dies_between_its_steps_changes_nothing_and_the_next_one_succeeds() {
        for trouble in [Trouble::LoadHangs, Trouble::ReplaceHangs] {
            for ring in [None, first_ring().await] {
                let store = Store::with(ring.clone(), trouble, 1);
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
}
