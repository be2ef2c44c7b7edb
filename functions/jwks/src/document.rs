//! A public JSON document with its validator (`ETag`), so that an unchanged one is answered with 304 (RFC 9110 §13.1.2).

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    response::Response,
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS},
};
use pozi_auth::{hash::sha256_hex, oauth::is_unchanged};

/// A document as it is served.
#[derive(Debug)]
pub(crate) struct Document {
    body: Bytes,
    etag: String,
    cache_control: String,
}

/// As long as the service itself takes to read a new key ring.
const SHARED_MAX_AGE: Duration = Duration::from_secs(5);

impl Document {
    /// Creates a document of `json`. Consumers may keep it for `max_age`, and for a day while they cannot fetch a newer one: an
    /// old key set is better than none. A cache that many share may keep it for [`SHARED_MAX_AGE`] only, so that a verifier that
    /// asks for an unknown key, or because one was revoked, gets what the service knows. It may also not serve an old one while
    /// it fetches another (RFC 9111 §5.2.2.10, RFC 5861 §4).
    pub(crate) fn new(json: Vec<u8>, max_age: Duration) -> Self {
        let hash = sha256_hex(&json);
        let seconds = max_age.as_secs();
        Self {
            body: json.into(),
            etag: format!("\"{hash}\""),
            cache_control: format!(
                "public, max-age={seconds}, s-maxage={}, stale-if-error=86400",
                SHARED_MAX_AGE.as_secs()
            ),
        }
    }

    /// Answers with the document, or with 304 if the consumer has it.
    pub(crate) fn answer(&self, request: &HeaderMap) -> Response {
        let unchanged = is_unchanged(request, &self.etag);
        let mut response =
            Response::new(if unchanged { Body::empty() } else { Body::from(self.body.clone()) });
        let headers = response.headers_mut();
        for (name, value) in [(ETAG, &self.etag), (CACHE_CONTROL, &self.cache_control)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use http::header::IF_NONE_MATCH;

    use super::*;

    fn status(if_none_match: &str) -> StatusCode {
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, if_none_match.parse().unwrap());
        Document::new(b"{}".to_vec(), Duration::from_secs(1)).answer(&headers).status()
    }

    /// RFC 9110 §13.1.2.
    #[test]
    fn answers_304_to_a_consumer_that_has_the_document() {
        let etag = Document::new(b"{}".to_vec(), Duration::from_secs(1)).etag;
        for known in [etag.clone(), format!("W/{etag}"), "*".into(), format!("\"other\", {etag}")] {
            assert_eq!(status(&known), StatusCode::NOT_MODIFIED, "{known}");
        }
        for other in ["\"other\"", "", etag.trim_matches('"')] {
            assert_eq!(status(other), StatusCode::OK, "{other}");
        }
    }
}
