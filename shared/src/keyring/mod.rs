//! The signing keys and their life: pending (published, not yet signing) → active (the one that signs) → retiring
//! (published until the last token it signed has expired) → gone. Only this room knows a key's states.

mod half;
mod key;
mod plan;
mod published;
mod ring;
mod rotate;
mod signer;

pub use self::{
    half::{MadeKey, PrivateHalf, SoftwareKeys},
    key::{KeyId, PrivateKey, SigningAlgorithm, SoftwareKey},
    plan::{Plan, PolicyProblem, RotationPolicy, RotationTimes, newest_key_age, plan},
    published::{NotPublishedKeys, PublishedKeys},
    ring::{KeyRing, KeyState, Revision, RingKey, RingProblem},
    rotate::{RotateError, Rotation, establish, rotate},
    signer::{PUBLISHED_LIFETIMES, RING_LIFETIMES, RingSigner, SigningKey},
};
