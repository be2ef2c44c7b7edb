//! An address that is attacked: a gate's, or the unguarded server's.

use std::{sync::Arc, time::Duration};

use super::{
    rig::{Backend, Rig},
    sessions::Sessions,
    trap::Trap,
    wire::{ANSWER_TIMEOUT, Answer, send},
};

/// The headers that a gate's answer may have.
const GATE_HEADERS: [&str; 25] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "cache-control",
    "connection",
    "content-disposition",
    "content-security-policy",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "etag",
    "last-modified",
    "referrer-policy",
    "location",
    "retry-after",
    "timing-allow-origin",
    "transfer-encoding",
    "vary",
    "www-authenticate",
    "x-content-type-options",
];
/// Headers of nginx and QGIS, which only the unguarded server's answers may have.
const UNGUARDED_HEADERS: [&str; 3] = ["accept-ranges", "server", "expires"];

/// An address that is attacked, and what is behind it.
pub(crate) struct Endpoint {
    pub(crate) name: String,
    /// The port on the loopback address.
    pub(crate) port: u16,
    pub(crate) backend: Arc<Backend>,
    /// A port that no request to this endpoint may cause a call to.
    pub(crate) trap: Trap,
    /// The headers that its answers may have.
    pub(crate) headers: Vec<&'static str>,
    /// How long to wait for an answer before a process counts as hung.
    pub(crate) timeout: Duration,
}

impl Endpoint {
    /// Creates the endpoint of a gate that listens on `port` in front of `backend`.
    pub(crate) fn of_gate(backend: &Arc<Backend>, port: u16) -> Self {
        let name = format!("gate-{}", backend.name);
        let (backend, headers) = (Arc::clone(backend), GATE_HEADERS.to_vec());
        Self { name, port, backend, trap: Trap::set(), headers, timeout: ANSWER_TIMEOUT }
    }

    /// Creates the endpoint of the server without a gate.
    pub(crate) fn unguarded(rig: &Rig) -> Self {
        let headers = [&GATE_HEADERS[..], &UNGUARDED_HEADERS].concat();
        let backend = Arc::clone(&rig.unguarded);
        let (name, port) = ("unguarded".to_owned(), rig.unguarded_port);
        // Short: some attacks are known to hang it, and each of them costs this much time.
        Self { name, port, backend, trap: Trap::set(), headers, timeout: Duration::from_secs(4) }
    }

    /// Whether it answers `GetCapabilities`.
    pub(crate) fn answers(&self, sessions: &Sessions) -> bool {
        let answer = self.get("/ows/alpha/?SERVICE=WMS&REQUEST=GetCapabilities", &sessions.reader);
        answer.status == 200 && answer.text().contains("The catalogue of redgum")
    }

    /// Sends a GET of `path` below the base path. An empty `session` sends no session header.
    pub(crate) fn get(&self, path: &str, session: &str) -> Answer {
        let session =
            if session.is_empty() { String::new() } else { format!("X-Pozi-Session: {session}\r\n") };
        let request = format!(
            "GET /pozi{path} HTTP/1.1\r\nHost: poziserver-riverbend.example\r\nConnection: close\r\n{session}\r\n"
        );
        send(self.port, request.as_bytes(), ANSWER_TIMEOUT)
    }
}
