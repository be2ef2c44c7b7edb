//! Why a command about keys failed.

use pozi_auth::{
    error::Cause,
    keyring::{KeyId, KeyRingError},
    revocation::RevocationStoreError,
    tenants::RegistryError,
};

use crate::AwsError;

/// Why `pozi keys` failed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// AWS cannot be used.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// No stack is named, whose function would change the keys.
    #[error(
        "only the service's own function can change keys; name the stack that it belongs to with --stack NAME (or POZI_STACK)"
    )]
    NoFunction,
    /// The revocation list cannot be read or changed.
    #[error(transparent)]
    Revocations(RevocationStoreError),
    /// Nobody is there to ask, and the command line does not agree.
    #[error("{preview}nothing was done, because nobody is there to ask; repeat it with --yes")]
    NobodyToAsk {
        /// What would be done.
        preview: String,
    },
    /// No ring is stored.
    #[error("the service has no signing key yet; make the first one with `pozi keys establish`")]
    NoRing,
    /// What is stored cannot be used.
    #[error("the stored key ring cannot be read")]
    Ring(#[source] KeyRingError),
    /// The ring has no such key.
    #[error(
        "the service has no key {key}: it was removed already, or the id is misspelt; its keys are\n{}",
        lines(known)
    )]
    UnknownKey {
        /// The id on the command line.
        key: String,
        /// The ids of the ring's keys.
        known: Vec<KeyId>,
    },
    /// The function ran and failed.
    #[error("the function failed: {0}")]
    Function(String),
    /// The function's answer is not one that this program knows.
    #[error(
        "the function's answer cannot be understood; it is of another version than this program, and may have ignored what it was asked. Look at `pozi keys list`, and deploy the service again"
    )]
    Answer(#[source] Cause),
    /// The function reported success, but the key is still published.
    #[error(
        "the function ran, but key {0} is still published; it is older than this program: deploy the service again"
    )]
    StillPublished(KeyId),
}

impl KeysError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Aws(error) => error.code(),
            Self::NoFunction => "no_stack",
            Self::Revocations(_) => "revocations",
            Self::NobodyToAsk { .. } => "nobody_to_ask",
            Self::NoRing => "no_ring",
            Self::Ring(_) => "ring",
            Self::UnknownKey { .. } => "unknown_key",
            Self::Function(_) => "function",
            Self::Answer(_) | Self::StillPublished(_) => "function_version",
        }
    }
}

impl From<KeyRingError> for KeysError {
    fn from(error: KeyRingError) -> Self {
        match error {
            KeyRingError::Unavailable(cause) => Self::Aws(AwsError::Table(RegistryError(cause))),
            error => Self::Ring(error),
        }
    }
}

impl From<RevocationStoreError> for KeysError {
    fn from(error: RevocationStoreError) -> Self {
        match error {
            RevocationStoreError::Unavailable(cause) => Self::Aws(AwsError::Table(RegistryError(cause))),
            error => Self::Revocations(error),
        }
    }
}

fn lines(keys: &[KeyId]) -> String {
    keys.iter().map(|key| format!("  {key}")).collect::<Vec<_>>().join("\n")
}
