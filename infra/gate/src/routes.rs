//! `/decide`, which a gateway asks.

use std::sync::Arc;

use axum::{Router, body::Body, extract::State, response::Response, routing::any};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE},
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

/// What the routes need.
#[derive(Debug)]
pub struct Routes<C, K> {
    /// Decides.
    pub gate: Gate<K>,
    /// Tells the time.
    pub clock: C,
    /// The site, for the log.
    pub site: String,
}

/// The routes.
pub fn router<C: Clock, K: SessionKeySource + 'static>(routes: Routes<C, K>) -> Router {
    let routing = Router::new().route("/decide", any(decide::<C, K>)).with_state(Arc::new(routes));
    // Whatever goes wrong, nobody is let through.
    routing.layer(CatchPanicLayer::custom(|_| answer(StatusCode::INTERNAL_SERVER_ERROR)))
}

async fn decide<C: Clock, K: SessionKeySource + 'static>(
    State(routes): State<Arc<Routes<C, K>>>,
    headers: HeaderMap,
) -> Response {
    let mut found = Found::default();
    let outcome = routes.gate.decide(&headers, routes.clock.now(), &mut found).await;
    log::tell(&routes.site, &outcome, &found);
    match outcome {
        Ok(session) => admit(&session),
        Err(refusal) => refuse(&refusal),
    }
}

/// 204 with who it is and what else the session opens, for the gateway to pass on.
fn admit(session: &VerifiedSession) -> Response {
    let scope = session.scope().to_string();
    let values = (HeaderValue::from_str(session.subject()), HeaderValue::from_str(&scope));
    // A subject that is no header value was signed by nobody who knows what a subject is.
    let (Ok(subject), Ok(scope)) = values else { return answer(StatusCode::INTERNAL_SERVER_ERROR) };
    let mut response = answer(StatusCode::NO_CONTENT);
    response.headers_mut().insert(SUBJECT, subject);
    response.headers_mut().insert(SCOPE, scope);
    response
}

fn refuse(refusal: &Refusal) -> Response {
    let mut response = answer(refusal.status());
    if let Some(challenge) = refusal.challenge().and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    let body = serde_json::json!({ "reason": refusal.reason() });
    with_json(response, &body)
}

/// An answer that nobody keeps: the next request may be another person's.
fn answer(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn with_json(mut response: Response, body: &impl serde::Serialize) -> Response {
    *response.body_mut() = serde_json::to_vec(body).unwrap_or_default().into();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
