//! An HTTP request as bytes, without its session.

/// An HTTP request that may be malformed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// Method and target, as sent.
    pub(crate) line: Vec<u8>,
    pub(crate) headers: Vec<Vec<u8>>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Creates a request without additional headers or a body.
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self { line: format!("{method} {target}").into_bytes(), ..Self::default() }
    }

    /// Adds a header.
    pub(crate) fn header(mut self, header: &str) -> Self {
        self.headers.push(header.as_bytes().to_vec());
        self
    }

    /// Sets the body, and its content type if `kind` is not empty.
    pub(crate) fn body(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        if kind.is_empty() { self } else { self.header(&format!("Content-Type: {kind}")) }
    }

    /// Returns the bytes of the request with `session`.
    pub(crate) fn bytes(&self, session: &str) -> Vec<u8> {
        let has_header = |name: &str| {
            self.headers.iter().any(|header| header.to_ascii_lowercase().starts_with(name.as_bytes()))
        };
        let mut bytes =
            [&self.line[..], b" HTTP/1.1\r\nConnection: close\r\nX-Pozi-Session: ", session.as_bytes()]
                .concat();
        let mut header = |text: &[u8]| bytes.extend([b"\r\n", text].concat());
        if !has_header("host:") {
            header(b"Host: poziserver-riverbend.example");
        }
        if !self.body.is_empty() && !has_header("transfer-encoding:") && !has_header("content-length:") {
            header(format!("Content-Length: {}", self.body.len()).as_bytes());
        }
        self.headers.iter().for_each(|own| header(own));
        [&bytes[..], b"\r\n\r\n", &self.body].concat()
    }
}
