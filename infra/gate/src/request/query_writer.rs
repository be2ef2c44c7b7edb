//! Writes queries in one form: `NAME=value` joined by `&`, UTF-8, percent-encoded except for letters, digits and `-._~`, with
//! `%20` for a space.

use bytes::Bytes;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::upstream::{QgisBody, QgisRequest};

/// Longer queries, in bytes, are sent as a form: http.sys refuses request lines of more than 16 KiB, and some servers of more
/// than 8 KiB.
const MAX_QUERY_BYTES: usize = 4_000;

/// Most queries are shorter.
const CAPACITY: usize = 512;

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A query under construction.
#[derive(Debug, Default)]
pub(super) struct QueryWriter(String);

impl QueryWriter {
    pub(super) fn new(service: &str, operation: &str) -> Self {
        let mut query = Self(String::with_capacity(CAPACITY));
        query.add("SERVICE", service);
        query.add("REQUEST", operation);
        query
    }

    pub(super) fn add(&mut self, key: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(utf8_percent_encode(key, ESCAPED));
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, ESCAPED));
    }

    pub(super) fn into_query(self) -> String {
        self.0
    }

    /// A GET request with this query, or a form by POST where it is long.
    pub(super) fn into_request(self) -> QgisRequest {
        if self.0.len() <= MAX_QUERY_BYTES {
            return QgisRequest { query: self.0, ..request(Method::GET, String::new()) };
        }
        let body = QgisBody { content_type: "application/x-www-form-urlencoded", bytes: Bytes::from(self.0) };
        QgisRequest { body: Some(body), ..request(Method::POST, String::new()) }
    }
}

/// A request that has only a method and a path.
pub(super) fn request(method: Method, path: String) -> QgisRequest {
    QgisRequest { method, path, query: String::new(), body: None, accept: None, public_url: String::new() }
}

/// A WFS request with an XML body.
pub(super) fn xml_request(body: String) -> QgisRequest {
    let body = QgisBody { content_type: "text/xml", bytes: body.into() };
    QgisRequest { query: "SERVICE=WFS".into(), body: Some(body), ..request(Method::POST, String::new()) }
}

/// `text` encoded as a segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_everything_but_letters_digits_and_four_marks() {
        let mut query = QueryWriter::new("WMS", "GetMap");
        query.add("LAYERS", "Bäume,a b&c=d+e;'\"");
        let request = query.into_request();
        assert_eq!(
            request.query,
            "SERVICE=WMS&REQUEST=GetMap&LAYERS=B%C3%A4ume%2Ca%20b%26c%3Dd%2Be%3B%27%22"
        );
    }

    #[test]
    fn sends_long_queries_as_a_form() {
        let mut query = QueryWriter::new("WMS", "GetMap");
        query.add("SELECTION", &"1,".repeat(10_000));
        let request = query.into_request();
        assert_eq!((request.method, request.query.as_str()), (Method::POST, ""));
        assert!(request.body.unwrap().bytes.starts_with(b"SERVICE=WMS&REQUEST=GetMap&SELECTION=1%2C"));
    }
}
