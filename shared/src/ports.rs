//! What the service needs from the world outside, one method each, named for the need. Adapters implement these; the
//! rooms that decide never see them.

use std::sync::Arc;

use crate::{
    entra::KeySetLocation,
    identifiers::TenantId,
    keyring::{KeyRing, Revision, SigningKey},
    session::SessionKey,
    sites::Site,
    timestamp::Timestamp,
};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Fetches a tenant's published keys.
pub trait KeySetFetch: Send + Sync + 'static {
    /// The key set document at `location`, as served; at most 256 KiB, within 3 s.
    fn fetch(&self, location: KeySetLocation) -> impl Future<Output = Result<Vec<u8>, FetchError>> + Send;
}

/// Fetches one document that is always at the same address.
pub trait DocumentFetch: Send + Sync + 'static {
    /// The document as served; at most 256 KiB, within 3 s.
    fn fetch(&self) -> impl Future<Output = Result<Vec<u8>, FetchError>> + Send;
}

/// Knows the registered sites.
pub trait SiteRegistry: Send + Sync + 'static {
    /// The sites of `tenant`; none when it is not registered. One read, and no call to the tenant.
    fn sites_of(
        &self,
        tenant: TenantId,
    ) -> impl Future<Output = Result<Vec<Arc<Site>>, RegistryUnavailable>> + Send;
}

/// Reads the ring of signing keys.
pub trait KeyRingSource: Send + Sync + 'static {
    /// The ring and its revision, or nothing when none was ever stored.
    fn load(&self) -> impl Future<Output = Result<Option<(KeyRing, Revision)>, KeyRingError>> + Send;
}

/// Replaces the ring of signing keys.
pub trait KeyRingStore: KeyRingSource {
    /// Stores `ring` if the stored revision is still `expected` (none: nothing is stored yet).
    fn replace(
        &self,
        expected: Option<Revision>,
        ring: &KeyRing,
    ) -> impl Future<Output = Result<(), KeyRingError>> + Send;
}

/// Knows the key that signs sessions now.
pub trait ActiveKey: Send + Sync + 'static {
    /// What signs with it: a key in memory, or one that never leaves its vault.
    type Signer: Signer;

    /// The key that signs at `now`.
    fn active(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<Arc<SigningKey<Self::Signer>>, SigningUnavailable>> + Send;
}

/// Signs bytes.
pub trait Signer: Send + Sync + 'static {
    /// The JWS signature over `message` (RFC 7518 §3.3 for RS256, §3.4 for ES256: r‖s, not DER).
    fn sign(&self, message: &[u8]) -> impl Future<Output = Result<Vec<u8>, SigningUnavailable>> + Send;
}

/// Knows the public keys that sessions are verified with.
pub trait SessionKeySource: Send + Sync {
    /// The key of that id, or nothing when the newest set that may be had lacks it.
    fn find(
        &self,
        key_id: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<SessionKey>, SessionKeysUnavailable>> + Send;
}

impl<K: SessionKeySource> SessionKeySource for Arc<K> {
    async fn find(&self, key_id: &str, now: Timestamp) -> Result<Option<SessionKey>, SessionKeysUnavailable> {
        self.as_ref().find(key_id, now).await
    }
}

/// A document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Connecting, sending or receiving failed, or took too long.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// The answer was not 200. Redirects are not followed.
    #[error("answered with status {0}")]
    Status(u16),
    /// The answer was larger than the cap.
    #[error("answered with more than {0} bytes")]
    TooLarge(usize),
}

/// The registry cannot be read now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the site registry cannot be read: {0}")]
pub struct RegistryUnavailable(pub String);

/// The key ring cannot be read or replaced.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The store cannot be reached.
    #[error("the key ring's store cannot be reached: {0}")]
    Unavailable(String),
    /// What is stored is not a key ring. It is never replaced by a new one: that would end every session at once, and
    /// hide whatever happened to it.
    #[error("the stored key ring is damaged: {0}")]
    Damaged(String),
    /// Others than the service can read what is stored, private keys included.
    #[error("the stored key ring is not private: {0}")]
    Exposed(String),
    /// Somebody else replaced it in the meantime.
    #[error("the key ring was replaced by somebody else in the meantime")]
    Conflict,
}

/// Nothing can be signed now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no signing key is available: {0}")]
pub struct SigningUnavailable(pub String);

/// The session keys cannot be had now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the session keys are unavailable: {0}")]
pub struct SessionKeysUnavailable(pub String);
