//! Where the ring is stored.

use super::{KeyRing, PublishedKeys, Revision};

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
