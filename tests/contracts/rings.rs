//! The contract of [`pozi_auth::keyring::KeyRingSource`] and [`KeyRingStore`]: only the latest revision can be replaced.

use std::time::Duration;

use pozi_auth::{
    adapters::KeyRingFile,
    keyring::{
        KeyDisposal, KeyMaker, KeyRing, KeyRingError, KeyRingStore, RotationPolicy, RotationTimes,
        SigningAlgorithm, SoftwareKeys, establish,
    },
    revision::Revision,
    timestamp::Timestamp,
};
use pozi_tests::{MemoryRing, NOW};

/// The policy with the shortest times allowed.
pub(crate) fn policy(algorithm: SigningAlgorithm) -> RotationPolicy {
    let hours = |count: u64| Duration::from_secs(count * 3_600);
    let times = RotationTimes {
        publish_before: hours(3),
        sign_for: hours(24),
        keep_after: hours(2),
        held_by_consumers: hours(2),
        held_by_signers: hours(1),
    };
    RotationPolicy::new(algorithm, times).unwrap()
}

/// A ring with a new key.
pub(crate) async fn ring_of(algorithm: SigningAlgorithm) -> KeyRing {
    ring_made_by(&SoftwareKeys, algorithm).await
}

async fn ring_made_by(keys: &(impl KeyMaker + KeyDisposal), algorithm: SigningAlgorithm) -> KeyRing {
    let now = Timestamp::from_unix_seconds(NOW);
    establish(&MemoryRing::default(), keys, &policy(algorithm), now).await.unwrap().ring
}

pub(crate) async fn ring() -> KeyRing {
    ring_of(SigningAlgorithm::Es256).await
}

/// `store` and `rival` use one place, where nothing was stored yet; `keys` makes the keys.
pub(crate) async fn contract<S: KeyRingStore>(store: S, rival: S, keys: &(impl KeyMaker + KeyDisposal)) {
    a_stored_ring_is_loaded(&store, &rival, keys).await;
    another_revision_is_refused(&store, &rival, keys).await;
    one_of_two_replacements_wins(&store, &rival, keys).await;
}

async fn held(store: &impl KeyRingStore) -> (KeyRing, Revision) {
    store.load().await.unwrap().expect("a ring is stored")
}

async fn a_stored_ring_is_loaded<S: KeyRingStore>(
    store: &S,
    rival: &S,
    keys: &(impl KeyMaker + KeyDisposal),
) {
    assert!(store.load().await.unwrap().is_none(), "nothing was stored yet");
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
        let before = store.load().await.unwrap().map(|(_, revision)| revision);
        let given = ring_made_by(keys, algorithm).await;
        store.replace(before, &given).await.unwrap();
        for holder in [store, rival] {
            let (ring, revision) = held(holder).await;
            assert_eq!(ring, given);
            assert_ne!(Some(revision), before);
        }
    }
}

async fn another_revision_is_refused<S: KeyRingStore>(
    store: &S,
    rival: &S,
    keys: &(impl KeyMaker + KeyDisposal),
) {
    let (ring, revision) = held(store).await;
    let other = ring_made_by(keys, SigningAlgorithm::Es256).await;
    for seen in
        [None, Some(Revision(revision.0 - 1)), Some(Revision(revision.0 + 1)), Some(Revision(u64::MAX))]
    {
        for holder in [store, rival] {
            let refused = holder.replace(seen, &other).await;
            assert!(matches!(refused, Err(KeyRingError::Conflict)), "{seen:?}: {refused:?}");
            assert_eq!(held(store).await, (ring.clone(), revision), "nothing changed");
        }
    }
}

async fn one_of_two_replacements_wins<S: KeyRingStore>(
    store: &S,
    rival: &S,
    keys: &(impl KeyMaker + KeyDisposal),
) {
    let made = async || ring_made_by(keys, SigningAlgorithm::Es256).await;
    let rings = [made().await, made().await];
    for round in 0..60 {
        let (_, seen) = held(store).await;
        let (one, two) =
            tokio::join!(store.replace(Some(seen), &rings[0]), rival.replace(Some(seen), &rings[1]));
        let winner = match (&one, &two) {
            (Ok(()), Err(KeyRingError::Conflict)) => &rings[0],
            (Err(KeyRingError::Conflict), Ok(())) => &rings[1],
            _ => panic!("round {round}: {one:?} and {two:?}"),
        };
        let (ring, revision) = held(store).await;
        assert_eq!((&ring, revision > seen), (winner, true), "round {round}");
    }
}

/// Concurrent runs of `establish` make one key.
pub(crate) async fn contract_of_first_ring<S, K>(store: S, keys: K)
where
    S: KeyRingStore + Clone,
    K: KeyMaker + KeyDisposal + Clone,
{
    let now = Timestamp::from_unix_seconds(NOW);
    let runs: Vec<_> = (0..8)
        .map(|_| {
            let (store, keys) = (store.clone(), keys.clone());
            tokio::spawn(async move { establish(&store, &keys, &policy(SigningAlgorithm::Es256), now).await })
        })
        .collect();
    let (ring, revision) = {
        let mut rings = Vec::new();
        for run in runs {
            rings.push(run.await.unwrap().unwrap().ring);
        }
        let held = held(&store).await;
        assert!(rings.iter().all(|ring| *ring == held.0), "all runs returned the stored ring");
        held
    };
    assert_eq!((ring.keys().len(), revision), (1, Revision(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_in_memory() {
    let ring = MemoryRing::default();
    contract(ring.clone(), ring, &SoftwareKeys).await;
    contract_of_first_ring(MemoryRing::default(), SoftwareKeys).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| KeyRingFile::new(folder.path().join(name));
    contract(at("ring.json"), at("ring.json"), &SoftwareKeys).await;
    contract_of_first_ring(at("another.json"), SoftwareKeys).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_in_a_file_with_the_extension_of_a_lock() {
    let folder = tempfile::tempdir().unwrap();
    let at = || KeyRingFile::new(folder.path().join("ring.lock"));
    contract(at(), at(), &SoftwareKeys).await;
}
