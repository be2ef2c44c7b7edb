//! The key that signs now, opened once from the stored ring and kept through its store's outages.

use std::{sync::Arc, time::Duration};

use super::{KeyId, KeyRing, SigningAlgorithm, SoftwareKey};
use crate::{
    last_good::{Cooldown, LastGood, Lifetimes},
    ports::{ActiveKey, KeyRingSource, Signer, SigningUnavailable},
    timestamp::Timestamp,
};

/// How long a ring that was read is used. A rotation policy must keep retired keys for longer than `keep`.
pub const RING_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_mins(1),
    keep: Duration::from_hours(24),
    cooldown: Duration::from_secs(10),
};

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
