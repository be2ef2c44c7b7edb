//! A gate in front of a fake QGIS Server, and clients that write raw bytes to a connection.

use entra_emulator::{Person, TokenSpec};
use pozi_auth::{keyring::SigningAlgorithm, sites::SiteFile};
use pozi_gate::{config::UpstreamConfig, settings::Limits};
use pozi_local::samples;
use pozi_tests::{RunningGate, World};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, timeout},
};

use super::fake_qgis::FakeQgis;

/// Long enough for the slowest machine: a test that reaches it has failed.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(2);
/// A limit that no test reaches.
const NEVER: Duration = Duration::from_hours(1);

/// A gate, its QGIS Server, and the service that issues its sessions.
pub(crate) struct Proxy {
    pub(crate) world: World,
    pub(crate) gate: RunningGate,
    pub(crate) qgis: FakeQgis,
    site: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A client's connection.
pub(crate) struct Client(pub(crate) TcpStream);

/// Limits without timeouts.
pub(crate) fn no_timeouts() -> Limits {
    Limits { idle: NEVER, header: NEVER, body: NEVER, upstream: NEVER, ..Limits::default() }
}

impl Proxy {
    /// Starts a gate for riverbend.
    pub(crate) async fn with(limits: Limits) -> Self {
        Self::of(&samples::site_files(), limits).await
    }

    /// Starts a gate for the first of `files`.
    pub(crate) async fn of(files: &[SiteFile], limits: Limits) -> Self {
        let world = World::with(files, SigningAlgorithm::Es256).await;
        let site = files[0].compile().unwrap();
        let qgis = FakeQgis::start().await;
        let servers = RunningGate::servers(&site, &UpstreamConfig::FastCgi { address: qgis.address.clone() });
        let gate = RunningGate::start(&world, &site, limits, servers).await;
        Self { world, gate, qgis, site: site.name.to_string() }
    }

    /// Gets a new session for the site's reader.
    pub(crate) async fn session(&self) -> String {
        self.session_at(&self.site).await
    }

    /// Gets a new session for the reader of `site`.
    pub(crate) async fn session_at(&self, site: &str) -> String {
        let ask = TokenSpec { site: site.into(), person: Person::Reader, ..TokenSpec::default() };
        let answer = self.world.exchange(&self.world.token(&ask), &[]).await;
        assert!(!answer.session().is_empty(), "{:?}", answer.json);
        answer.session().to_owned()
    }

    pub(crate) async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.gate.address).await.unwrap())
    }

    /// Requests a map of `layer` on a new connection.
    pub(crate) async fn map(&self, session: &str, layer: &str) -> Answer {
        self.connect().await.map(session, "planning", layer).await
    }
}

/// Returns a request for a map of `layer`.
pub(crate) fn map(session: &str, catalogue: &str, layer: &str) -> String {
    map_with_headers(catalogue, layer, &[("X-Pozi-Session", session)])
}

/// Returns a request for a map of `layer` with these headers.
pub(crate) fn map_with_headers(catalogue: &str, layer: &str, headers: &[(&str, &str)]) -> String {
    let headers: String = headers.iter().flat_map(|(name, value)| [*name, ": ", *value, "\r\n"]).collect();
    format!(
        "GET /pozi/ows/{catalogue}/?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={layer}&STYLES=&CRS=EPSG:3857&BBOX=0,0,1,1&WIDTH=256&HEIGHT=256&FORMAT=image/png HTTP/1.1\r\nHost: gate\r\n{headers}\r\n"
    )
}

impl Client {
    pub(crate) async fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// Requests a map of `layer`.
    pub(crate) async fn map(&mut self, session: &str, catalogue: &str, layer: &str) -> Answer {
        self.send(&map(session, catalogue, layer)).await;
        self.answer().await
    }

    /// Reads the next answer; an incomplete one with what arrived of its body.
    pub(crate) async fn answer(&mut self) -> Answer {
        timeout(TIMEOUT, self.read()).await.unwrap()
    }

    /// Waits until the gate has closed the connection.
    pub(crate) async fn closed(&mut self) {
        // A reset also closes it.
        let _ = timeout(TIMEOUT, self.0.read_to_end(&mut Vec::new())).await.unwrap();
    }

    async fn read(&mut self) -> Answer {
        let head = self.head().await;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let length = value(&head, "content-length").and_then(|length| length.parse().ok());
        let body = match length {
            Some(length) => self.bytes(length).await,
            None if value(&head, "transfer-encoding").is_some() => self.chunks().await,
            None => Vec::new(),
        };
        Answer { status, head, body }
    }

    /// Reads the head of the next answer; empty if the connection closes first.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.0.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        String::from_utf8(head).unwrap()
    }

    /// Reads `length` bytes, or what arrives before the connection closes.
    pub(crate) async fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = (&mut self.0).take(u64::try_from(length).unwrap()).read_to_end(&mut bytes).await;
        bytes
    }

    async fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                match self.0.read_u8().await {
                    Ok(byte) => line.push(byte),
                    Err(_) => return body,
                }
            }
            let length = usize::from_str_radix(String::from_utf8(line).unwrap().trim(), 16).unwrap();
            body.extend(self.bytes(length).await);
            self.bytes(2).await;
            if length == 0 {
                return body;
            }
        }
    }
}

impl Answer {
    /// Returns the reason of a refusal; empty if there is none.
    pub(crate) fn reason(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["reason"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns status and reason.
    pub(crate) fn verdict(&self) -> (u16, String) {
        (self.status, self.reason())
    }
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
