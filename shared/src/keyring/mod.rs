//! The signing keys and their life: pending (published, not yet signing) → active (the one that signs) → retiring
//! (published until the last token that it signed has expired) → removed; or, from any of these, revoked (no longer published) →
//! removed. Only this module knows a key's states.

mod algorithm;
mod plan;
mod policy;
mod private_key;
mod published;
mod request;
mod requirements;
mod ring;
mod rotate;
mod signer;
mod signing;
mod software_key;
mod software_keys;
mod status;
mod store;
mod vault;

#[cfg(feature = "aws")]
pub(crate) use self::algorithm::{p256_parameters, rsa_parameters};
pub use self::{
    algorithm::{KeyId, SigningAlgorithm},
    plan::{Plan, newest_key_age, plan},
    policy::{
        HELD_BY_CONSUMERS, KEEP_AFTER, PUBLISH_BEFORE, RotationPolicy, RotationPolicyError, RotationTimes,
    },
    private_key::{NewKey, PrivateHalf, PrivateKey},
    published::{PublishedKeySet, PublishedKeySetError},
    request::{ContradictoryRequestError, RotationRequest},
    requirements::{KeyRequirements, RestoredRingError, UnusableKeyError},
    ring::{KeyRing, KeyRingFormatError, KeyState, RingKey},
    rotate::{RotateError, Rotation, carry_out, establish, rotate},
    signer::{PUBLISHED_LIFETIMES, RING_LIFETIMES, RingSigner},
    signing::{ActiveKey, Signer, SigningError, SigningKey},
    software_key::{SoftwareKey, SoftwareKeyError},
    software_keys::SoftwareKeys,
    status::KeyStatus,
    store::{KeyRingError, KeyRingSource, KeyRingStore, PublishedKeySource},
    vault::{KeyDisposal, KeyMaker, KeyOpener, VaultError},
};
