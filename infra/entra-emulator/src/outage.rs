//! What the directory answers in place of what was asked for: because it is told to, or because it knows no such tenant.

use axum::{
    Json,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Behaviour, EmulatedEntra};

/// Why nothing sensible is answered.
pub(super) enum OutageError {
    Down,
    Rubbish,
    NoSuchTenant(String),
}

/// What the directory was told to do instead.
pub(super) async fn misbehaviour(entra: &EmulatedEntra) -> Result<(), OutageError> {
    match entra.behaviour() {
        Behaviour::Well => Ok(()),
        Behaviour::Slow(delay) => {
            tokio::time::sleep(delay).await;
            Ok(())
        }
        Behaviour::Down => Err(OutageError::Down),
        Behaviour::Rubbish => Err(OutageError::Rubbish),
    }
}

/// The tenant as it is spelt in addresses: the id of one with a registration, or `common`, which stands for all.
pub(super) fn known_tenant(entra: &EmulatedEntra, asked: &str) -> Result<String, OutageError> {
    if asked == "common" {
        return Ok(asked.to_owned());
    }
    let mut tenants = entra.registrations().iter().map(|registration| registration.tenant_id.to_string());
    let known = tenants.find(|tenant| tenant.eq_ignore_ascii_case(asked));
    known.ok_or_else(|| OutageError::NoSuchTenant(asked.to_owned()))
}

impl IntoResponse for OutageError {
    fn into_response(self) -> Response {
        match self {
            Self::Down => (StatusCode::SERVICE_UNAVAILABLE, "The service is unavailable.").into_response(),
            Self::Rubbish => {
                Html("<!DOCTYPE html><html><body><h1>Welcome to the guest network</h1></body></html>")
                    .into_response()
            }
            Self::NoSuchTenant(asked) => {
                (StatusCode::BAD_REQUEST, Json(invalid_tenant(&asked))).into_response()
            }
        }
    }
}

fn invalid_tenant(asked: &str) -> Value {
    let description = format!(
        "AADSTS90002: Tenant '{asked}' not found. This emulated directory knows only the tenants of its registrations."
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
