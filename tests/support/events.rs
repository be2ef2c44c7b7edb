//! The Lambda events in `tests/events`, and responses to them as the Lambda runtime sends them.

use std::path::{Path, PathBuf};

use axum::Router;
use base64::{Engine, engine::general_purpose::STANDARD};
use lambda_http::{Adapter, Context, LambdaEvent, Service};
use pozi_auth::adapters::lambda;
use serde_json::Value;

/// Returns the path of an event's file.
pub fn event_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(format!("{name}.json"))
}

/// Reads an event.
pub fn event(name: &str) -> Value {
    let text = std::fs::read(event_file(name)).expect("the event exists");
    serde_json::from_slice(&text).expect("the event is JSON")
}

/// Returns `event` with `form` as its body.
pub fn with_form(mut event: Value, form: &str, in_base64: bool) -> Value {
    let placeholder = event["body"].as_str().unwrap_or_default();
    assert!(["@FORM@", "@FORM_BASE64@"].contains(&placeholder), "the event has no placeholder for a form");
    event["body"] = if in_base64 { STANDARD.encode(form) } else { form.to_owned() }.into();
    event["isBase64Encoded"] = in_base64.into();
    event
}

/// Returns what the Lambda runtime sends back for `event` when `router` serves it.
pub async fn lambda_response(router: Router, event: &Value) -> Value {
    let payload = serde_json::from_value(event.clone()).expect("the runtime knows the event");
    let mut adapter = Adapter::from(lambda::service(router));
    let response = adapter.call(LambdaEvent::new(payload, Context::default())).await;
    serde_json::to_value(response.unwrap_or_else(|never| match never {})).expect("an answer is JSON")
}
