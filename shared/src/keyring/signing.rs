//! What signs sessions.

use std::sync::Arc;

use super::{KeyId, KeyRequirements, SigningAlgorithm};
use crate::{error::Cause, timestamp::Timestamp};

/// A key that signs, with what a token's header must say about it.
#[derive(Debug)]
pub struct SigningKey<S> {
    /// The key's id.
    pub id: KeyId,
    /// The algorithm that it signs with.
    pub algorithm: SigningAlgorithm,
    /// What makes the signatures.
    pub signer: S,
}

/// Knows the key that signs sessions now.
pub trait ActiveKey: Send + Sync + 'static {
    /// What signs with it: a key in memory, or one that never leaves its vault.
    type Signer: Signer;

    /// Returns the key that signs at `now`. One that does not satisfy `requirements` is never returned: the ring is read anew, and
    /// if that does not help, there is none.
    fn active(
        &self,
        now: Timestamp,
        requirements: &KeyRequirements,
    ) -> impl Future<Output = Result<Arc<SigningKey<Self::Signer>>, SigningError>> + Send;
}

impl<K: ActiveKey> ActiveKey for Arc<K> {
    type Signer = K::Signer;

    async fn active(
        &self,
        now: Timestamp,
        requirements: &KeyRequirements,
    ) -> Result<Arc<SigningKey<K::Signer>>, SigningError> {
        K::active(self, now, requirements).await
    }
}

/// Signs bytes.
pub trait Signer: Send + Sync + 'static {
    /// Returns the JWS signature over `message` (RFC 7518 §3.3 for RS256, §3.4 for ES256: r‖s, not DER).
    fn sign(&self, message: &[u8]) -> impl Future<Output = Result<Vec<u8>, SigningError>> + Send;
}

/// No signing key can be had, or it does not sign.
#[derive(Debug, thiserror::Error)]
#[error("no signing key is available")]
pub struct SigningError(#[source] pub Cause);
