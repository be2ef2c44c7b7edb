//! The events that AWS sends, from `tests/events`, and what the runtime makes of them and sends back.

use std::path::{Path, PathBuf};

use axum::Router;
use base64::{Engine, engine::general_purpose::STANDARD};
use lambda_http::{Adapter, Context, LambdaEvent, Service};
use pozi_auth::adapters::lambda;
use serde_json::Value;

/// The file of an event.
pub fn event_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(format!("{name}.json"))
}

/// An event as it is in its file.
///
/// # Panics
/// When there is none.
#[expect(clippy::expect_used, reason = "a test without its event fails, which is what panics are for")]
pub fn event(name: &str) -> Value {
    let text = std::fs::read(event_file(name)).expect("there is such an event");
    serde_json::from_slice(&text).expect("the event is JSON")
}

/// `event` with `form` as its body, in base64 or as it is.
///
/// # Panics
/// When it has no place for a form.
pub fn filled(mut event: Value, form: &str, in_base64: bool) -> Value {
    let place = event["body"].as_str().unwrap_or_default();
    assert!(["@FORM@", "@FORM_BASE64@"].contains(&place), "the place for the form");
    event["body"] = if in_base64 { STANDARD.encode(form) } else { form.to_owned() }.into();
    event["isBase64Encoded"] = in_base64.into();
    event
}

/// What the runtime sends back to AWS for `event`, where `router` serves it.
///
/// # Panics
/// When the runtime does not know the event.
#[expect(clippy::expect_used, reason = "as above")]
pub async fn sent_back(router: Router, event: &Value) -> Value {
    let payload = serde_json::from_value(event.clone()).expect("the runtime knows the event");
    let mut adapter = Adapter::from(lambda::service(router));
    let response = adapter.call(LambdaEvent::new(payload, Context::default())).await;
    serde_json::to_value(response.unwrap_or_else(|never| match never {})).expect("an answer is JSON")
}
