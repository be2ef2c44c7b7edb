//! The signing keys and their life: pending (published, not yet signing) → active (the one that signs) → retiring
//! (published until the last token that it signed has expired) → removed. Only this module knows a key's states.

mod algorithm;
mod plan;
mod private_key;
mod published;
mod ring;
mod rotate;
mod signer;
mod signing;
mod software_key;
mod software_keys;
mod store;
mod vault;

#[cfg(feature = "aws")]
pub(crate) use self::algorithm::{p256_parameters, rsa_parameters};
pub use self::{
    algorithm::{KeyId, SigningAlgorithm},
    plan::{Plan, RotationPolicy, RotationPolicyError, RotationTimes, newest_key_age, plan},
    private_key::{NewKey, PrivateHalf, PrivateKey},
    published::{PublishedKeySet, PublishedKeySetError},
    ring::{KeyRing, KeyRingFormatError, KeyState, RingKey},
    rotate::{RotateError, Rotation, establish, rotate},
    signer::{PUBLISHED_LIFETIMES, RING_LIFETIMES, RingSigner},
    signing::{ActiveKey, Signer, SigningError, SigningKey},
    software_key::{SoftwareKey, SoftwareKeyError},
    software_keys::SoftwareKeys,
    store::{KeyRingError, KeyRingSource, KeyRingStore, PublishedKeySource},
    vault::{KeyDisposal, KeyMaker, KeyOpener, VaultError},
};
