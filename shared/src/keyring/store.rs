//! Where the key ring is stored.

use super::{KeyRing, PublishedKeySet};
use crate::{error::Cause, revision::Revision};

/// Reads the key ring.
pub trait KeyRingSource: Send + Sync + 'static {
    /// Returns the ring and its revision, or `None` if none was ever stored.
    fn load(&self) -> impl Future<Output = Result<Option<(KeyRing, Revision)>, KeyRingError>> + Send;
}

/// Replaces the key ring.
pub trait KeyRingStore: KeyRingSource {
    /// Stores `ring` if the stored revision is still `expected` (`None`: nothing is stored yet).
    fn replace(
        &self,
        expected: Option<Revision>,
        ring: &KeyRing,
    ) -> impl Future<Output = Result<(), KeyRingError>> + Send;
}

/// Reads the public keys of the ring.
pub trait PublishedKeySource: Send + Sync + 'static {
    /// Returns the keys to publish, or `None` if no ring was ever stored.
    fn published(&self) -> impl Future<Output = Result<Option<PublishedKeySet>, KeyRingError>> + Send;
}

impl<S: KeyRingSource> PublishedKeySource for S {
    async fn published(&self) -> Result<Option<PublishedKeySet>, KeyRingError> {
        Ok(self.load().await?.map(|(ring, _)| PublishedKeySet::of(&ring)))
    }
}

/// The key ring cannot be read or replaced.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The store does not answer.
    #[error("the key ring's store cannot be reached")]
    Unavailable(#[source] Cause),
    /// What is stored is not a key ring. It is never replaced by a new one, which would end every session at once and
    /// hide what happened to the old one.
    #[error("the stored key ring is damaged")]
    Damaged(#[source] Cause),
    /// Others than the service can read what is stored, private keys included.
    #[error("the stored key ring is not private")]
    Exposed(#[source] Cause),
    /// The stored revision is not the expected one.
    #[error("another writer replaced the key ring in the meantime")]
    Conflict,
}
