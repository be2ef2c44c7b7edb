//! The names that attacks on one endpoint use: projects, secret files, the trap.

use super::{endpoint::Endpoint, rig::Rig};

/// The usual parameters of a map with one layer.
pub(crate) const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&CRS=EPSG:3857&BBOX=0,0,1000,1000&WIDTH=20&HEIGHT=20&FORMAT=image/png&STYLES=&LAYERS=places";

/// The names for one endpoint.
pub(crate) struct Fixture {
    /// The paths of the projects.
    pub(crate) alpha: String,
    pub(crate) beta: String,
    /// The paths of a secret text, a page with it, and two pictures.
    pub(crate) secret: String,
    pub(crate) page: String,
    pub(crate) svg: String,
    pub(crate) png: String,
    /// The path of a missing file, as long as `secret`.
    pub(crate) missing: String,
    /// A URL that no server may fetch, and its port.
    pub(crate) trap: String,
    pub(crate) trap_port: u16,
}

impl Fixture {
    /// Collects the names for `endpoint`.
    pub(crate) fn of(rig: &Rig, endpoint: &Endpoint) -> Self {
        let secrets = |name: &str| rig.secrets.path(name);
        Self {
            alpha: endpoint.backend.project("alpha"),
            beta: endpoint.backend.project("beta"),
            secret: secrets("words.txt"),
            page: secrets("page.html"),
            svg: secrets("picture.svg"),
            png: secrets("picture.png"),
            missing: secrets("wordz.txt"),
            trap: format!("http://127.0.0.1:{}", endpoint.trap.port),
            trap_port: endpoint.trap.port,
        }
    }

    /// A style that fills `layer` with an external picture.
    pub(crate) fn style(layer: &str, picture: &str) -> String {
        include_str!("style.xml").trim().replace("{layer}", layer).replace("{picture}", picture)
    }
}

/// Percent-encodes `text` for a query, except letters, digits and `-._*`.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Percent-encodes every byte of `text`.
pub(crate) fn all_encoded(text: &str) -> String {
    text.bytes().flat_map(|byte| ['%', digit(byte >> 4), digit(byte & 15)]).collect()
}

fn digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or_default()
}

/// Escapes `text` for an XML attribute or element.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
