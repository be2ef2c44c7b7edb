//! The service's key set for verifiers, without a network; and tokens signed with the service's key that the service
//! would never issue.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use pozi_auth::{
    fetch::{ConditionalFetch, DocumentFetch, FetchError, Fetched},
    issuer::REVOCATIONS_PATH,
    keyring::{ActiveKey, KeyRequirements, RING_LIFETIMES, RingSigner, Signer, SoftwareKeys},
    timestamp::Clock as _,
};
use serde_json::Value;

use crate::World;

/// The key set that a world publishes. Clones share state.
#[derive(Debug, Clone)]
pub struct PublishedDocument {
    world: World,
    outage: Arc<Mutex<Option<Outage>>>,
    calls: Arc<AtomicUsize>,
}

/// What is served instead of the key set.
#[derive(Debug, Clone)]
pub enum Outage {
    /// Status 503.
    Unavailable,
    /// Another document.
    OtherDocument(Vec<u8>),
}

impl PublishedDocument {
    /// The key set of `world`.
    pub fn of(world: &World) -> Self {
        Self { world: world.clone(), outage: Arc::default(), calls: Arc::default() }
    }

    /// Starts an outage.
    pub fn fail_with(&self, outage: Outage) {
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = Some(outage);
    }

    /// Ends the outage.
    pub fn recover(&self) {
        *self.outage.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Returns the number of fetches.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl DocumentFetch for PublishedDocument {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match outage {
            Some(Outage::Unavailable) => Err(FetchError::Status(503)),
            Some(Outage::OtherDocument(document)) => Ok(document),
            None => Ok(self.world.get("/.well-known/jwks.json", &[]).await.body),
        }
    }
}

/// The revocation document that a world publishes.
impl ConditionalFetch for PublishedDocument {
    async fn fetch_unless(&self, etag: Option<&str>) -> Result<Fetched, FetchError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match outage {
            Some(Outage::Unavailable) => return Err(FetchError::Status(503)),
            Some(Outage::OtherDocument(bytes)) => return Ok(Fetched::Document { bytes, etag: None }),
            None => {}
        }
        let headers: Vec<_> = etag.map(|etag| ("if-none-match", etag)).into_iter().collect();
        let answer = self.world.get(REVOCATIONS_PATH, &headers).await;
        match answer.status.as_u16() {
            304 => Ok(Fetched::Unchanged),
            200 => {
                let etag = answer.headers["etag"].to_str().ok().map(str::to_owned);
                Ok(Fetched::Document { bytes: answer.body, etag })
            }
            status => Err(FetchError::Status(status)),
        }
    }
}

impl World {
    /// Signs a token of any header and claims with the key that signs sessions now.
    pub async fn signed(&self, header: &Value, claims: &Value) -> String {
        let signing = RingSigner::new(Arc::new(self.ring.clone()), SoftwareKeys, RING_LIFETIMES);
        let key = signing.active(self.clock.now(), &KeyRequirements::default()).await;
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signed = key.expect("there is a signing key").signer.sign(message.as_bytes()).await;
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed.expect("the key signs")))
    }
}
