//! Cross-origin access for the site's origins (WHATWG Fetch §3.3). The session is a header and not a cookie, so
//! credentials are never allowed.

use axum::body::Body;
use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
};
use pozi_auth::sites::Origin;

use super::headers::{add_security_headers, single};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "x-pozi-session, authorization, content-type, accept, range, cache-control, pragma, x-requested-with",
);
/// Headers that scripts may read in addition to the safelisted ones.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "content-disposition, content-length, etag, location, retry-after, www-authenticate",
);
/// Two hours, Chromium's maximum.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const PREFLIGHT_VARIES: HeaderValue =
    HeaderValue::from_static("Origin, Access-Control-Request-Method, Access-Control-Request-Headers");

/// The origins that a site's answers may be read from.
#[derive(Debug, Clone)]
pub struct Cors {
    origins: Vec<Origin>,
}

impl Cors {
    /// Allows `origins`.
    pub fn new(origins: Vec<Origin>) -> Self {
        Self { origins }
    }

    /// Adds headers to `answer` that let the site's pages read it, if the request came from one. Refusals need them too,
    /// so that a page can read the reason.
    pub fn allow<B>(&self, request_headers: &HeaderMap, answer: &mut Response<B>) {
        let Some(origin) = self.origin(request_headers) else { return };
        let headers = answer.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }

    /// Returns the request's origin if it is one of the site's.
    fn origin<'h>(&self, request_headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
        let origin = single(request_headers, &ORIGIN)?;
        let named = origin.to_str().ok()?;
        self.origins.iter().any(|own| own.is_named_by(named)).then_some(origin)
    }
}

/// Answers a preflight; returns `None` for other requests. Needs no session, and tells other origins nothing.
pub fn preflight(method: &Method, request_headers: &HeaderMap, cors: &Cors) -> Option<Response<Body>> {
    if method != Method::OPTIONS || !request_headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let headers = answer.headers_mut();
    add_security_headers(headers);
    headers.insert(VARY, PREFLIGHT_VARIES);
    if let Some(origin) = cors.origin(request_headers) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::refusal;

    fn cors() -> Cors {
        Cors::new(vec!["https://maps.council.example".parse().unwrap()])
    }

    fn request(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    /// RFC 10017 §6.3.3.4.
    #[test]
    fn only_the_sites_origins_can_read_answers_and_refusals() {
        for (fields, allowed) in [
            (vec![("origin", "https://maps.council.example")], true),
            (vec![("origin", "https://maps.council.example.evil.example")], false),
            (vec![("origin", "null")], false),
            (vec![], false),
            (vec![("origin", "https://maps.council.example"), ("origin", "https://evil.example")], false),
        ] {
            let mut answer = refusal(StatusCode::BAD_GATEWAY, "a", "b", None);
            cors().allow(&request(&fields), &mut answer);
            let headers = answer.headers();
            assert_eq!(headers.get(ACCESS_CONTROL_ALLOW_ORIGIN).is_some(), allowed, "{fields:?}");
            assert!(!headers.contains_key("access-control-allow-credentials"));
            assert!(headers[VARY].to_str().unwrap().starts_with("Origin"));
        }
    }

    #[test]
    fn a_preflight_is_answered_without_a_session() {
        let fields = request(&[
            ("origin", "https://maps.council.example"),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "x-pozi-session"),
        ]);
        let answer = preflight(&Method::OPTIONS, &fields, &cors()).unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(answer.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "https://maps.council.example");
        assert_eq!(answer.headers()[ACCESS_CONTROL_MAX_AGE], "7200");
        assert!(preflight(&Method::GET, &fields, &cors()).is_none());
        assert!(preflight(&Method::OPTIONS, &request(&[]), &cors()).is_none());
    }

    #[test]
    fn a_preflight_from_another_origin_allows_nothing() {
        let fields = request(&[("origin", "https://evil.example"), ("access-control-request-method", "GET")]);
        let answer = preflight(&Method::OPTIONS, &fields, &cors()).unwrap();
        assert!(!answer.headers().keys().any(|name| name.as_str().starts_with("access-control")));
    }
}
