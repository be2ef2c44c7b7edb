//! A test kit for verifiers of sessions in any language: good and bad sessions of one issuer, its key set, and the verdict that
//! docs/verify.md requires on each. The keys are made anew by every process and open nothing.

mod cases;
mod draft;

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderName, StatusCode, header::CACHE_CONTROL},
    response::{IntoResponse, Response},
    routing::get,
};
use pozi_auth::{
    keyring::{SigningAlgorithm, SigningError, SoftwareKey, SoftwareKeyError},
    session::Issuer,
    timestamp::{Clock, Timestamp},
};
use serde_json::{Value, json};

/// The external URL of the invented site that the kit's sessions are for.
pub const AUDIENCE: &str = "https://poziserver-riverbend.example/pozi/";
/// The catalogue that the kit's verdicts are about.
pub const CATALOGUE: &str = "planning";
/// The tenant of the kit's sessions.
pub const TENANT: &str = "cd0a0f9d-3505-4176-bcd0-75bdde12fd00";

/// The issuer of the kit's sessions, with its keys.
#[derive(Debug)]
pub struct VerifierKit {
    issuer: Issuer,
    algorithm: SigningAlgorithm,
    /// Signs most sessions.
    current: SoftwareKey,
    /// Is published, too, as the next key is before it signs.
    next: SoftwareKey,
    /// Is not published.
    stranger: SoftwareKey,
}

/// What a verifier must answer to a request to read [`CATALOGUE`] with a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The session is valid and opens the catalogue.
    Allowed,
    /// The session is valid and does not open the catalogue.
    NotAllowed,
    /// The session is not valid.
    Refused,
}

/// A session of the kit.
#[derive(Debug, Clone)]
pub struct KitSession {
    /// What is special about it.
    pub name: &'static str,
    /// The rule of docs/verify.md that decides.
    pub rule: u8,
    /// The verdict.
    pub expected: Expected,
    /// The token, or what is sent in its place.
    pub session: String,
}

impl VerifierKit {
    /// Makes the keys of an issuer.
    pub fn generate(issuer: Issuer, algorithm: SigningAlgorithm) -> Result<Self, SoftwareKeyError> {
        let key = || SoftwareKey::generate(algorithm).map(|(key, _)| key);
        Ok(Self { issuer, algorithm, current: key()?, next: key()?, stranger: key()? })
    }

    /// Returns the issuer of the sessions.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Returns the issuer's key set.
    pub fn key_set(&self) -> Value {
        json!({ "keys": [self.current.public_jwk(), self.next.public_jwk()] })
    }

    /// Returns all sessions, made at `now`. The good ones last an hour.
    pub fn sessions(&self, now: Timestamp) -> Result<Vec<KitSession>, SigningError> {
        cases::all(self, now.unix_seconds())
    }

    /// Returns the kit as a document, with sessions made at `now`.
    pub fn document(&self, now: Timestamp) -> Result<Value, SigningError> {
        let entry = |case: KitSession| json!({"name": case.name, "rule": case.rule, "expected": case.expected.name(), "session": case.session});
        Ok(json!({
            "issuer": self.issuer,
            "audience": AUDIENCE,
            "tenant": TENANT,
            "catalogue": CATALOGUE,
            "algorithm": self.algorithm.name(),
            "made": now.unix_seconds(),
            "key_set": self.key_set(),
            "sessions": self.sessions(now)?.into_iter().map(entry).collect::<Value>(),
        }))
    }
}

impl Expected {
    /// Returns the verdict as the kit and the examples write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::NotAllowed => "not allowed",
            Self::Refused => "refused",
        }
    }
}

/// The path of a kit's issuer on the service that serves it.
pub const ISSUER_PATH: &str = "/local/verifier-kit";

/// Serves the kit, with sessions made at each request, and the key set where its issuer publishes it.
pub fn router<C: Clock + 'static>(kit: VerifierKit, clock: C) -> Router {
    Router::new()
        .route("/local/verifier-kit.json", get(serve_document::<C>))
        .route(&format!("{ISSUER_PATH}/.well-known/jwks.json"), get(serve_key_set::<C>))
        .with_state(Arc::new(Served { kit, clock }))
}

struct Served<C> {
    kit: VerifierKit,
    clock: C,
}

async fn serve_document<C: Clock>(State(served): State<Arc<Served<C>>>) -> Response {
    match served.kit.document(served.clock.now()) {
        Ok(document) => (no_store(), Json(document)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn serve_key_set<C>(State(served): State<Arc<Served<C>>>) -> Response {
    (no_store(), Json(served.kit.key_set())).into_response()
}

fn no_store() -> [(HeaderName, &'static str); 1] {
    [(CACHE_CONTROL, "no-store")]
}
