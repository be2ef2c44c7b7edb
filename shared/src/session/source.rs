//! Where the keys that verify sessions come from.

use std::sync::Arc;

use super::{SessionKey, SessionKeySet};
use crate::{error::Cause, timestamp::Timestamp};

/// Knows the public keys that sessions are verified with.
pub trait SessionKeySource: Send + Sync {
    /// Returns the key `key_id`, or `None` if the newest available set lacks it.
    fn find(
        &self,
        key_id: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<SessionKey>, SessionKeyError>> + Send;
}

impl<K: SessionKeySource> SessionKeySource for Arc<K> {
    async fn find(&self, key_id: &str, now: Timestamp) -> Result<Option<SessionKey>, SessionKeyError> {
        self.as_ref().find(key_id, now).await
    }
}

/// A fixed set, never renewed.
impl SessionKeySource for SessionKeySet {
    async fn find(&self, key_id: &str, _: Timestamp) -> Result<Option<SessionKey>, SessionKeyError> {
        Ok(self.key(key_id).cloned())
    }
}

/// The keys that verify sessions are not available.
#[derive(Debug, thiserror::Error)]
#[error("the session keys are unavailable")]
pub struct SessionKeyError(#[source] pub Cause);
