//! `/decide`, for other gateways.

use std::sync::Arc;

use axum::{Router, body::Body, extract::State, response::Response, routing::any};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use pozi_auth::{
    session::{SessionKeySource, VerifiedSession},
    timestamp::Clock,
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    decide::{Found, Gate},
    log,
    refusal::Refusal,
};

const SUBJECT: HeaderName = HeaderName::from_static("x-pozi-subject");
const SCOPE: HeaderName = HeaderName::from_static("x-pozi-scope");

/// The state of the route.
#[derive(Debug)]
pub struct Routes<C, K> {
    /// Makes the decisions.
    pub gate: Gate<K>,
    /// Tells the time.
    pub clock: C,
    /// The site's external URL, for the log.
    pub site: String,
}

/// Returns the router for `/decide`.
pub fn router<C: Clock, K: SessionKeySource + 'static>(routes: Routes<C, K>) -> Router {
    let routing = Router::new().route("/decide", any(decide::<C, K>)).with_state(Arc::new(routes));
    // A panic must never allow a request.
    routing.layer(CatchPanicLayer::custom(|_| answer(StatusCode::INTERNAL_SERVER_ERROR)))
}

async fn decide<C: Clock, K: SessionKeySource + 'static>(
    State(routes): State<Arc<Routes<C, K>>>,
    headers: HeaderMap,
) -> Response {
    let mut found = Found::default();
    let outcome = routes.gate.decide(&headers, routes.clock.now(), &mut found).await;
    log::log_decision(&routes.site, &outcome, &found);
    match outcome {
        Ok(session) => allowed(&session),
        Err(refusal) => refused(&refusal),
    }
}

/// Returns 204 with the session's subject and scope, for the gateway to pass on.
fn allowed(session: &VerifiedSession) -> Response {
    let scope = session.scope().to_string();
    let values = (HeaderValue::from_str(session.subject()), HeaderValue::from_str(&scope));
    // The issuer signs no subject that is not a header value.
    let (Ok(subject), Ok(scope)) = values else { return answer(StatusCode::INTERNAL_SERVER_ERROR) };
    let mut response = answer(StatusCode::NO_CONTENT);
    response.headers_mut().insert(SUBJECT, subject);
    response.headers_mut().insert(SCOPE, scope);
    response
}

fn refused(refusal: &Refusal) -> Response {
    let mut response = answer(refusal.status());
    if let Some(challenge) = refusal.challenge().and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = refusal.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    let body = serde_json::json!({ "reason": refusal.reason() });
    *response.body_mut() = body.to_string().into();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Returns an empty answer that must not be cached: the next request may be another person's.
fn answer(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
