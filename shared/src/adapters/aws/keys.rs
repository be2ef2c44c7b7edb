//! The keys of a ring, stored in the way that the service is configured for.

use aws_types::SdkConfig;

use super::{KmsKeys, KmsSigner, SealedKeys};
use crate::{
    config::Signing,
    keyring::{
        KeyDisposal, KeyMaker, KeyOpener, NewKey, PrivateHalf, RingKey, Signer, SigningAlgorithm,
        SigningError, SoftwareKey, VaultError,
    },
    session::Issuer,
};

/// Makes and opens keys.
#[derive(Debug, Clone)]
pub enum Keys {
    /// Sealed by KMS, used in this process.
    Sealed(SealedKeys),
    /// In KMS, which they never leave.
    Kms(KmsKeys),
}

/// Signs with an opened key.
#[derive(Debug)]
pub enum KeysSigner {
    /// In this process.
    Software(Box<SoftwareKey>),
    /// By a call to KMS.
    Kms(KmsSigner),
}

impl Keys {
    /// Uses the keys of the ring in `table` that signs for `issuer`, stored as `signing` says.
    pub fn new(connection: &SdkConfig, signing: &Signing, table: &str, issuer: &Issuer) -> Self {
        match signing {
            Signing::Sealed { kms_key } => Self::Sealed(SealedKeys::new(connection, kms_key, table, issuer)),
            Signing::Kms { tag } => Self::Kms(KmsKeys::new(connection, tag.as_deref())),
        }
    }

    /// Makes the client of KMS ready, so that the first key need not wait for that. Sends nothing, but takes a while of the
    /// processor.
    pub fn prepare(&self) {
        match self {
            Self::Sealed(keys) => keys.prepare(),
            Self::Kms(keys) => keys.prepare(),
        }
    }
}

impl KeyMaker for Keys {
    async fn make(&self, algorithm: SigningAlgorithm) -> Result<NewKey, VaultError> {
        match self {
            Self::Sealed(keys) => keys.make(algorithm).await,
            Self::Kms(keys) => keys.make(algorithm).await,
        }
    }
}

impl KeyOpener for Keys {
    type Signer = KeysSigner;

    async fn open(&self, key: &RingKey, algorithm: SigningAlgorithm) -> Result<KeysSigner, VaultError> {
        match self {
            Self::Sealed(keys) => {
                keys.open(key, algorithm).await.map(|key| KeysSigner::Software(Box::new(key)))
            }
            Self::Kms(keys) => keys.open(key, algorithm).await.map(KeysSigner::Kms),
        }
    }
}

impl KeyDisposal for Keys {
    async fn dispose(&self, private: &PrivateHalf) -> Result<(), VaultError> {
        match self {
            Self::Sealed(keys) => keys.dispose(private).await,
            Self::Kms(keys) => keys.dispose(private).await,
        }
    }
}

impl Signer for KeysSigner {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match self {
            Self::Software(key) => key.sign(message).await,
            Self::Kms(key) => key.sign(message).await,
        }
    }
}
