//! Where a tenant's keys come from.

use std::sync::Arc;

use super::KeySetLocation;
use crate::{fetch::FetchError, timestamp::Timestamp};

/// A key set that somebody fetched and kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKeySet {
    /// The document, as served.
    pub document: Arc<[u8]>,
    /// When it was fetched.
    pub fetched: Timestamp,
}

/// Fetches a tenant's published keys.
pub trait KeySetFetch: Send + Sync + 'static {
    /// The key set document at `location`, as served; at most 256 KiB, within 3 s.
    fn fetch(&self, location: KeySetLocation) -> impl Future<Output = Result<Vec<u8>, FetchError>> + Send;
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
