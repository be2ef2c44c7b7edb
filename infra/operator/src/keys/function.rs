//! Asks the function `rotate-keys`, which alone may make keys.

use aws_sdk_lambda::primitives::Blob;
use pozi_auth::{
    adapters::aws::CallError,
    keyring::{KeyStatus, RotationRequest},
};
use serde::Deserialize;

use super::KeysError;
use crate::{AwsError, Service, World};

/// What the function did. Older versions of it did not report the ring, and ignored requests that they did not know.
#[derive(Debug, Deserialize)]
pub(super) struct Report {
    /// What happened to the keys, in words.
    pub(super) keys: Vec<String>,
    /// The keys of the ring after the run.
    pub(super) ring: Vec<KeyStatus>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(rename = "errorMessage")]
    message: String,
}

/// Runs the function for `request` and waits for its report.
pub(super) async fn ask(
    request: &RotationRequest,
    service: &Service,
    world: &World,
) -> Result<Report, KeysError> {
    let event = serde_json::to_vec(request).map_err(|error| KeysError::Answer(error.into()))?;
    let name = service.output("RotateKeysFunction")?;
    let call = aws_sdk_lambda::Client::new(service.connection()).invoke();
    let call = call.function_name(name).payload(Blob::new(event)).send();
    let answer = world.watching("running rotate-keys", call).await;
    let answer = answer.map_err(|error| AwsError::Call(CallError::of(error)))?;
    let payload = answer.payload.unwrap_or_else(|| Blob::new([]));
    match answer.function_error {
        None => serde_json::from_slice(payload.as_ref()).map_err(|error| KeysError::Answer(error.into())),
        Some(kind) => {
            let failure = serde_json::from_slice(payload.as_ref());
            Err(KeysError::Function(failure.map_or(kind, |failure: Failure| failure.message)))
        }
    }
}
