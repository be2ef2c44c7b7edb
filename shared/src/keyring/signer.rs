//! The key that signs now, opened once from the stored ring and kept through its store's outages.

use std::{sync::Arc, time::Duration};

use super::{KeyId, KeyRing, SigningAlgorithm, SoftwareKey};
use crate::{
    last_good::{Cooldown, LastGood, Lifetimes},
    ports::{ActiveKey, KeyRingSource, Signer, SigningUnavailable},
    timestamp::Timestamp,
};

/// How long a signer uses a ring that it read. A rotation policy must keep retired keys for longer than `keep`.
pub const RING_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_mins(1),
    keep: Duration::from_hours(12),
    cooldown: Duration::from_secs(10),
};

/// How long a publisher uses one: for longer than a signer, so that in an outage of the ring's store no session is signed
/// whose key is no longer served.
pub const PUBLISHED_LIFETIMES: Lifetimes = Lifetimes { keep: Duration::from_hours(24), ..RING_LIFETIMES };

/// A key that signs, with what a token's header must say of it.
#[derive(Debug)]
pub struct SigningKey<S> {
    /// Its id.
    pub id: KeyId,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// What signs.
    pub signer: S,
}

/// Signs with the active key of a stored ring.
#[derive(Debug)]
pub struct RingSigner<R> {
    source: Arc<R>,
    active: Arc<LastGood<SigningKey<SoftwareKey>>>,
}

impl<R: KeyRingSource> RingSigner<R> {
    /// Reads the ring from `source`, when it is first needed and again as `lifetimes` say.
    pub fn new(source: Arc<R>, lifetimes: Lifetimes) -> Self {
        Self {
            source,
            active: LastGood::new("the key ring, to sign", lifetimes, Arc::new(Cooldown::default())),
        }
    }
}

impl<R: KeyRingSource> ActiveKey for RingSigner<R> {
    type Signer = SoftwareKey;

    async fn active(&self, now: Timestamp) -> Result<Arc<SigningKey<SoftwareKey>>, SigningUnavailable> {
        let source = Arc::clone(&self.source);
        let load = || async move {
            let stored = source.load().await.map_err(|error| error.to_string())?;
            stored.and_then(|(ring, _)| open(&ring)).ok_or_else(|| "no key ring is stored yet".to_owned())
        };
        let key = self.active.find(now, |_| true, load).await;
        key.map_err(|unavailable| SigningUnavailable(unavailable.to_string()))
    }
}

fn open(ring: &KeyRing) -> Option<SigningKey<SoftwareKey>> {
    let key = ring.active()?;
    let signer = SoftwareKey::open(ring.algorithm(), &key.private).ok()?;
    Some(SigningKey { id: key.id.clone(), algorithm: ring.algorithm(), signer })
}

impl<S: Signer> SigningKey<S> {
    /// The JWS signature over `message`.
    pub async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningUnavailable> {
        self.signer.sign(message).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::{
        keyring::{KeyState, Revision, RingKey},
        ports::KeyRingError,
    };

    const START: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
    const HALF_A_DAY: u64 = 12 * 3_600;

    /// A store that holds a ring, holds none, or is out of reach.
    struct Source {
        stored: Mutex<Result<Option<KeyRing>, &'static str>>,
        loads: AtomicUsize,
    }

    impl KeyRingSource for Source {
        async fn load(&self) -> Result<Option<(KeyRing, Revision)>, KeyRingError> {
            self.loads.fetch_add(1, Ordering::SeqCst);
            let stored = self.stored.lock().unwrap().clone();
            let stored = stored.map_err(|problem| KeyRingError::Unavailable(problem.into()))?;
            Ok(stored.map(|ring| (ring, Revision(1))))
        }
    }

    type Stored = Result<Option<KeyRing>, &'static str>;

    fn signer(stored: Stored) -> (Arc<Source>, RingSigner<Source>) {
        let source = Arc::new(Source { stored: Mutex::new(stored), loads: AtomicUsize::new(0) });
        (Arc::clone(&source), RingSigner::new(source, RING_LIFETIMES))
    }

    impl Source {
        fn becomes(&self, stored: Stored) {
            *self.stored.lock().unwrap() = stored;
        }
    }

    fn ring() -> KeyRing {
        let made = SoftwareKey::generate(SigningAlgorithm::Es256).unwrap();
        KeyRing::first(SigningAlgorithm::Es256, made, START).unwrap()
    }

    fn after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    async fn id_at(signer: &RingSigner<Source>, seconds: u64) -> Result<KeyId, String> {
        let key = signer.active(after(seconds)).await.map_err(|problem| problem.to_string())?;
        assert!(key.sign(b"message").await.is_ok());
        Ok(key.id.clone())
    }

    #[tokio::test]
    async fn goes_on_signing_for_half_a_day_while_its_store_is_out_of_reach() {
        for trouble in [Err("down"), Ok(None)] {
            let ring = ring();
            let (source, signer) = signer(Ok(Some(ring.clone())));
            let own = ring.active().unwrap().id.clone();
            assert_eq!(id_at(&signer, 0).await.as_ref(), Ok(&own));
            source.becomes(trouble);
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
    async fn reads_the_ring_once_a_minute_and_then_follows_it() {
        let (source, signer) = signer(Ok(Some(ring())));
        id_at(&signer, 0).await.unwrap();
        let next = ring();
        source.becomes(Ok(Some(next.clone())));
        let own = next.active().unwrap().id.clone();
        assert_ne!(id_at(&signer, 59).await.as_ref(), Ok(&own));
        assert_eq!(source.loads.load(Ordering::SeqCst), 1);
        assert_eq!(id_at(&signer, 60).await, Ok(own));
        assert_eq!(source.loads.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_store_out_of_reach_from_the_start_is_asked_every_ten_seconds() {
        let (source, signer) = signer(Err("down"));
        for seconds in 0..30 {
            assert!(id_at(&signer, seconds).await.is_err());
        }
        assert_eq!(source.loads.load(Ordering::SeqCst), 3);
        source.becomes(Ok(Some(ring())));
        assert!(id_at(&signer, 30).await.is_ok());
    }

    #[tokio::test]
    async fn only_the_active_key_signs() {
        let ring = ring();
        let made =
            |state| RingKey::new(SoftwareKey::generate(SigningAlgorithm::Es256).unwrap(), state).unwrap();
        let active = ring.active().unwrap().clone();
        let keys = vec![
            made(KeyState::Retiring { since: START }),
            active.clone(),
            made(KeyState::Pending { since: START }),
        ];
        let (_, signer) = signer(Ok(Some(ring.with_keys(keys.clone()))));
        assert_eq!(id_at(&signer, 0).await, Ok(active.id));
        let (_, signer) = self::signer(Ok(Some(ring.with_keys(vec![keys[0].clone(), keys[2].clone()]))));
        assert!(id_at(&signer, 0).await.is_err(), "a pending or retiring key never stands in");
    }

    #[tokio::test]
    async fn no_stored_ring_is_no_key() {
        let (_, signer) = signer(Ok(None));
        assert!(id_at(&signer, 0).await.is_err());
    }
}
