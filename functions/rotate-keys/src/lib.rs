//! On a schedule: rotates the signing keys, and fetches the tenants' Entra keys, so that a cold start of the exchange needs
//! no call to Microsoft. It can run at any time, twice at once, and be killed anywhere.

#[cfg(feature = "lambda")]
pub mod aws;
mod policy;
mod refresh;

use std::sync::Arc;

use pozi_auth::{
    entra::KeySetFetch,
    keyring::{
        self, KeyDisposal, KeyMaker, KeyRingStore, Plan, RotateError, Rotation, RotationPolicy,
        newest_key_age,
    },
    metrics,
    tenants::{AllTenants, KeySetStore, RegistryError},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

pub use self::{policy::policy, refresh::Refreshed};

/// Where rotation runs. Names the types that it works with.
pub trait Environment: Send + Sync + 'static {
    /// Stores the key ring.
    type Ring: KeyRingStore;
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
    /// What makes and deletes its keys.
    pub keys: E::Keys,
    /// How long its keys spend in each state.
    pub policy: RotationPolicy,
    /// The registered tenants and their stored key sets.
    pub tenants: Arc<E::Tenants>,
    /// The source of key sets.
    pub key_sets: Arc<E::KeySets>,
}

/// The event of a run. The schedule's event sets nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct RunRequest {
    /// Create the first ring if there is none. Set once, when the service is set up.
    #[serde(default)]
    pub establish: bool,
}

/// What a run did.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct RunReport {
    /// What happened to the keys, in words; empty after most runs.
    pub keys: Vec<String>,
    /// What happened to the tenants' key sets.
    pub key_sets: Refreshed,
}

/// A run failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The signing keys were not rotated; the ring is unchanged.
    #[error("the signing keys were not rotated")]
    Rotate(#[from] RotateError),
    /// The tenants could not be read.
    #[error("the tenants' key sets were not fetched")]
    Tenants(#[from] RegistryError),
}

impl<E: Environment> RotateKeys<E> {
    /// Rotates the signing keys and refreshes the tenants' key sets at `now`. Neither waits for the other or fails with it.
    pub async fn run(&self, request: RunRequest, now: Timestamp) -> Result<RunReport, RunError> {
        let (rotated, refreshed) =
            tokio::join!(self.rotate(request, now), refresh::refresh(&self.tenants, &self.key_sets, now));
        Ok(RunReport { keys: in_words(&rotated?.plan), key_sets: refreshed? })
    }

    async fn rotate(&self, request: RunRequest, now: Timestamp) -> Result<Rotation, RotateError> {
        let rotated = if request.establish {
            keyring::establish(&self.ring, &self.keys, &self.policy, now).await
        } else {
            keyring::rotate(&self.ring, &self.keys, &self.policy, now).await
        }?;
        if let Some(age) = newest_key_age(&rotated.ring, now) {
            metrics::record_newest_key_age(age);
        }
        Ok(rotated)
    }
}

fn in_words(plan: &Plan) -> Vec<String> {
    let mut words = Vec::new();
    if plan.create {
        words.push("a new key is published".to_owned());
    }
    words.extend(plan.promote.iter().map(|key| format!("key {key} signs from now on")));
    words.extend(plan.retire.iter().map(|key| format!("key {key} no longer signs")));
    words.extend(plan.remove.iter().map(|key| format!("key {key} is removed")));
    let noted = plan.note_future.iter();
    words.extend(
        noted.map(|key| format!("the time of key {key} is in the future, so its age counts from now")),
    );
    words
}
