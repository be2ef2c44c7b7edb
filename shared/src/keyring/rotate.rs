//! One run of rotation: read, plan, make, replace. Safe to run at any time, twice at once, and to die anywhere: the
//! ring changes in one step or not at all.

use super::{KeyRing, Plan, RotationPolicy, SigningAlgorithm, SoftwareKey, plan};
use crate::{
    ports::{KeyRingError, KeyRingStore},
    timestamp::Timestamp,
};

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
    /// No key could be made.
    #[error("no key could be made")]
    Generate,
}

/// How often a run starts over because another was quicker.
const ATTEMPTS: usize = 3;

/// Carries out what is due at `now` with the stored ring.
pub async fn rotate<S: KeyRingStore>(
    store: &S,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Result<Rotation, RotateError> {
    run(store, policy, now, false).await
}

/// As [`rotate`], and makes the first ring where none is stored: for a service's beginning, and for no other time. A ring
/// that got lost later must be missed: a new one ends every session, and its key signs before anybody knows it.
pub async fn establish<S: KeyRingStore>(
    store: &S,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Result<Rotation, RotateError> {
    run(store, policy, now, true).await
}

async fn run<S: KeyRingStore>(
    store: &S,
    policy: &RotationPolicy,
    now: Timestamp,
    may_begin: bool,
) -> Result<Rotation, RotateError> {
    for _ in 1..ATTEMPTS {
        match attempt(store, policy, now, may_begin).await {
            Err(RotateError::Store(KeyRingError::Conflict)) => (),
            done => return done,
        }
    }
    attempt(store, policy, now, may_begin).await
}

async fn attempt<S: KeyRingStore>(
    store: &S,
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
    let made = plan
        .create
        .then(|| SoftwareKey::generate(policy.algorithm()))
        .transpose()
        .map_err(|_| RotateError::Generate)?;
    let next = plan.applied_to(ring.as_ref(), made, policy, now).ok_or(RotateError::Generate)?;
    store.replace(revision, &next).await?;
    Ok(Rotation { plan, ring: next })
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
    use crate::{
        keyring::{Revision, plan::testing::policy},
        ports::KeyRingSource,
    };

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
            Ok(())
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
        establish(&store, &es256(), START).await.unwrap();
        store.stored()
    }

    #[tokio::test]
    async fn a_run_stores_what_it_says_and_a_second_one_has_nothing_to_do() {
        let store = Store::default();
        for (when, changes) in
            [(0, true), (0, false), (20, false), (21, true), (21, false), (24, true), (26, true)]
        {
            let before = store.stored();
            let rotation = establish(&store, &es256(), hour(when)).await.unwrap();
            assert_eq!(store.stored().map(|(ring, _)| ring), Some(rotation.ring));
            assert_eq!(!rotation.plan.is_empty(), changes, "hour {when}");
            assert_eq!(store.stored() != before, changes, "hour {when}");
        }
        assert_eq!(store.stored().unwrap().1, Revision(4));
    }

    #[tokio::test]
    async fn a_ring_that_got_lost_is_missed_and_not_replaced() {
        let store = Store::default();
        assert!(matches!(rotate(&store, &es256(), START).await, Err(RotateError::NoRing)));
        assert_eq!(store.stored(), None);
        let begun = establish(&store, &es256(), START).await.unwrap();
        assert_eq!(rotate(&store, &es256(), START).await.unwrap().ring, begun.ring);
    }

    #[tokio::test]
    async fn a_ring_of_another_algorithm_is_left_as_it_is() {
        let ring = first_ring().await;
        let store = Store::with(ring.clone(), Trouble::ReplaceFails, 9);
        let refusal = establish(&store, &policy(SigningAlgorithm::Rs256), hour(21)).await.unwrap_err();
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
        for (conflicts, loads) in [(0, 1), (1, 2), (2, 3)] {
            let store = Store::with(None, Trouble::ReplaceConflicts, conflicts);
            assert!(establish(&store, &es256(), START).await.is_ok());
            assert_eq!(store.loads.load(Ordering::SeqCst), loads, "the ring is read anew each time");
        }
        let store = Store::with(None, Trouble::ReplaceConflicts, 99);
        let refusal = establish(&store, &es256(), START).await.unwrap_err();
        assert!(matches!(refusal, RotateError::Store(KeyRingError::Conflict)), "{refusal}");
        assert_eq!(store.loads.load(Ordering::SeqCst), ATTEMPTS);
        assert_eq!(store.stored(), None);
    }

    #[tokio::test]
    async fn what_cannot_be_read_or_written_is_reported_at_once_and_left_as_it_is() {
        for trouble in [Trouble::LoadFails, Trouble::ReplaceFails] {
            for ring in [None, first_ring().await] {
                let store = Store::with(ring.clone(), trouble, 99);
                assert!(establish(&store, &es256(), hour(21)).await.is_err());
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
                    let mut dying = Box::pin(establish(&store, &policy, hour(21)));
                    assert!(dying.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
                }
                assert_eq!(store.stored(), ring);
                let rotation = establish(&store, &es256(), hour(21)).await.unwrap();
                assert_eq!(store.stored().unwrap().0, rotation.ring);
                assert!(rotation.plan.create);
            }
        }
    }
}
