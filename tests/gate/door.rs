//! A gate on a port in front of a stand-in for QGIS Server, and clients that are bytes on a connection.

use entra_emulator::{Person, TokenAsk};
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

use super::stand_in::StandIn;

/// Long enough for the slowest machine; a test that waits for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// No time is over, but for the one that a test is about.
const NEVER: Duration = Duration::from_hours(1);

/// All of it.
pub(crate) struct Door {
    pub(crate) world: World,
    pub(crate) gate: RunningGate,
    pub(crate) qgis: StandIn,
    site: String,
}

/// What a client was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A connection of a client.
pub(crate) struct Client(pub(crate) TcpStream);

/// In no time is anything over.
pub(crate) fn patient() -> Limits {
    Limits { idle: NEVER, header: NEVER, body: NEVER, upstream: NEVER, ..Limits::default() }
}

impl Door {
    /// Riverbend's.
    pub(crate) async fn with(limits: Limits) -> Self {
        Self::of(&samples::site_files(), limits).await
    }

    /// That of the first of `files`.
    pub(crate) async fn of(files: &[SiteFile], limits: Limits) -> Self {
        let world = World::with(files, SigningAlgorithm::Es256).await;
        let site = files[0].compile().unwrap();
        let qgis = StandIn::start().await;
        let servers = RunningGate::servers(&site, &UpstreamConfig::FastCgi { address: qgis.address.clone() });
        let gate = RunningGate::start(&world, &site, limits, servers).await;
        Self { world, gate, qgis, site: site.name.to_string() }
    }

    /// A new session of the site's reader.
    pub(crate) async fn session(&self) -> String {
        self.session_at(&self.site).await
    }

    /// A new session of the reader of `site`.
    pub(crate) async fn session_at(&self, site: &str) -> String {
        let ask = TokenAsk { site: site.into(), person: Person::Reader, ..TokenAsk::default() };
        let answer = self.world.exchange(&self.world.token(&ask), &[]).await;
        assert!(!answer.session().is_empty(), "{:?}", answer.json);
        answer.session().to_owned()
    }

    pub(crate) async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.gate.address).await.unwrap())
    }

    /// What a map of `layer` is answered, on a connection of its own.
    pub(crate) async fn map(&self, session: &str, layer: &str) -> Answered {
        self.connect().await.map(session, "planning", layer).await
    }
}

/// A request for a map of `layer`.
pub(crate) fn map(session: &str, catalogue: &str, layer: &str) -> String {
    asking(catalogue, layer, &[("X-Pozi-Session", session)])
}

/// A request for a map of `layer` with these headers.
pub(crate) fn asking(catalogue: &str, layer: &str, headers: &[(&str, &str)]) -> String {
    let headers: String = headers.iter().flat_map(|(name, value)| [*name, ": ", *value, "\r\n"]).collect();
    format!(
        "GET /pozi/ows/{catalogue}/?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS={layer}&STYLES=&CRS=EPSG:3857&BBOX=0,0,1,1&WIDTH=256&HEIGHT=256&FORMAT=image/png HTTP/1.1\r\nHost: gate\r\n{headers}\r\n"
    )
}

impl Client {
    pub(crate) async fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// What a map of `layer` is answered.
    pub(crate) async fn map(&mut self, session: &str, catalogue: &str, layer: &str) -> Answered {
        self.send(&map(session, catalogue, layer)).await;
        self.answer().await
    }

    /// The next answer. Its body is what came of it, where it was cut.
    pub(crate) async fn answer(&mut self) -> Answered {
        timeout(PATIENCE, self.read()).await.unwrap()
    }

    /// Waits until the gate has closed the connection.
    pub(crate) async fn closed(&mut self) {
        // A reset is a way of closing.
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut Vec::new())).await.unwrap();
    }

    async fn read(&mut self) -> Answered {
        let head = self.head().await;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        let length = value(&head, "content-length").and_then(|length| length.parse().ok());
        let body = match length {
            Some(length) => self.bytes(length).await,
            None if value(&head, "transfer-encoding").is_some() => self.chunks().await,
            None => Vec::new(),
        };
        Answered { status, head, body }
    }

    /// The head of the next answer; empty where the connection ends before.
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

    /// So many bytes, or as many as came before the connection ended.
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

impl Answered {
    /// The word that a refusal is for; empty where it is none.
    pub(crate) fn reason(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["reason"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and reason.
    pub(crate) fn verdict(&self) -> (u16, String) {
        (self.status, self.reason())
    }
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
