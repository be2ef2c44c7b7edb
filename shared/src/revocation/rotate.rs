//! A run of rotation with the list: an older ring that was restored is refused, and a revoked key is on the list before it
//! leaves the ring.

use super::{RevocationStore, RevocationStoreError, change};
use crate::{
    keyring::{
        self, KeyDisposal, KeyMaker, KeyRing, KeyRingStore, RestoredRingError, RotateError, Rotation,
        RotationPolicy, RotationRequest,
    },
    revision::Revision,
    timestamp::Timestamp,
};

/// A run failed.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The ring was not rotated, and is unchanged.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// The ring is older than one that was in use before.
    #[error(transparent)]
    Restored(#[from] RestoredRingError),
    /// The list cannot be read or changed. What was done to the ring is recorded by the next run.
    #[error(transparent)]
    List(#[from] RevocationStoreError),
}

/// Who enters what a run knows.
const RUN: &str = "rotate-keys";

/// As [`keyring::carry_out`], and records in `list` the revision of the ring and its revoked keys: before the run, so that a run
/// that was killed loses none, and after it. A ring that is older than the list knows is left alone.
pub async fn carry_out<R: KeyRingStore, L: RevocationStore, K: KeyMaker + KeyDisposal>(
    (ring, list): (&R, &L),
    keys: &K,
    policy: &RotationPolicy,
    request: &RotationRequest,
    now: Timestamp,
) -> Result<Rotation, RotationError> {
    match ring.load().await.map_err(RotateError::from)? {
        Some((stored, revision)) => record(list, &stored, revision, now).await?,
        None => list.load().await?.requirements().check_ring(Revision::default())?,
    }
    let rotation = keyring::carry_out(ring, keys, policy, request, now).await?;
    record(list, &rotation.ring, rotation.revision, now).await?;
    Ok(rotation)
}

async fn record(
    list: &impl RevocationStore,
    ring: &KeyRing,
    revision: Revision,
    now: Timestamp,
) -> Result<(), RotationError> {
    let recorded = change(list, |list| {
        list.requirements().check_ring(revision)?;
        Ok::<_, RotationError>(list.record_ring(ring, revision, RUN, now))
    });
    recorded.await.map(drop)
}
