//! The service's own key set, without a network in between, for verifiers; and sessions signed with the service's own
//! key that the service itself would never mint.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pozi_auth::{
    fetch::{DocumentFetch, FetchError},
    keyring::{ActiveKey, RING_LIFETIMES, RingSigner, Signer, SoftwareKeys},
    timestamp::Timestamp,
};
use serde_json::Value;

use crate::World;

/// The key set that a world publishes. Clones are the same.
#[derive(Debug, Clone)]
pub struct PublishedDocument {
    world: World,
    trouble: Arc<Mutex<Option<Trouble>>>,
    calls: Arc<AtomicUsize>,
}

/// What is served instead of the key set.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// Status 503.
    Down,
    /// Another document.
    Document(Vec<u8>),
}

impl PublishedDocument {
    /// What `world` publishes.
    pub fn of(world: &World) -> Self {
        Self { world: world.clone(), trouble: Arc::default(), calls: Arc::default() }
    }

    /// From now on is in `trouble`, or well again.
    pub fn is_in(&self, trouble: Option<Trouble>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// How often it was fetched.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl DocumentFetch for PublishedDocument {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match trouble {
            Some(Trouble::Down) => Err(FetchError::Status(503)),
            Some(Trouble::Document(document)) => Ok(document),
            None => Ok(self.world.get("/.well-known/jwks.json", &[]).await.body),
        }
    }
}

impl World {
    /// A token of any header and claims, signed with the key that signs sessions now.
    ///
    /// # Panics
    /// When no key signs.
    #[expect(clippy::expect_used, reason = "a world without a key fails its test")]
    pub async fn signed(&self, header: &Value, claims: &Value) -> String {
        let signing = RingSigner::new(Arc::new(self.ring.clone()), SoftwareKeys, RING_LIFETIMES);
        let key = signing.active(Timestamp::from_unix_seconds(self.clock.unix_seconds())).await;
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signed = key.expect("a key signs").signer.sign(message.as_bytes()).await;
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed.expect("the key signs")))
    }
}
