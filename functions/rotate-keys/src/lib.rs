//! On a schedule: sees to the signing keys, and fetches the tenants' Entra keys, so that a cold exchange needs no call to
//! Microsoft. Safe to run at any time, twice at once, and to die anywhere.

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
    tenants::{AllTenants, KeySetStore, RegistryUnavailable},
    timestamp::Clock,
};
use serde::{Deserialize, Serialize};

pub use self::{policy::policy, refresh::Refreshed};

/// What the function works with. `K` makes and disposes of keys, `T` knows the tenants and keeps their key sets, `F`
/// fetches them.
#[derive(Debug)]
pub struct RotateKeys<C, S, K, T, F> {
    /// The time.
    pub clock: C,
    /// The ring.
    pub ring: S,
    /// Its keys.
    pub keys: K,
    /// How they live.
    pub policy: RotationPolicy,
    /// The registered tenants, and their key sets.
    pub tenants: Arc<T>,
    /// Where key sets come from.
    pub fetch: Arc<F>,
}

/// What a run is asked for: nothing, by the schedule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Ask {
    /// Make the first ring, if there is none: once, by whoever sets up the service.
    #[serde(default)]
    pub establish: bool,
}

/// What a run did.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Done {
    /// What became of the keys, in words; nothing on most runs.
    pub keys: Vec<String>,
    /// What became of the tenants' key sets.
    pub key_sets: Refreshed,
}

/// Why a run failed. The ring is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The signing keys.
    #[error("the signing keys were not rotated: {0}")]
    Rotate(#[from] RotateError),
    /// The tenants are not known.
    #[error("the tenants' key sets were not fetched: {0}")]
    Tenants(#[from] RegistryUnavailable),
}

impl<C, S, K, T, F> RotateKeys<C, S, K, T, F>
where
    C: Clock,
    S: KeyRingStore,
    K: KeyMaker + KeyDisposal,
    T: AllTenants + KeySetStore,
    F: KeySetFetch,
{
    /// One run: the signing keys and the tenants' key sets, neither of which waits for the other or fails with it.
    pub async fn run(&self, ask: Ask) -> Result<Done, RunError> {
        let (rotated, refreshed) =
            tokio::join!(self.rotate(ask), refresh::refresh(&self.tenants, &self.fetch, &self.clock));
        let Rotation { plan, .. } = rotated?;
        Ok(Done { keys: told(&plan), key_sets: refreshed? })
    }

    async fn rotate(&self, ask: Ask) -> Result<Rotation, RotateError> {
        let now = self.clock.now();
        let rotated = if ask.establish {
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

fn told(plan: &Plan) -> Vec<String> {
    let mut told = Vec::new();
    if plan.create {
        told.push("a new key is published".to_owned());
    }
    told.extend(plan.promote.iter().map(|key| format!("{key} signs from now on")));
    told.extend(plan.retire.iter().map(|key| format!("{key} signs no longer")));
    told.extend(plan.remove.iter().map(|key| format!("{key} is gone")));
    told
}
