//! Where the keys that verify sessions, and the revocations, come from.

use std::{sync::Arc, time::Duration};

use super::{SessionKey, SessionKeySet};
use crate::{error::Cause, revocation::Revocations, timestamp::Timestamp};

/// Knows the public keys that sessions are verified with, and what was revoked before its time.
pub trait SessionKeySource: Send + Sync {
    /// Returns the key `key_id`, or `None` if the newest available set lacks it.
    fn find(
        &self,
        key_id: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<SessionKey>, SessionKeyError>> + Send;

    /// Returns what is revoked at `now`. Asked for every session; a source that never learns of any revocation returns
    /// [`Revocations::none`].
    fn revocations(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<Arc<Revocations>, RevocationsUnavailableError>> + Send;
}

impl<K: SessionKeySource> SessionKeySource for Arc<K> {
    async fn find(&self, key_id: &str, now: Timestamp) -> Result<Option<SessionKey>, SessionKeyError> {
        self.as_ref().find(key_id, now).await
    }

    async fn revocations(&self, now: Timestamp) -> Result<Arc<Revocations>, RevocationsUnavailableError> {
        self.as_ref().revocations(now).await
    }
}

/// A fixed set, never renewed, and no revocation.
impl SessionKeySource for SessionKeySet {
    async fn find(&self, key_id: &str, _: Timestamp) -> Result<Option<SessionKey>, SessionKeyError> {
        Ok(self.key(key_id).cloned())
    }

    async fn revocations(&self, _: Timestamp) -> Result<Arc<Revocations>, RevocationsUnavailableError> {
        Ok(Arc::default())
    }
}

/// The keys that verify sessions are not available.
#[derive(Debug, thiserror::Error)]
#[error("the session keys are unavailable")]
pub struct SessionKeyError(#[source] pub Cause);

/// The newest revocation document is older than the site accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the newest revocation document is {} s old, and the site accepts at most {} s; check that this machine reaches the service",
    age.as_secs(), limit.as_secs()
)]
pub struct RevocationsUnavailableError {
    /// Its age, or the time since the start of the process if there was none.
    pub age: Duration,
    /// The age that the site accepts.
    pub limit: Duration,
}
