//! The one spelling in which requests leave the gate: `NAME=value` joined by `&`, UTF-8, percent-encoded but for letters,
//! digits and `-._~`, a space as `%20`.

use bytes::Bytes;
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::upstream::{QgisBody, QgisRequest};

/// Longer ones travel as a form: http.sys refuses request lines of more than 16 KiB, and some servers of more than 8.
const MAX_QUERY: usize = 4_000;

/// Most requests are shorter.
const CAPACITY: usize = 512;

const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A query that is being written.
#[derive(Debug, Default)]
pub(super) struct Written(String);

impl Written {
    pub(super) fn of(service: &str, request: &str) -> Self {
        let mut written = Self(String::with_capacity(CAPACITY));
        written.add("SERVICE", service);
        written.add("REQUEST", request);
        written
    }

    /// Adds a parameter.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        self.0.extend(utf8_percent_encode(key, ESCAPED));
        self.0.push('=');
        self.0.extend(utf8_percent_encode(value, ESCAPED));
    }

    /// What was written.
    pub(super) fn into_query(self) -> String {
        self.0
    }

    /// The request, as a form where the query is long.
    pub(super) fn into_request(self, method: Method) -> QgisRequest {
        if self.0.len() <= MAX_QUERY {
            return QgisRequest { query: self.0, ..request(method, String::new()) };
        }
        let body = QgisBody { content_type: "application/x-www-form-urlencoded", bytes: Bytes::from(self.0) };
        QgisRequest { body: Some(body), ..request(Method::POST, String::new()) }
    }
}

/// A request with nothing but a method and a path.
pub(super) fn request(method: Method, path: String) -> QgisRequest {
    QgisRequest { method, path, query: String::new(), body: None, accept: None, public_url: String::new() }
}

/// `text` as a segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_letters_digits_and_four_marks_is_encoded() {
        let mut written = Written::of("WMS", "GetMap");
        written.add("LAYERS", "Bäume,a b&c=d+e;'\"");
        let request = written.into_request(Method::GET);
        assert_eq!(
            request.query,
            "SERVICE=WMS&REQUEST=GetMap&LAYERS=B%C3%A4ume%2Ca%20b%26c%3Dd%2Be%3B%27%22"
        );
    }

    #[test]
    fn what_is_long_travels_as_a_form() {
        let mut written = Written::of("WMS", "GetMap");
        written.add("SELECTION", &"1,".repeat(10_000));
        let request = written.into_request(Method::GET);
        assert_eq!((request.method, request.query.as_str()), (Method::POST, ""));
        assert!(request.body.unwrap().bytes.starts_with(b"SERVICE=WMS&REQUEST=GetMap&SELECTION=1%2C"));
    }
}
