//! The headers of answers. Of QGIS Server's own a few are kept, in one place; the others are ours.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response,
    header::{
        CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
        LAST_MODIFIED, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
    },
};

use http_body::{Body as _, Frame};

use super::media::Media;

/// What an answer depends on beside its address: who asks, from which site, and for OGC API Features the format. The
/// compression adds `Accept-Encoding` itself.
pub(super) const VARIES: HeaderValue =
    HeaderValue::from_static("Origin, X-Pozi-Session, Authorization, Accept");

/// No script of an answer runs and nothing of it has an origin (W3C CSP Level 3 §6.3.2): the HTML of map tips and the
/// pages of OGC API Features, which load scripts of third parties, read as plain pages. Pictures may be shown, and a
/// link may be opened in a tab of its own.
pub(super) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; img-src https: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox",
);

/// What is kept of QGIS Server's headers, when its body is passed as it is.
const OF_A_BODY: [HeaderName; 2] = [CONTENT_LENGTH, ETAG];

/// The headers of an answer of the kind `media`. `found` are QGIS Server's; `is_same` says that its body is passed as
/// it is, so that what describes the bytes is still true. A header that came twice is none.
pub(super) fn chosen(found: &HeaderMap, media: Option<Media>, is_same: bool) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(10);
    let of_the_body = OF_A_BODY.iter().filter(|_| is_same);
    for name in [CONTENT_TYPE, LAST_MODIFIED].iter().chain(of_the_body) {
        if let Some(value) = single(found, name) {
            headers.insert(name.clone(), value.clone());
        }
    }
    if let Some(Media::Download { disposition }) = media {
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    }
    // A browser may keep a map for the person that it was drawn for; nothing in between may.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    guard(&mut headers);
    headers
}

/// Adds what stands on every answer, refusals included.
pub(super) fn guard(headers: &mut HeaderMap) {
    headers.insert(VARY, VARIES);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// The value of a header that came once.
pub(super) fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// The answer to HEAD: the headers of the answer to GET, and no body (RFC 9110 §9.3.2). Its `Content-Length` is that of the
/// answer to GET, or none (§8.6): GDAL takes 0 for an empty file.
pub fn without_body(mut answer: Response<Body>) -> Response<Body> {
    if let Some(bytes) = answer.body().size_hint().exact() {
        answer.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| bytes.into());
    }
    answer.map(|_| Body::new(Unsent))
}

/// A body that has no length, so that nothing writes one into the headers, and that ends at once.
struct Unsent;

impl http_body::Body for Unsent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "image/png"),
            ("content-length", "12"),
            ("etag", "\"a\""),
            ("last-modified", "Wed, 21 Oct 2015 07:28:00 GMT"),
            ("content-disposition", "attachment; filename=a.exe"),
            ("server", "QGIS FCGI server"),
            ("x-accel-redirect", "/secret"),
            ("set-cookie", "a=b"),
            ("access-control-allow-origin", "*"),
            ("cache-control", "public"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn only_the_chosen_headers_pass() {
        let headers = chosen(&found(), Some(Media::Image), true);
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "cache-control",
                "content-length",
                "content-security-policy",
                "content-type",
                "etag",
                "last-modified",
                "referrer-policy",
                "vary",
                "x-content-type-options"
            ]
        );
        assert_eq!(headers[CACHE_CONTROL], "private");
    }

    #[test]
    fn the_answer_to_head_tells_the_length_of_the_answer_to_get_or_none() {
        let head = without_body(Response::new(Body::from("twelve bytes")));
        assert_eq!(head.headers()[CONTENT_LENGTH], "12");
        let streamed = without_body(Response::new(Body::new(Unsent)));
        assert!(!streamed.headers().contains_key(CONTENT_LENGTH));
        assert_eq!(streamed.body().size_hint().exact(), None);
    }

    #[test]
    fn what_describes_other_bytes_goes() {
        let headers = chosen(&found(), Some(Media::Xml), false);
        assert!(!headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(ETAG));
    }

    #[test]
    fn a_header_that_came_twice_is_none() {
        let mut twice = found();
        twice.append(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        assert!(!chosen(&twice, Some(Media::Image), true).contains_key(CONTENT_TYPE));
    }

    #[test]
    fn a_download_has_a_name_of_ours() {
        let media = Media::of(&HeaderValue::from_static("application/pdf"));
        assert_eq!(chosen(&found(), media, true)[CONTENT_DISPOSITION], r#"attachment; filename="map.pdf""#);
    }
}
