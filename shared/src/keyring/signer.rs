//! The active key of the stored ring, opened once and kept through outages of the store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    ActiveKey, KeyId, KeyOpener, KeyRequirements, KeyRing, KeyRingSource, KeyState, RingKey,
    SigningAlgorithm, SigningError, SigningKey, VaultError,
};
use crate::{
    error::{Cause, with_causes},
    last_good::{Cooldown, LastGood, LastGoodError, Lifetimes},
    revision::Revision,
    timestamp::Timestamp,
};

/// How long a signer uses a ring. A rotation policy must keep retired keys for longer than `keep`.
pub const RING_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_mins(1),
    background: Duration::from_mins(15),
    keep: Duration::from_hours(12),
    cooldown: Duration::from_secs(1),
};

/// How long a publisher uses a ring: longer than a signer does, so that in an outage of the store no session is signed with
/// a key that is no longer published. It reads a new ring within seconds: after a key was revoked, another one may sign at
/// once, and our verifiers then need it.
pub const PUBLISHED_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_secs(5),
    background: Duration::ZERO,
    keep: Duration::from_hours(24),
    ..RING_LIFETIMES
};

/// Signs with the active key of a stored ring, opened once.
#[derive(Debug)]
pub struct RingSigner<R, O: KeyOpener> {
    source: Arc<R>,
    opened: Arc<Opened<O>>,
    active: Arc<LastGood<Active<O::Signer>>>,
}

/// The key that signs, and the revision of its ring.
#[derive(Debug)]
struct Active<S> {
    ring: Revision,
    key: Arc<SigningKey<S>>,
}

/// The opened keys of the current ring, so that reading the ring again does not cost a call to the vault.
#[derive(Debug)]
struct Opened<O: KeyOpener> {
    opener: O,
    keys: Mutex<HashMap<KeyId, Arc<SigningKey<O::Signer>>>>,
}

impl<R: KeyRingSource, O: KeyOpener> RingSigner<R, O> {
    /// Creates a signer that reads the ring from `source` when it is first needed and then as `lifetimes` say, and opens
    /// its keys with `opener`.
    pub fn new(source: Arc<R>, opener: O, lifetimes: Lifetimes) -> Self {
        Self {
            source,
            opened: Arc::new(Opened { opener, keys: Mutex::default() }),
            active: LastGood::counted(
                "signing_key",
                "the key ring, to sign",
                lifetimes,
                Arc::new(Cooldown::default()),
            ),
        }
    }
}

impl<R: KeyRingSource, O: KeyOpener> ActiveKey for RingSigner<R, O> {
    type Signer = O::Signer;

    async fn active(
        &self,
        now: Timestamp,
        requirements: &KeyRequirements,
    ) -> Result<Arc<SigningKey<O::Signer>>, SigningError> {
        let (source, opened) = (Arc::clone(&self.source), Arc::clone(&self.opened));
        let load = || async move {
            let (ring, revision) = source.load().await?.ok_or("no key ring is stored yet")?;
            Ok::<_, Cause>((Active { ring: revision, key: opened.active_of(&ring).await? }, now))
        };
        let wanted = requirements.clone();
        let satisfies = move |active: &Active<O::Signer>| wanted.check(active.ring, &active.key.id).is_ok();
        match self.active.find(now, satisfies, load).await {
            Ok(active) => Ok(Arc::clone(&active.key)),
            Err(LastGoodError::Missing { .. }) => Err(SigningError(self.why_unusable(requirements))),
            Err(error) => Err(SigningError(error.into())),
        }
    }
}

impl<R, O: KeyOpener> RingSigner<R, O> {
    /// Returns why the key of the ring that was just read may not sign.
    fn why_unusable(&self, requirements: &KeyRequirements) -> Cause {
        let held = self.active.held();
        let refused = held.and_then(|(active, _)| requirements.check(active.ring, &active.key.id).err());
        refused.map_or_else(|| "the ring's key may not sign".into(), Into::into)
    }
}

impl<O: KeyOpener> Opened<O> {
    /// Returns the active key of `ring`. The pending one is opened as well, so that it can become active while the vault
    /// does not answer. If it cannot be opened, that matters only once it is active.
    async fn active_of(&self, ring: &KeyRing) -> Result<Arc<SigningKey<O::Signer>>, Cause> {
        let active = ring.active().ok_or("no key of the ring is active")?;
        let next = ring.keys().iter().find(|key| matches!(key.state, KeyState::Pending { .. }));
        let open_next = async {
            match next {
                Some(key) => self.open(key, ring.algorithm()).await.map(Some),
                None => Ok(None),
            }
        };
        let (active, next) = tokio::join!(self.open(active, ring.algorithm()), open_next);
        if let Err(error) = &next {
            tracing::warn!(problem = with_causes(error), "the next signing key cannot be opened");
        }
        let active = active?;
        let kept = next.ok().flatten().into_iter().chain([Arc::clone(&active)]);
        *self.held() = kept.map(|key| (key.id.clone(), key)).collect();
        Ok(active)
    }

    async fn open(
        &self,
        key: &RingKey,
        algorithm: SigningAlgorithm,
    ) -> Result<Arc<SigningKey<O::Signer>>, VaultError> {
        let held = self.held().get(&key.id).cloned();
        if let Some(held) = held {
            return Ok(held);
        }
        let signer = self.opener.open(key, algorithm).await?;
        Ok(Arc::new(SigningKey { id: key.id.clone(), algorithm, signer }))
    }

    /// Ignores poisoning: every critical section only reads or replaces the map.
    fn held(&self) -> MutexGuard<'_, HashMap<KeyId, Arc<SigningKey<O::Signer>>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{
        keyring::{KeyRingError, PrivateHalf, Signer, SoftwareKey, SoftwareKeys, ring::testing::new_key},
        revision::Revision,
    };

    const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
    const HALF_A_DAY: u64 = 12 * 3_600;

    /// A store that has a ring, has none, or does not answer.
    struct Source {
        stored: Mutex<Result<Option<KeyRing>, &'static str>>,
        loads: AtomicUsize,
    }

    impl KeyRingSource for Source {
        async fn load(&self) -> Result<Option<(KeyRing, Revision)>, KeyRingError> {
            self.loads.fetch_add(1, Ordering::SeqCst);
            let stored = self.stored.lock().unwrap().clone();
            let stored = stored.map_err(|error| KeyRingError::Unavailable(error.into()))?;
            Ok(stored.map(|ring| (ring, Revision(1))))
        }
    }

    type Stored = Result<Option<KeyRing>, &'static str>;

    type Signing = RingSigner<Source, Arc<Vault>>;

    /// Opens keys and counts them, unless it is down.
    #[derive(Debug, Default)]
    struct Vault {
        opened: AtomicUsize,
        down: Mutex<bool>,
    }

    impl KeyOpener for Arc<Vault> {
        type Signer = SoftwareKey;

        async fn open(&self, key: &RingKey, algorithm: SigningAlgorithm) -> Result<SoftwareKey, VaultError> {
            self.opened.fetch_add(1, Ordering::SeqCst);
            let down = *self.down.lock().unwrap();
            if down { Err(VaultError::Vault("down".into())) } else { SoftwareKeys.open(key, algorithm).await }
        }
    }

    fn signer(stored: Stored) -> (Arc<Source>, Signing) {
        let (source, _, signer) = signer_with_vault(stored);
        (source, signer)
    }

    fn signer_with_vault(stored: Stored) -> (Arc<Source>, Arc<Vault>, Signing) {
        let source = Arc::new(Source { stored: Mutex::new(stored), loads: AtomicUsize::new(0) });
        let vault = Arc::new(Vault::default());
        (Arc::clone(&source), Arc::clone(&vault), RingSigner::new(source, vault, RING_LIFETIMES))
    }

    impl Source {
        fn becomes(&self, stored: Stored) {
            *self.stored.lock().unwrap() = stored;
        }
    }

    fn ring() -> KeyRing {
        KeyRing::first(SigningAlgorithm::Es256, new_key(SigningAlgorithm::Es256), START).unwrap()
    }

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    /// Returns the id of the key that signs then, and lets a read in the background end.
    async fn id_at(signer: &Signing, seconds: u64) -> Result<KeyId, String> {
        let key = signer.active(after(seconds), &KeyRequirements::default()).await;
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let key = key.map_err(|error| with_causes(&error))?;
        assert!(key.signer.sign(b"message").await.is_ok());
        Ok(key.id.clone())
    }

    #[test]
    fn a_ring_is_published_for_longer_than_it_signs() {
        assert!(PUBLISHED_LIFETIMES.keep > RING_LIFETIMES.keep + RING_LIFETIMES.fresh);
    }

    #[tokio::test]
    async fn signs_for_half_a_day_while_the_store_does_not_answer() {
        for outage in [Err("down"), Ok(None)] {
            let ring = ring();
            let (source, signer) = signer(Ok(Some(ring.clone())));
            let own = ring.active().unwrap().id.clone();
            assert_eq!(id_at(&signer, 0).await.as_ref(), Ok(&own));
            source.becomes(outage);
            for seconds in [1, 59, 60, 61, 3_600, HALF_A_DAY - 1] {
                assert_eq!(id_at(&signer, seconds).await.as_ref(), Ok(&own), "after {seconds} s");
            }
            assert!(
                id_at(&signer, HALF_A_DAY).await.unwrap_err().starts_with("no signing key is available: ")
            );
            source.becomes(Ok(Some(ring)));
            assert_eq!(id_at(&signer, HALF_A_DAY + 10).await, Ok(own));
        }
    }

    #[tokio::test]
    async fn reads_the_ring_once_a_minute_and_follows_it_when_asked_twice() {
        let (source, signer) = signer(Ok(Some(ring())));
        id_at(&signer, 0).await.unwrap();
        let next = ring();
        source.becomes(Ok(Some(next.clone())));
        let own = next.active().unwrap().id.clone();
        assert_ne!(id_at(&signer, 59).await.as_ref(), Ok(&own));
        assert_eq!(source.loads.load(Ordering::SeqCst), 1);
        assert_ne!(id_at(&signer, 60).await.as_ref(), Ok(&own));
        assert_eq!(id_at(&signer, 60).await.as_ref(), Ok(&own));
        assert_eq!(source.loads.load(Ordering::SeqCst), 2);
        let last = ring();
        source.becomes(Ok(Some(last.clone())));
        let last = last.active().unwrap().id.clone();
        assert_eq!(id_at(&signer, 60 + 900).await, Ok(last), "a ring of a quarter of an hour is waited for");
    }

    #[tokio::test]
    async fn a_key_that_does_not_satisfy_is_never_returned_and_the_ring_is_read_anew() {
        let (old, new) = (ring(), ring());
        let [leaked, own] = [&old, &new].map(|ring| ring.active().unwrap().id.clone());
        let (source, signer) = signer(Ok(Some(old)));
        let revoked = KeyRequirements { revoked: [leaked.clone()].into(), ring_from: Revision(1) };
        let restored = KeyRequirements { revoked: [].into(), ring_from: Revision(2) };
        let at = async |seconds, requirements: &KeyRequirements| {
            let key = signer.active(after(seconds), requirements).await;
            key.map(|key| key.id.clone()).map_err(|error| with_causes(&error))
        };
        assert_eq!(id_at(&signer, 0).await.as_ref(), Ok(&leaked));
        for (seconds, requirements, says) in [
            (1, &revoked, format!("key {leaked} signs by the stored key ring, and was revoked")),
            (3, &restored, "has revision 1, and revision 2 was in use before".to_owned()),
        ] {
            let refused = at(seconds, requirements).await.unwrap_err();
            assert!(
                refused.starts_with("no signing key is available: ") && refused.contains(&says),
                "{refused}"
            );
        }
        assert_eq!(source.loads.load(Ordering::SeqCst), 3);
        source.becomes(Ok(Some(new)));
        assert_eq!(at(5, &revoked).await, Ok(own));
    }

    #[tokio::test]
    async fn asks_a_store_that_is_down_from_the_start_once_a_second() {
        let (source, signer) = signer(Err("down"));
        for seconds in [0, 0, 0, 1, 1, 2] {
            assert!(id_at(&signer, seconds).await.is_err());
        }
        assert_eq!(source.loads.load(Ordering::SeqCst), 3);
        source.becomes(Ok(Some(ring())));
        assert!(id_at(&signer, 3).await.is_ok());
    }

    #[tokio::test]
    async fn opens_a_key_once_however_often_the_ring_is_read() {
        let ring = ring();
        let (source, vault, signer) = signer_with_vault(Ok(Some(ring.clone())));
        for minutes in 0..10 {
            id_at(&signer, minutes * 60).await.unwrap();
        }
        assert_eq!((source.loads.load(Ordering::SeqCst), vault.opened.load(Ordering::SeqCst)), (10, 1));
    }

    #[tokio::test]
    async fn the_pending_key_can_become_active_while_the_vault_is_down() {
        let (before, after) = with_next();
        let next = after.active().unwrap().id.clone();
        let (source, vault, signer) = signer_with_vault(Ok(Some(before)));
        assert_ne!(id_at(&signer, 0).await.unwrap(), next);
        *vault.down.lock().unwrap() = true;
        source.becomes(Ok(Some(after)));
        assert_ne!(id_at(&signer, 60).await.unwrap(), next);
        assert_eq!(id_at(&signer, 60).await.unwrap(), next);
    }

    #[tokio::test]
    async fn a_pending_key_that_cannot_be_opened_does_not_affect_the_active_one() {
        let (before, after) = with_next();
        let own = before.active().unwrap().id.clone();
        let seal = |key: &RingKey| match key.state {
            KeyState::Pending { .. } => RingKey { private: PrivateHalf::Sealed(vec![1]), ..key.clone() },
            _ => key.clone(),
        };
        let spoiled = before.with_keys(before.keys().iter().map(seal).collect());
        let (source, _, signer) = signer_with_vault(Ok(Some(spoiled)));
        assert_eq!(id_at(&signer, 0).await.as_ref(), Ok(&own));
        let sealed = |key: &RingKey| RingKey { private: PrivateHalf::Sealed(vec![1]), ..key.clone() };
        source.becomes(Ok(Some(after.with_keys(after.keys().iter().map(sealed).collect()))));
        assert_eq!(
            id_at(&signer, 60).await,
            Ok(own),
            "an active key that cannot be opened leaves the last good one"
        );
    }

    /// A ring with a pending key, and the same ring with that key active.
    fn with_next() -> (KeyRing, KeyRing) {
        let first = ring();
        let active = first.active().unwrap().clone();
        let next =
            RingKey::new(new_key(SigningAlgorithm::Es256), KeyState::Pending { since: START }).unwrap();
        let before = first.with_keys(vec![active.clone(), next.clone()]);
        let after = first.with_keys(vec![
            RingKey { state: KeyState::Retiring { since: START }, ..active },
            RingKey { state: KeyState::Active { since: START }, ..next },
        ]);
        (before, after)
    }

    #[tokio::test]
    async fn only_the_active_key_signs() {
        let ring = ring();
        let key = |state| RingKey::new(new_key(SigningAlgorithm::Es256), state).unwrap();
        let active = ring.active().unwrap().clone();
        let keys = vec![
            key(KeyState::Retiring { since: START }),
            active.clone(),
            key(KeyState::Pending { since: START }),
        ];
        let (_, signer) = signer(Ok(Some(ring.with_keys(keys.clone()))));
        assert_eq!(id_at(&signer, 0).await, Ok(active.id));
        let (_, signer) = self::signer(Ok(Some(ring.with_keys(vec![keys[0].clone(), keys[2].clone()]))));
        assert!(id_at(&signer, 0).await.is_err(), "a pending or retiring key never signs");
    }

    #[tokio::test]
    async fn without_a_stored_ring_there_is_no_key() {
        let (_, signer) = signer(Ok(None));
        assert!(id_at(&signer, 0).await.is_err());
    }
}
