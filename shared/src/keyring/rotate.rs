//! One run of rotation: read, plan, make, replace. Safe to run at any time, twice at once, and to die anywhere: the
//! ring changes in one step or not at all.

use super::{KeyRing, Plan, RotationPolicy, SigningAlgorithm, SoftwareKey, plan};
use crate::{
    ports::{KeyRingError, KeyRingStore},
    timestamp::Timestamp,
};

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The plan that was carried out; empty when nothing was due.
    pub plan: Plan,
    /// The ring as it now is.
    pub ring: KeyRing,
}

/// Why a run changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The store.
    #[error(transparent)]
    Store(#[from] KeyRingError),
    /// The stored ring's keys are of another algorithm than the policy's. A key set never mixes the two: start a ring
    /// of its own for the other algorithm.
    #[error("the stored key ring signs with {}, the policy asks for {}; start a new ring instead", stored.name(), asked.name())]
    Algorithm {
        /// The stored ring's.
        stored: SigningAlgorithm,
        /// The policy's.
        asked: SigningAlgorithm,
    },
    /// No key could be made.
    #[error("no key could be made")]
    Generate,
}

/// How often a run starts over because another was quicker.
const ATTEMPTS: usize = 3;

/// Carries out what is due at `now`.
pub async fn rotate<S: KeyRingStore>(
    store: &S,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Result<Rotation, RotateError> {
    for _ in 1..ATTEMPTS {
        match attempt(store, policy, now).await {
            Err(RotateError::Store(KeyRingError::Conflict)) => (),
            done => return done,
        }
    }
    attempt(store, policy, now).await
}

async fn attempt<S: KeyRingStore>(
    store: &S,
    policy: &RotationPolicy,
    now: Timestamp,
) -> Result<Rotation, RotateError> {
    let (ring, revision) = store.load().await?.unzip();
    if let Some(stored) = ring.as_ref().map(KeyRing::algorithm).filter(|stored| *stored != policy.algorithm())
    {
        return Err(RotateError::Algorithm { stored, asked: policy.algorithm() });
    }
    let plan = plan(ring.as_ref(), now, policy);
    if let Some(ring) = ring.as_ref().filter(|_| plan.is_empty()) {
        return Ok(Rotation { plan, ring: ring.clone() });
    }
    let made = plan
        .create
        .then(|| SoftwareKey::generate(policy.algorithm()))
        .transpose()
        .map_err(|_| RotateError::Generate)?;
    let next = plan.applied_to(ring.as_ref(), made, policy, now).ok_or(RotateError::Generate)?;
    store.replace(revision, &next).await?;
    Ok(Rotation { plan, ring: next })
}
