//! `GET /.well-known/…`: the public keys that sessions are verified with (RFC 7517), and the metadata that leads a
//! verifier to them (RFC 8414, OpenID Connect Discovery 1.0), with the authorization endpoint that they must name.

#[cfg(feature = "lambda")]
pub mod aws;
mod document;
mod metadata;

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, response::Response, routing::get};
use http::{HeaderMap, Uri};
use pozi_auth::{
    error::Cause,
    keyring::{PublishedKeySource, SigningError},
    last_good::{Cooldown, LastGood, Lifetimes},
    oauth::{self, ExchangeError, RequestRefusal},
    session::Issuer,
    timestamp::Clock,
};

use crate::document::Document;

/// How long consumers are told to keep the keys. A rotation policy publishes a key for longer than that before it signs.
pub const MAX_AGE: Duration = Duration::from_mins(5);

/// The function's state.
#[derive(Debug)]
struct Jwks<C, S> {
    clock: C,
    source: Arc<S>,
    max_age: Duration,
    keys: Arc<LastGood<Document>>,
    issuer: Issuer,
    authorization_server: Document,
    openid: Document,
}

const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";

/// Returns the function's routes, at the root and below the issuer's path, which the caller [finishes](oauth::finish). They publish the keys of `source` as those of
/// `issuer`, for consumers to keep for `max_age`. The keys are read again as `lifetimes` say.
pub fn router<C: Clock, S: PublishedKeySource>(
    issuer: &Issuer,
    clock: C,
    source: Arc<S>,
    lifetimes: Lifetimes,
    max_age: Duration,
) -> Router {
    let state = Jwks {
        clock,
        source,
        max_age,
        keys: LastGood::counted(
            "published_keys",
            "the key ring, to publish",
            lifetimes,
            Arc::new(Cooldown::default()),
        ),
        issuer: issuer.clone(),
        authorization_server: Document::new(
            metadata::authorization_server(issuer).to_string().into(),
            max_age,
        ),
        openid: Document::new(metadata::openid(issuer).to_string().into(), max_age),
    };
    let authorize = || async { oauth::refuse(&RequestRefusal::NoAuthorizationEndpoint.refusal()) };
    let router = Router::new()
        // The OpenID metadata must name it (OpenID Connect Discovery 1.0 §3). No client has a redirect URI, so that errors are
        // shown and not sent to one (RFC 6749 §4.1.2.1).
        .route(oauth::AUTHORIZATION_PATH, get(authorize).post(authorize))
        .route("/.well-known/jwks.json", get(keys::<C, S>))
        .route(AUTHORIZATION_SERVER, get(authorization_server::<C, S>))
        .route(&format!("{AUTHORIZATION_SERVER}/{{*path}}"), get(authorization_server_below::<C, S>))
        .route("/.well-known/openid-configuration", get(openid::<C, S>))
        .with_state(Arc::new(state));
    oauth::at_every_base(&router, issuer.path())
}

async fn keys<C: Clock, S: PublishedKeySource>(
    State(state): State<Arc<Jwks<C, S>>>,
    headers: HeaderMap,
) -> Response {
    let source = Arc::clone(&state.source);
    let max_age = state.max_age;
    let now = state.clock.now();
    let load = || async move {
        let keys = source.published().await?.ok_or("no key ring is stored yet")?;
        Ok::<_, Cause>((Document::new(keys.as_json().to_vec(), max_age), now))
    };
    match state.keys.find(now, |_| true, load).await {
        Ok(document) => document.answer(&headers),
        Err(error) => oauth::refuse(&ExchangeError::from(SigningError(error.into())).refusal()),
    }
}

async fn authorization_server<C: Clock, S: PublishedKeySource>(
    State(state): State<Arc<Jwks<C, S>>>,
    headers: HeaderMap,
) -> Response {
    state.authorization_server.answer(&headers)
}

/// Answers for an issuer with a path, which comes after the well-known path (RFC 8414 §3.1).
async fn authorization_server_below<C: Clock, S: PublishedKeySource>(
    State(state): State<Arc<Jwks<C, S>>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    match uri.path().strip_prefix(AUTHORIZATION_SERVER) {
        Some(path) if path == state.issuer.path() => state.authorization_server.answer(&headers),
        _ => oauth::refuse(&RequestRefusal::NotFound.refusal()),
    }
}

async fn openid<C: Clock, S: PublishedKeySource>(
    State(state): State<Arc<Jwks<C, S>>>,
    headers: HeaderMap,
) -> Response {
    state.openid.answer(&headers)
}
