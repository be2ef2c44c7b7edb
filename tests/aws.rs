//! The service on an emulated AWS, with state in DynamoDB and KMS, including outages. If the emulator cannot be installed, the
//! tests print a notice.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, which is what panics are for"
)]

#[path = "aws/cold_start.rs"]
mod cold_start;
#[path = "aws/graph_secrets.rs"]
mod graph_secrets;
#[path = "aws/key_sets.rs"]
mod key_sets;
#[path = "aws/limits.rs"]
mod limits;
#[path = "aws/load.rs"]
mod load;
#[path = "aws/outages.rs"]
mod outages;
#[path = "aws/rotation.rs"]
mod rotation;
#[path = "aws/sites.rs"]
mod sites;
#[path = "aws/stored_key_sets.rs"]
mod stored_key_sets;
#[path = "aws/tampering.rs"]
mod tampering;

use axum::{Router, body::Body};
use http::Request;
use pozi_tests::{Answer, send};

/// Sends a GET of `path` to an instance.
pub(crate) async fn fetch(instance: &Router, path: &str) -> Answer {
    send(instance.clone(), Request::get(path).body(Body::empty()).unwrap()).await
}
