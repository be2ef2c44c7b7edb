//! The sources of a tenant's keys.

use std::sync::Arc;

use super::KeySetLocation;
use crate::{fetch::FetchError, timestamp::Timestamp};

/// A key set that was fetched earlier and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKeySet {
    /// The document, as served.
    pub document: Arc<[u8]>,
    /// When it was fetched.
    pub fetched: Timestamp,
}

/// Fetches a tenant's published keys.
pub trait KeySetFetch: Send + Sync + 'static {
    /// Fetches the key set document at `location`, of at most 256 KiB, within 3 s.
    fn fetch(&self, location: KeySetLocation) -> impl Future<Output = Result<Vec<u8>, FetchError>> + Send;
}

/// Remembers key sets that another program fetched, so that a cold start needs no call to Entra.
pub trait KeySetMemory: Send + Sync + 'static {
    /// Returns the key set at `location` if it is in memory, without any I/O.
    fn recall(&self, location: KeySetLocation) -> Option<StoredKeySet>;
}

impl<M: KeySetMemory> KeySetMemory for Arc<M> {
    fn recall(&self, location: KeySetLocation) -> Option<StoredKeySet> {
        M::recall(self, location)
    }
}
