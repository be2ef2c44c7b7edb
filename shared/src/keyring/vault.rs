//! Where private keys are made, kept and opened.

use super::{MadeKey, PrivateHalf, RingKey, Signer, SigningAlgorithm};

/// Makes signing keys.
pub trait KeyMaker: Send + Sync + 'static {
    /// A new key of `algorithm`.
    fn make(&self, algorithm: SigningAlgorithm) -> impl Future<Output = Result<MadeKey, VaultError>> + Send;
}

/// Opens the private halves of signing keys.
pub trait KeyOpener: Send + Sync + 'static {
    /// What signs with an opened key.
    type Signer: Signer;

    /// The signer of `key`, whose ring is of `algorithm`.
    fn open(
        &self,
        key: &RingKey,
        algorithm: SigningAlgorithm,
    ) -> impl Future<Output = Result<Self::Signer, VaultError>> + Send;
}

/// Does away with private halves that no ring holds any more.
pub trait KeyDisposal: Send + Sync + 'static {
    /// Does away with `private`; what is gone already is no trouble.
    fn dispose(&self, private: &PrivateHalf) -> impl Future<Output = Result<(), VaultError>> + Send;
}

/// A signing key cannot be made, opened or done away with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The library or the vault made none.
    #[error("no key could be made")]
    NotMade,
    /// The vault cannot be reached, or refuses.
    #[error("the vault of the private keys: {0}")]
    Vault(String),
    /// What the vault opened is not the key's private half.
    #[error("the private half of key {id} does not fit it, or was sealed for another key, table or issuer")]
    Unfit {
        /// The key.
        id: String,
    },
    /// The ring keeps its private halves in another way than this service is set up for.
    #[error("the private half of key {id} is kept in another way than POZI_SIGNING says")]
    KeptElsewhere {
        /// The key.
        id: String,
    },
}

impl VaultError {
    /// `key`'s private half is of a kind that whoever was asked to open it does not open: the service is set up to keep
    /// its keys in another way than the stored ring does.
    pub fn kept_elsewhere(key: &RingKey) -> Self {
        Self::KeptElsewhere { id: key.id.to_string() }
    }
}
