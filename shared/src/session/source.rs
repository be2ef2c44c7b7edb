//! Where the keys that verify sessions come from.

use std::sync::Arc;

use super::{KeySet, SessionKey};
use crate::timestamp::Timestamp;

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

/// A set at hand, as it is.
impl SessionKeySource for KeySet {
    async fn find(&self, key_id: &str, _: Timestamp) -> Result<Option<SessionKey>, SessionKeysUnavailable> {
        Ok(self.key(key_id).cloned())
    }
}

/// The session keys cannot be had now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the session keys are unavailable: {0}")]
pub struct SessionKeysUnavailable(pub String);
