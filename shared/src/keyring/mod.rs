//! The signing keys and their life: pending (published, not yet signing) → active (the one that signs) → retiring
//! (published until the last token it signed has expired) → gone. Only this room knows a key's states.

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

pub use self::{
    algorithm::{KeyId, SigningAlgorithm},
    plan::{Plan, PolicyProblem, RotationPolicy, RotationTimes, newest_key_age, plan},
    private_key::{MadeKey, PrivateHalf, PrivateKey},
    published::{NotPublishedKeys, PublishedKeys},
    ring::{KeyRing, KeyState, Revision, RingKey, RingProblem},
    rotate::{RotateError, Rotation, establish, rotate},
    signer::{PUBLISHED_LIFETIMES, RING_LIFETIMES, RingSigner},
    signing::{ActiveKey, Signer, SigningKey, SigningUnavailable},
    software_key::SoftwareKey,
    software_keys::SoftwareKeys,
    store::{KeyRingError, KeyRingSource, KeyRingStore, PublishedKeySource},
    vault::{KeyDisposal, KeyMaker, KeyOpener, VaultError},
};
