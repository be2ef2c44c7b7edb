//! Where private keys are made, kept and opened.

use std::future;

use super::{KeyId, NewKey, PrivateHalf, RingKey, Signer, SigningAlgorithm};
use crate::error::Cause;

/// Makes signing keys.
pub trait KeyMaker: Send + Sync + 'static {
    /// Makes a key of `algorithm`.
    fn make(&self, algorithm: SigningAlgorithm) -> impl Future<Output = Result<NewKey, VaultError>> + Send;
}

/// Opens the private halves of signing keys.
pub trait KeyOpener: Send + Sync + 'static {
    /// What signs with an opened key.
    type Signer: Signer;

    /// Returns the signer of `key`, whose ring is of `algorithm`.
    fn open(
        &self,
        key: &RingKey,
        algorithm: SigningAlgorithm,
    ) -> impl Future<Output = Result<Self::Signer, VaultError>> + Send;
}

/// Deletes private halves that no ring holds any more.
pub trait KeyDisposal: Send + Sync + 'static {
    /// Deletes `private`. One that no longer exists is not an error. By default does nothing, for private halves that are
    /// stored only in the ring.
    fn dispose(&self, _private: &PrivateHalf) -> impl Future<Output = Result<(), VaultError>> + Send {
        future::ready(Ok(()))
    }
}

/// A signing key cannot be made, opened or deleted.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The library or the vault made no usable key.
    #[error("no key could be made")]
    NotMade,
    /// The vault does not answer, or refuses.
    #[error("the vault of the private keys failed")]
    Vault(#[source] Cause),
    /// What the vault opened is not the key's private half.
    #[error(
        "the private half of key {0} does not belong to it, or was sealed for another key, table or issuer"
    )]
    Mismatch(KeyId),
    /// The ring stores its private halves in another way than the service is configured for.
    #[error("the private half of key {0} is not stored in the way that POZI_SIGNING says")]
    StoredOtherwise(KeyId),
}
