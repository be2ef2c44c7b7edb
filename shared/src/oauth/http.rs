//! Reading requests and writing answers, common to all HTTP functions.

use std::any::Any;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{
        AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, PRAGMA, RETRY_AFTER,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use serde::Serialize;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{Any as AnyOf, CorsLayer},
};

use super::{ExchangeError, MAX_BODY_BYTES, Refusal, RequestRefusal};
use crate::error::{Received, with_causes};

/// The path of the authorization endpoint below the service's URL. It refuses every request.
pub const AUTHORIZATION_PATH: &str = "/oauth2/authorize";

/// Adds what every function has: CORS, and answers for unknown paths, unsupported methods and panics.
///
/// CORS allows every origin, for refusals too, so that a page can read why it was refused. That is safe because no
/// cookies are used; the exchange itself checks which origins may have a session.
pub fn finish(router: Router) -> Router {
    let cors = CorsLayer::new()
        .allow_origin(AnyOf)
        .allow_methods([Method::GET, Method::HEAD, Method::POST])
        // The wildcard means every header but this one (Fetch §4.9).
        .allow_headers([HeaderName::from_static("*"), AUTHORIZATION])
        .expose_headers([RETRY_AFTER, ETAG])
        .max_age(std::time::Duration::from_hours(2));
    router
        .fallback(|| async { refuse(&RequestRefusal::NotFound.refusal()) })
        .method_not_allowed_fallback(|| async { refuse(&RequestRefusal::MethodNotAllowed.refusal()) })
        // Together, because the router puts each layer that it is given behind a pointer of its own.
        .layer((from_fn(close_authorization_endpoint), cors, CatchPanicLayer::custom(after_panic)))
}

/// Removes CORS from the authorization endpoint: browsers are sent there, and no script may call it (RFC 9700 §2.6).
async fn close_authorization_endpoint(request: Request, next: Next) -> Response {
    let is_open = !request.uri().path().ends_with(AUTHORIZATION_PATH);
    let mut response = next.run(request).await;
    if is_open {
        return response;
    }
    let headers = response.headers_mut();
    let of_cors = headers.keys().filter(|name| name.as_str().starts_with("access-control-"));
    for name in of_cors.cloned().collect::<Vec<_>>() {
        headers.remove(name);
    }
    response
}

/// Returns `router` with its routes also below the path of the service's URL (`/stage/pozi`), and below each end of it
/// (`/pozi`): API Gateway removes its stage from the path that a client sends, or not, as it is set up; a proxy may too.
pub fn at_every_base(router: &Router, path: &str) -> Router {
    let ends = path.match_indices('/').map(|(at, _)| &path[at..]);
    ends.fold(router.clone(), |all, base| all.nest(base, router.clone()))
}

/// Reads the body of a form of at most [`MAX_BODY_BYTES`].
pub async fn read_form(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, RequestRefusal> {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !is_form(content_type) {
        return Err(RequestRefusal::UnsupportedMediaType(Received::of(&String::from_utf8_lossy(
            content_type,
        ))));
    }
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(RequestRefusal::BodyTooLarge);
    }
    match to_bytes(body, MAX_BODY_BYTES).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) if is_length_limit(&error) => Err(RequestRefusal::BodyTooLarge),
        Err(_) => Err(RequestRefusal::BodyUnreadable),
    }
}

/// Returns a JSON answer that no cache stores (RFC 6749 §5.1).
pub fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    let mut response = Response::new(Body::from(serde_json::to_vec(body).unwrap_or_default()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Whether the caller of a request with these headers has what `etag` validates. `If-None-Match` compares weakly (RFC 9110
/// §13.1.2): a cache may have marked the validator as weak (`W/`).
pub fn is_unchanged(request: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let matches = |tag: &str| tag == "*" || opaque(tag) == opaque(etag);
    let values = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|tag| matches(tag.trim()))
}

/// Returns the answer for a refusal (RFC 6749 §5.2).
pub fn refuse(refusal: &Refusal) -> Response {
    respond(refusal, None)
}

/// Returns the answer for `error` with what only an operator may know: what was expected and what was found. For use on
/// localhost.
pub fn refuse_with_detail(error: &ExchangeError) -> Response {
    respond(&error.refusal(), Some(&with_causes(error)))
}

fn respond(refusal: &Refusal, detail: Option<&str>) -> Response {
    #[derive(Serialize)]
    struct Body<'a> {
        error: &'static str,
        reason: &'static str,
        error_description: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        graph_scope: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<&'a str>,
    }
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let Refusal { error, reason, ref description, ref graph_scope, .. } = *refusal;
    let graph_scope = graph_scope.as_deref();
    let body = Body { error, reason, error_description: description, graph_scope, detail };
    let mut response = json_response(status, &body);
    if let Some(pause) = refusal.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(pause.as_secs().max(1)));
    }
    response
}

fn is_form(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    essence.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

fn is_length_limit(error: &axum::Error) -> bool {
    let error: &dyn std::error::Error = error;
    std::iter::successors(Some(error), |error| error.source())
        .any(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}

/// Does not log the panic's message: it may contain secrets.
fn after_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request panicked");
    refuse(&RequestRefusal::Internal.refusal())
}
