//! Where the keys that verify sessions, and the revocations, come from.

use std::sync::Arc;

use super::SessionKeySet;
use crate::{error::Cause, public_key::PublicKey, revocation::Revocations, timestamp::Timestamp};

/// Knows the public keys that sessions are verified with, and what was revoked before its time.
pub trait SessionKeySource: Send + Sync {
    /// Returns the key `key_id`, or `None` if the newest available set lacks it.
    fn find(
        &self,
        key_id: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<PublicKey>, SessionKeyError>> + Send;

    /// Returns the newest revocation document that is known at `now`, of whatever age; [`Revocations::none`] if there never was
    /// one. Asked for every session.
    fn revocations(&self, now: Timestamp) -> impl Future<Output = Arc<Revocations>> + Send;
}

impl<K: SessionKeySource> SessionKeySource for Arc<K> {
    async fn find(&self, key_id: &str, now: Timestamp) -> Result<Option<PublicKey>, SessionKeyError> {
        self.as_ref().find(key_id, now).await
    }

    async fn revocations(&self, now: Timestamp) -> Arc<Revocations> {
        self.as_ref().revocations(now).await
    }
}

impl<K: SessionKeySource> SessionKeySource for &K {
    async fn find(&self, key_id: &str, now: Timestamp) -> Result<Option<PublicKey>, SessionKeyError> {
        K::find(self, key_id, now).await
    }

    async fn revocations(&self, now: Timestamp) -> Arc<Revocations> {
        K::revocations(self, now).await
    }
}

/// A fixed set, never renewed, and no revocation.
impl SessionKeySource for SessionKeySet {
    async fn find(&self, key_id: &str, _: Timestamp) -> Result<Option<PublicKey>, SessionKeyError> {
        Ok(self.key(key_id).cloned())
    }

    async fn revocations(&self, _: Timestamp) -> Arc<Revocations> {
        Arc::default()
    }
}

/// The keys that verify sessions are not available.
#[derive(Debug, thiserror::Error)]
#[error("the session keys are unavailable")]
pub struct SessionKeyError(#[source] pub Cause);
