//! Compression of text.

use http::{Response, header};
use tower_http::compression::{CompressionLayer, predicate::Predicate};

use super::media::Media;

/// An answer that fits into one packet is not worth compressing.
const MIN_BYTES: u64 = 1024;

/// Selects XML, JSON, HTML and plain text; images and documents are compressed already.
///
/// The length of a compressed answer hints at its content (BREACH), but there is no secret to learn: an answer contains
/// no session and no key, and a page of another origin can neither send the session, which is a header, nor read the
/// answer.
#[derive(Debug, Clone, Copy)]
pub struct TextCompression;

impl Predicate for TextCompression {
    fn should_compress<B: http_body::Body>(&self, response: &Response<B>) -> bool {
        let headers = response.headers();
        let is_text = headers.get(header::CONTENT_TYPE).and_then(Media::of).is_some_and(Media::is_text);
        let is_long = response.body().size_hint().exact().is_none_or(|bytes| bytes >= MIN_BYTES);
        // An entity tag identifies the uncompressed bytes (RFC 9110 §8.8.3.3).
        is_text && is_long && !headers.contains_key(header::ETAG)
    }
}

/// Returns the layer that compresses text with gzip for clients that accept it.
pub fn compression() -> CompressionLayer<TextCompression> {
    CompressionLayer::new().compress_when(TextCompression)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::body::Body;
    use http::Request;
    use http_body_util::BodyExt as _;
    use tower::{Layer as _, ServiceExt as _, service_fn};

    use super::*;

    async fn answered(content_type: &'static str, bytes: usize, etag: bool) -> Response<Vec<u8>> {
        let service = compression().layer(service_fn(move |_: Request<Body>| async move {
            let mut answer = Response::new(Body::from(vec![b'a'; bytes]));
            answer.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            answer.headers_mut().insert(header::CONTENT_LENGTH, bytes.into());
            answer.headers_mut().insert(header::VARY, super::super::headers::VARIES);
            if etag {
                answer.headers_mut().insert(header::ETAG, "\"a\"".parse().unwrap());
            }
            Ok::<_, Infallible>(answer)
        }));
        let request = Request::get("/").header("accept-encoding", "gzip, br").body(Body::empty()).unwrap();
        let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
        Response::from_parts(parts, body.collect().await.unwrap().to_bytes().to_vec())
    }

    #[tokio::test]
    async fn compresses_text_and_not_images() {
        for (content_type, bytes, etag, is_compressed) in [
            ("text/xml; charset=utf-8", 5000, false, true),
            ("application/geo+json", 5000, false, true),
            ("text/html", 5000, false, true),
            ("text/xml", 100, false, false),
            ("text/xml", 5000, true, false),
            ("image/png", 5000, false, false),
            ("application/pdf", 5000, false, false),
        ] {
            let answer = answered(content_type, bytes, etag).await;
            assert_eq!(
                answer.headers().get(header::CONTENT_ENCODING).is_some(),
                is_compressed,
                "{content_type}"
            );
            let length = answer
                .headers()
                .get(header::CONTENT_LENGTH)
                .map(|length| length.to_str().unwrap().to_owned());
            assert_eq!(length, (!is_compressed).then(|| bytes.to_string()), "{content_type}");
            assert_eq!(answer.body().len() < bytes, is_compressed);
        }
    }

    #[tokio::test]
    async fn vary_names_all_that_a_compressed_answer_depends_on() {
        let answer = answered("text/xml", 5000, false).await;
        let varies: Vec<_> =
            answer.headers().get_all(header::VARY).iter().map(|value| value.to_str().unwrap()).collect();
        assert!(
            varies.join(", ").to_lowercase().contains("accept-encoding")
                && varies.join(", ").contains("X-Pozi-Session"),
            "{varies:?}"
        );
    }
}
