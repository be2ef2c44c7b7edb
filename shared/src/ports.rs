//! What the service needs from the world outside, one method each, named for the need. Adapters implement these; the
//! rooms that decide never see them.

use std::sync::Arc;

use crate::{
    entra::{KeySetLocation, StoredKeySet},
    identifiers::TenantId,
    keyring::{
        KeyRing, MadeKey, PrivateHalf, PublishedKeys, Revision, RingKey, SigningAlgorithm, SigningKey,
    },
    registry::TenantRecord,
    session::SessionKey,
    sites::{Site, SiteRevision, StoredSite, TenantSites},
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
    /// The sites of `tenant`; none when it is not registered. One read at most, and no call to the tenant.
    fn sites_of(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Arc<TenantSites>, RegistryUnavailable>> + Send;
}

impl<R: SiteRegistry> SiteRegistry for Arc<R> {
    async fn sites_of(
        &self,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Arc<TenantSites>, RegistryUnavailable> {
        R::sites_of(self, tenant, now).await
    }
}

/// Reads what is stored of one tenant.
pub trait TenantSource: Send + Sync + 'static {
    /// Everything that is stored of `tenant`, in one read; an empty record when that is nothing.
    fn record_of(
        &self,
        tenant: TenantId,
    ) -> impl Future<Output = Result<TenantRecord, RegistryUnavailable>> + Send;
}

/// Reads what is stored of every tenant.
pub trait AllTenants: Send + Sync + 'static {
    /// The stored sites of every registered tenant.
    fn all(
        &self,
    ) -> impl Future<Output = Result<Vec<(TenantId, Vec<StoredSite>)>, RegistryUnavailable>> + Send;
}

/// Replaces the document of a stored site.
pub trait SiteStore: Send + Sync + 'static {
    /// Stores `document`, which `site` was compiled from, as its next revision, if the stored revision is still
    /// `expected` (none: the site is not registered yet). Returns the new revision.
    fn put(
        &self,
        site: &Site,
        document: &str,
        expected: Option<SiteRevision>,
    ) -> impl Future<Output = Result<SiteRevision, SiteStoreError>> + Send;
}

/// Remembers the tenants' key sets that somebody else fetched, so that a cold start needs no call to Entra.
pub trait KeySetMemory: Send + Sync + 'static {
    /// The key set at `location` as far as it is at hand; waits for nobody.
    fn recall(&self, location: KeySetLocation) -> Option<StoredKeySet>;
}

impl<M: KeySetMemory> KeySetMemory for Arc<M> {
    fn recall(&self, location: KeySetLocation) -> Option<StoredKeySet> {
        M::recall(self, location)
    }
}

/// Keeps a tenant's key set for others.
pub trait KeySetStore: Send + Sync + 'static {
    /// Keeps `document`, the key set at `location` as served at `fetched`, unless a newer one is kept already.
    fn keep(
        &self,
        location: KeySetLocation,
        document: &[u8],
        fetched: Timestamp,
    ) -> impl Future<Output = Result<(), RegistryUnavailable>> + Send;
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

/// Reads the public half of the ring.
pub trait PublishedKeySource: Send + Sync + 'static {
    /// The keys to publish, or nothing when no ring was ever stored.
    fn published(&self) -> impl Future<Output = Result<Option<PublishedKeys>, KeyRingError>> + Send;
}

/// Who reads the whole ring needs no other source for its public half.
impl<S: KeyRingSource> PublishedKeySource for S {
    async fn published(&self) -> Result<Option<PublishedKeys>, KeyRingError> {
        Ok(self.load().await?.map(|(ring, _)| PublishedKeys::of(&ring)))
    }
}

/// Makes signing keys.
pub trait KeyMaker: Send + Sync + 'static {
    /// A new key of `algorithm`.
    fn make(&self, algorithm: SigningAlgorithm) -> impl Future<Output = Result<MadeKey, KeyTrouble>> + Send;
}

/// Opens the private halves of signing keys.
pub trait KeyOpener: Send + Sync + 'static {
    /// What signs with an opened key.
    type Signer: Signer;

    /// The signer of `key`, whose ring is of `algorithm`.
    fn open(
        &self,
        key: &RingKey,
        algorithm: SigningAlgorithm,
    ) -> impl Future<Output = Result<Self::Signer, KeyTrouble>> + Send;
}

/// Does away with private halves that no ring holds any more.
pub trait KeyDisposal: Send + Sync + 'static {
    /// Does away with `private`; what is gone already is no trouble.
    fn dispose(&self, private: &PrivateHalf) -> impl Future<Output = Result<(), KeyTrouble>> + Send;
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

/// A site's document cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteStoreError {
    /// The store cannot be reached.
    #[error(transparent)]
    Unavailable(#[from] RegistryUnavailable),
    /// Somebody else replaced it in the meantime.
    #[error("the site was changed by somebody else in the meantime")]
    Conflict,
}

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

/// A signing key cannot be made, opened or done away with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyTrouble {
    /// The library or the vault made none.
    #[error("no key could be made")]
    NotMade,
    /// The vault cannot be reached, or refuses.
    #[error("the vault of the private keys: {0}")]
    Vault(String),
    /// What the vault opened is not the key's private half.
    #[error("the private half of key {id} does not fit it, or was sealed for another key, table or issuer")]
    Unfit {
        /// The key.
        id: String,
    },
    /// The ring keeps its private halves in another way than this service is set up for.
    #[error("the private half of key {id} is kept in another way than POZI_SIGNING says")]
    KeptElsewhere {
        /// The key.
        id: String,
    },
}

/// Nothing can be signed now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no signing key is available: {0}")]
pub struct SigningUnavailable(pub String);

/// The session keys cannot be had now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the session keys are unavailable: {0}")]
pub struct SessionKeysUnavailable(pub String);
