//! Responses to requests that fail: by a simulated fault, or for an unknown tenant.

use std::time::Duration;

use axum::{
    Json,
    http::{StatusCode, header::RETRY_AFTER},
    response::{Html, IntoResponse, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Behaviour, EmulatedEntra};

/// Why a request fails.
pub(super) enum OutageError {
    Throttled(Duration),
    Down,
    Rubbish,
    UnknownTenant(String),
}

/// Applies the behaviour that was set: waits, or fails.
pub(super) async fn apply_behaviour(entra: &EmulatedEntra) -> Result<(), OutageError> {
    match entra.behaviour() {
        Behaviour::Well => Ok(()),
        Behaviour::Slow(delay) => {
            tokio::time::sleep(delay).await;
            Ok(())
        }
        Behaviour::Throttled(wait) => Err(OutageError::Throttled(wait)),
        Behaviour::Down => Err(OutageError::Down),
        Behaviour::Rubbish => Err(OutageError::Rubbish),
    }
}

/// The tenant `name` as URLs spell it: the id of a tenant with a registration, or `common`.
pub(super) fn known_tenant(entra: &EmulatedEntra, name: &str) -> Result<String, OutageError> {
    if name == "common" {
        return Ok(name.to_owned());
    }
    let mut tenants = entra.registrations().iter().map(|registration| registration.tenant_id.to_string());
    let known = tenants.find(|tenant| tenant.eq_ignore_ascii_case(name));
    known.ok_or_else(|| OutageError::UnknownTenant(name.to_owned()))
}

impl IntoResponse for OutageError {
    fn into_response(self) -> Response {
        match self {
            Self::Throttled(wait) => {
                let body = json!({"error": {"code": "TooManyRequests", "message": "Please retry later."}});
                let wait = [(RETRY_AFTER, wait.as_secs().to_string())];
                (StatusCode::TOO_MANY_REQUESTS, wait, Json(body)).into_response()
            }
            Self::Down => (StatusCode::SERVICE_UNAVAILABLE, "The service is unavailable.").into_response(),
            Self::Rubbish => {
                Html("<!DOCTYPE html><html><body><h1>Welcome to the guest network</h1></body></html>")
                    .into_response()
            }
            Self::UnknownTenant(name) => {
                (StatusCode::BAD_REQUEST, Json(invalid_tenant(&name))).into_response()
            }
        }
    }
}

fn invalid_tenant(name: &str) -> Value {
    let description = format!(
        "AADSTS90002: Tenant '{name}' not found. This emulated directory knows only the tenants of its registrations."
    );
    json!({
        "error": "invalid_tenant",
        "error_description": description,
        "error_codes": [90002],
        "trace_id": Uuid::new_v4().to_string(),
        "correlation_id": Uuid::new_v4().to_string(),
        "error_uri": "https://login.microsoftonline.com/error?code=90002",
    })
}
