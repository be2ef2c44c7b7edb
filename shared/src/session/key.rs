//! A key that sessions are verified with.

use jsonwebtoken::DecodingKey;

use crate::keyring::SigningAlgorithm;

/// A public key that sessions are verified with, bound to its one algorithm.
#[derive(Debug, Clone)]
pub struct SessionKey {
    pub(super) algorithm: SigningAlgorithm,
    pub(super) decoding: DecodingKey,
}

impl SessionKey {
    /// A key of `algorithm`.
    pub fn new(algorithm: SigningAlgorithm, decoding: DecodingKey) -> Self {
        Self { algorithm, decoding }
    }
}
