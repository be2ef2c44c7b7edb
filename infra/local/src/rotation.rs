//! Rotates the signing keys while the service runs, and prints each step.

use std::{sync::Arc, time::Duration};

use pozi_auth::{
    adapters::{KeyRingFile, RevocationFile, SystemClock},
    error::with_causes,
    keyring::{Plan, RotationPolicy, RotationRequest, SoftwareKeys},
    revocation::{RotationError, carry_out},
    timestamp::Clock,
};

use crate::console::KEYS;

/// Makes sure that there is a signing key, then checks the ring at every `interval` until the process ends.
pub(crate) async fn start(
    (ring, revocations): (Arc<KeyRingFile>, Arc<RevocationFile>),
    policy: RotationPolicy,
    interval: Duration,
) -> Result<(), RotationError> {
    let run = async move |request: RotationRequest| {
        let stores = (&*ring, &*revocations);
        carry_out(stores, &SoftwareKeys, &policy, &request, SystemClock.now()).await
    };
    print(&run(RotationRequest::Establish).await?.plan);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(interval).await;
            match run(RotationRequest::Due).await {
                Ok(rotation) => print(&rotation.plan),
                Err(error) => tracing::warn!(problem = with_causes(&error), "cannot rotate the signing keys"),
            }
        }
    });
    Ok(())
}

fn print(plan: &Plan) {
    if plan.create {
        tracing::info!(target: KEYS, "published a new key");
    }
    if let Some(key) = &plan.promote {
        tracing::info!(target: KEYS, "signing with {key} from now on");
    }
    for key in &plan.remove {
        tracing::info!(target: KEYS, "removed {key}; every session that it signed has expired");
    }
}
