//! The headers of answers: a few of QGIS Server's, and the gate's own.

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

/// An answer depends on the session, on the page's origin and, for OGC API Features, on the format. The compression layer
/// adds `Accept-Encoding`.
pub(super) const VARIES: HeaderValue =
    HeaderValue::from_static("Origin, X-Pozi-Session, Authorization, Accept");

/// Runs no script and gives the page an opaque origin (W3C CSP Level 3 §6.3.2): the HTML of map tips is untrusted, and
/// the pages of OGC API Features load third-party scripts. Images are shown, and links open in a tab of their own.
pub(super) const CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; img-src https: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox",
);

/// Returns the client's headers for an answer of the kind `media`. Of QGIS Server's headers, `Content-Length` and `ETag`
/// are kept only if its body is passed unchanged. Repeated headers are dropped.
pub(super) fn select(found: &HeaderMap, media: Option<Media>, is_unchanged: bool) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(10);
    let about_bytes = [CONTENT_LENGTH, ETAG].into_iter().filter(|_| is_unchanged);
    for name in [CONTENT_TYPE, LAST_MODIFIED].into_iter().chain(about_bytes) {
        if let Some(value) = single(found, &name) {
            headers.insert(name, value.clone());
        }
    }
    if let Some(Media::Download { disposition }) = media {
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    }
    // Only the user's own browser may cache a map, and no proxy on the way.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    add_security_headers(&mut headers);
    headers
}

/// Adds the headers of every answer, including refusals.
pub(super) fn add_security_headers(headers: &mut HeaderMap) {
    headers.insert(VARY, VARIES);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, CSP);
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
}

/// Returns the value of a header that occurs exactly once.
pub(super) fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Turns the answer to GET into the answer to HEAD (RFC 9110 §9.3.2). `Content-Length` is that of the answer to GET, or
/// absent (§8.6): GDAL takes 0 for an empty file.
pub fn without_body(mut answer: Response<Body>) -> Response<Body> {
    if let Some(bytes) = answer.body().size_hint().exact() {
        answer.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| bytes.into());
    }
    answer.map(|_| Body::new(NoBody))
}

/// An empty body of unknown length, so that the server adds no `Content-Length: 0`.
struct NoBody;

impl http_body::Body for NoBody {
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

    /// RFC 9111 §3.5, §5.2.2.7.
    #[test]
    fn passes_only_selected_headers() {
        let headers = select(&found(), Some(Media::Image), true);
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

    /// RFC 9110 §9.3.2.
    #[test]
    fn head_has_the_content_length_of_get_or_none() {
        let head = without_body(Response::new(Body::from("twelve bytes")));
        assert_eq!(head.headers()[CONTENT_LENGTH], "12");
        let streamed = without_body(Response::new(Body::new(NoBody)));
        assert!(!streamed.headers().contains_key(CONTENT_LENGTH));
        assert_eq!(streamed.body().size_hint().exact(), None);
    }

    #[test]
    fn drops_headers_about_bytes_that_changed() {
        let headers = select(&found(), Some(Media::Xml), false);
        assert!(!headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(ETAG));
    }

    #[test]
    fn drops_a_repeated_header() {
        let mut twice = found();
        twice.append(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        assert!(!select(&twice, Some(Media::Image), true).contains_key(CONTENT_TYPE));
    }

    #[test]
    fn the_gate_names_a_download() {
        let media = Media::of(&HeaderValue::from_static("application/pdf"));
        assert_eq!(select(&found(), media, true)[CONTENT_DISPOSITION], r#"attachment; filename="map.pdf""#);
    }
}
