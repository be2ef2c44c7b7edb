//! One address that takes requests: the gate's on one way to QGIS, or the free server's.

use std::{sync::Arc, time::Duration};

use super::{
    rig::{Rig, Way},
    sessions::Sessions,
    trap::Trap,
    wire::{Answer, PATIENCE, send},
};

/// The headers that a gate's answer may have; all of them its own.
const GATES: [&str; 25] = [
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
/// nginx's and QGIS's own, on the free server alone.
const FREE: [&str; 3] = ["accept-ranges", "server", "expires"];

/// One address that takes requests, with what stands behind it.
pub(crate) struct Door {
    pub(crate) name: String,
    /// The port of the loopback address that is attacked.
    pub(crate) port: u16,
    pub(crate) way: Arc<Way>,
    /// A port that nothing may call because of a request at this door.
    pub(crate) trap: Trap,
    /// The names of the headers that its answers may have.
    pub(crate) headers: Vec<&'static str>,
    /// For how long an answer is waited for before a process counts as stuck.
    pub(crate) patience: Duration,
}

impl Door {
    /// The door of a gate that listens at `port` and asks QGIS by `way`.
    pub(crate) fn of_gate(way: &Arc<Way>, port: u16) -> Self {
        let name = format!("gate-{}", way.name);
        let (way, headers) = (Arc::clone(way), GATES.to_vec());
        Self { name, port, way, trap: Trap::set(), headers, patience: PATIENCE }
    }

    /// The door that nothing guards.
    pub(crate) fn free(rig: &Rig) -> Self {
        let headers = [&GATES[..], &FREE].concat();
        let way = Arc::clone(&rig.free);
        let (name, port) = ("free".to_owned(), rig.free_port);
        // Short: what holds it is known to hold it, and each time costs as much.
        Self { name, port, way, trap: Trap::set(), headers, patience: Duration::from_secs(4) }
    }

    /// Whether `GetCapabilities` is answered through it.
    pub(crate) fn is_alive(&self, sessions: &Sessions) -> bool {
        let answer = self.ask("/ows/alpha/?SERVICE=WMS&REQUEST=GetCapabilities", &sessions.reader);
        answer.status == 200 && answer.text().contains("The catalogue of redgum")
    }

    /// The answer to a plain GET of a path below the base; without the session's header where it is empty.
    pub(crate) fn ask(&self, path: &str, session: &str) -> Answer {
        let session =
            if session.is_empty() { String::new() } else { format!("X-Pozi-Session: {session}\r\n") };
        let request = format!(
            "GET /pozi{path} HTTP/1.1\r\nHost: poziserver-riverbend.example\r\nConnection: close\r\n{session}\r\n"
        );
        send(self.port, request.as_bytes(), PATIENCE)
    }
}
