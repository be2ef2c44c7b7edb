//! The gate's own refusals, all in one JSON shape.

use axum::body::Body;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde::Serialize;

use super::headers::add_security_headers;

#[derive(Serialize)]
struct RefusalBody<'a> {
    reason: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
}

/// Returns a refusal: `{"reason": …, "description": …, "parameter": …}`. `reason` is a stable code, `description` a
/// sentence for an administrator, and `parameter` the name of the refused parameter. None of them may hold a value from
/// the client.
pub fn refusal(
    status: StatusCode,
    reason: &str,
    description: &str,
    parameter: Option<&str>,
) -> Response<Body> {
    // Serialising three strings cannot fail.
    let body = serde_json::to_string(&RefusalBody { reason, description, parameter }).unwrap_or_default();
    let length = body.len();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    add_security_headers(headers);
    response
}

/// Adds `WWW-Authenticate` (RFC 6750 §3) to `refusal`, unless `challenge` is not a valid header value.
pub fn challenged(mut refusal: Response<Body>, challenge: &str) -> Response<Body> {
    if let Ok(challenge) = HeaderValue::from_str(challenge) {
        refusal.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    refusal
}

/// Adds `Retry-After` in seconds (RFC 9110 §10.2.3) to `refusal`.
pub fn retry_after(mut refusal: Response<Body>, seconds: u64) -> Response<Body> {
    refusal.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    refusal
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::answer::without_body;

    /// RFC 9111 §5.2.2.5.
    #[tokio::test]
    async fn a_refusal_is_a_json_object_and_not_cached() {
        let refused =
            refusal(StatusCode::BAD_REQUEST, "unknown_parameter", "not a \"parameter\"", Some("SLD"));
        assert_eq!(refused.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(refused.headers()["x-content-type-options"], "nosniff");
        let length = refused.headers()[CONTENT_LENGTH].to_str().unwrap().to_owned();
        let body = refused.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(
            body,
            r#"{"reason":"unknown_parameter","description":"not a \"parameter\"","parameter":"SLD"}"#
        );
        assert_eq!(length, body.len().to_string());
    }

    /// RFC 9110 §10.2.3.
    #[tokio::test]
    async fn a_refusal_of_head_has_headers_and_no_body() {
        let refused =
            challenged(refusal(StatusCode::UNAUTHORIZED, "no_session", "no session", None), "Bearer");
        let head = without_body(retry_after(refused, 5));
        assert_eq!(
            (&head.headers()[WWW_AUTHENTICATE], &head.headers()[RETRY_AFTER]),
            (&"Bearer".parse().unwrap(), &"5".parse().unwrap())
        );
        assert_ne!(head.headers()[CONTENT_LENGTH], "0");
        assert!(head.into_body().collect().await.unwrap().to_bytes().is_empty());
    }

    #[test]
    fn omits_a_challenge_with_a_line_break() {
        let refused = challenged(refusal(StatusCode::UNAUTHORIZED, "a", "b", None), "Bearer\r\nX: y");
        assert!(!refused.headers().contains_key(WWW_AUTHENTICATE));
    }
}
