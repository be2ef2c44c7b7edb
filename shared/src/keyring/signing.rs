//! What signs sessions.

use std::sync::Arc;

use super::{KeyId, SigningAlgorithm};
use crate::timestamp::Timestamp;

/// A key that signs, with what a token's header must say of it.
#[derive(Debug)]
pub struct SigningKey<S> {
    /// Its id.
    pub id: KeyId,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// What signs.
    pub signer: S,
}

impl<S: Signer> SigningKey<S> {
    /// The JWS signature over `message`.
    pub async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningUnavailable> {
        self.signer.sign(message).await
    }
}

/// Knows the key that signs sessions now.
pub trait ActiveKey: Send + Sync + 'static {
    /// What signs with it: a key in memory, or one that never leaves its vault.
    type Signer: Signer;

    /// The key that signs at `now`.
    fn active(
        &self,
        now: Timestamp,
    ) -> impl Future<Output = Result<Arc<SigningKey<Self::Signer>>, SigningUnavailable>> + Send;
}

/// Signs bytes.
pub trait Signer: Send + Sync + 'static {
    /// The JWS signature over `message` (RFC 7518 §3.3 for RS256, §3.4 for ES256: r‖s, not DER).
    fn sign(&self, message: &[u8]) -> impl Future<Output = Result<Vec<u8>, SigningUnavailable>> + Send;
}

/// Nothing can be signed now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no signing key is available: {0}")]
pub struct SigningUnavailable(pub String);
