//! On a schedule, and when an operator asks: rotates the signing keys, and fetches the tenants' Entra keys, so that a cold start of the exchange needs
//! no call to Microsoft. It can run at any time, twice at once, and be killed anywhere.

#[cfg(feature = "lambda")]
pub mod aws;
mod refresh;

use std::sync::Arc;

use pozi_auth::{
    entra::KeySetFetch,
    identifiers::TenantId,
    keyring::{
        KeyDisposal, KeyMaker, KeyRingStore, KeyStatus, Rotation, RotationPolicy, RotationRequest,
        newest_key_age,
    },
    metrics,
    revocation::{self, RevocationStore, RotationError},
    tenants::{AllTenants, KeySetStore, RegistryError},
    timestamp::Timestamp,
};
use serde::Serialize;

pub use self::refresh::Refreshed;

/// Where rotation runs. Names the types that it works with.
pub trait Environment: Send + Sync + 'static {
    /// Stores the key ring.
    type Ring: KeyRingStore;
    /// Stores the revocation list.
    type Revocations: RevocationStore;
    /// Makes and deletes keys.
    type Keys: KeyMaker + KeyDisposal;
    /// Knows the tenants, and stores their key sets.
    type Tenants: AllTenants + KeySetStore;
    /// Fetches the tenants' key sets.
    type KeySets: KeySetFetch;
}

/// The function's state in the environment `E`.
#[derive(Debug)]
pub struct RotateKeys<E: Environment> {
    /// The key ring.
    pub ring: E::Ring,
    /// The revocation list.
    pub revocations: E::Revocations,
    /// What makes and deletes its keys.
    pub keys: E::Keys,
    /// How long its keys spend in each state.
    pub policy: RotationPolicy,
    /// The registered tenants and their stored key sets.
    pub tenants: Arc<E::Tenants>,
    /// The source of key sets.
    pub key_sets: Arc<E::KeySets>,
    /// The tenant of the prober, which is none of Entra's.
    pub probe_tenant: Option<TenantId>,
}

/// What a run did.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct RunReport {
    /// What happened to the keys, in words; empty after most runs.
    pub keys: Vec<String>,
    /// The keys of the ring after the run.
    pub ring: Vec<KeyStatus>,
    /// What happened to the tenants' key sets.
    pub key_sets: Refreshed,
}

/// A run failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The signing keys were not rotated, or what was done is not recorded yet.
    #[error("the signing keys were not rotated")]
    Rotate(#[from] RotationError),
    /// The tenants could not be read.
    #[error("the tenants' key sets were not fetched")]
    Tenants(#[from] RegistryError),
}

impl<E: Environment> RotateKeys<E> {
    /// Rotates the signing keys, as `request` asks, and refreshes the tenants' key sets at `now`. Neither waits for the other or
    /// fails with it. A run that only an operator's haste caused leaves the tenants alone.
    pub async fn run(&self, request: &RotationRequest, now: Timestamp) -> Result<RunReport, RunError> {
        let (rotated, refreshed) = match request {
            RotationRequest::Due | RotationRequest::Establish => {
                let refreshed = refresh::refresh(&self.tenants, &self.key_sets, self.probe_tenant, now);
                tokio::join!(self.rotate(request, now), refreshed)
            }
            RotationRequest::Rotate | RotationRequest::Revoke(_) => {
                (self.rotate(request, now).await, Ok(Refreshed::default()))
            }
        };
        let (rotated, key_sets) = (rotated?, refreshed?);
        if let Some(age) = newest_key_age(&rotated.ring, now) {
            metrics::record_newest_key_age(age);
        }
        let ring = KeyStatus::all_of(&rotated.ring);
        Ok(RunReport { keys: in_words(&rotated), ring, key_sets })
    }

    async fn rotate(&self, request: &RotationRequest, now: Timestamp) -> Result<Rotation, RotationError> {
        let stores = (&self.ring, &self.revocations);
        revocation::carry_out(stores, &self.keys, &self.policy, request, now).await
    }
}

fn in_words(Rotation { plan, ring, .. }: &Rotation) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(plan.revoke.iter().map(|key| format!("key {key} is revoked: it is no longer published")));
    if plan.create {
        words.push("a new key is published".to_owned());
    }
    let signs_at_once = ring.active().filter(|_| plan.create && plan.revoke.is_some());
    let signs = plan.promote.as_ref().or(signs_at_once.map(|key| &key.id));
    words.extend(signs.map(|key| format!("key {key} signs from now on")));
    words.extend(plan.retire.iter().map(|key| format!("key {key} no longer signs")));
    words.extend(plan.remove.iter().map(|key| format!("key {key} is removed")));
    let noted = plan.note_future.iter();
    words.extend(
        noted.map(|key| format!("the time of key {key} is in the future, so its age counts from now")),
    );
    words
}
