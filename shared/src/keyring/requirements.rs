//! What the key that signs must satisfy, by what is known from elsewhere: the list of revoked keys.

use std::sync::Arc;

use super::KeyId;
use crate::revision::Revision;

/// What the key that signs must satisfy. The default demands nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyRequirements {
    /// The keys that must not sign, whatever the ring says.
    pub revoked: Arc<[KeyId]>,
    /// The lowest revision of the ring whose keys may sign: the highest that was in use before.
    pub ring_from: Revision,
}

/// The stored key ring is older than one that was in use before: it was restored from a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the stored key ring has revision {stored}, and revision {known} was in use before: an older ring was restored, whose keys may have been revoked; if it is meant, run `pozi keys accept-restored`"
)]
pub struct RestoredRingError {
    /// The stored ring's revision.
    pub stored: Revision,
    /// The highest known.
    pub known: Revision,
}

/// The key that signs by the stored ring may not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKeyError {
    /// It is of a restored ring.
    #[error(transparent)]
    Restored(#[from] RestoredRingError),
    /// It was revoked.
    #[error(
        "key {0} signs by the stored key ring, and was revoked; make another one with `pozi keys revoke {0}`"
    )]
    Revoked(KeyId),
}

impl KeyRequirements {
    /// Refuses a ring of the revision `stored` if a later one was in use before.
    pub fn check_ring(&self, stored: Revision) -> Result<(), RestoredRingError> {
        if stored < self.ring_from {
            Err(RestoredRingError { stored, known: self.ring_from })
        } else {
            Ok(())
        }
    }

    /// Refuses the key `key` of a ring of the revision `stored`.
    pub fn check(&self, stored: Revision, key: &KeyId) -> Result<(), UnusableKeyError> {
        self.check_ring(stored)?;
        if self.revoked.contains(key) { Err(UnusableKeyError::Revoked(key.clone())) } else { Ok(()) }
    }
}
