//! What attacks at one door speak of: projects, secret files, the trap.

use super::{door::Door, rig::Rig};

/// The usual parameters of a map of one layer.
pub(crate) const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&CRS=EPSG:3857&BBOX=0,0,1000,1000&WIDTH=20&HEIGHT=20&FORMAT=image/png&STYLES=&LAYERS=places";

/// The words of one door.
pub(crate) struct Words {
    /// The projects' paths.
    pub(crate) alpha: String,
    pub(crate) beta: String,
    /// A secret text, a page that shows it, two pictures.
    pub(crate) secret: String,
    pub(crate) page: String,
    pub(crate) svg: String,
    pub(crate) png: String,
    /// A path as long as that of the secret text, where nothing is.
    pub(crate) missing: String,
    /// A URL that nothing may fetch, and its port.
    pub(crate) trap: String,
    pub(crate) trap_port: u16,
}

impl Words {
    /// The words for `door`.
    pub(crate) fn of(rig: &Rig, door: &Door) -> Self {
        let vault = |name: &str| rig.vault.path(name);
        Self {
            alpha: door.way.project("alpha"),
            beta: door.way.project("beta"),
            secret: vault("words.txt"),
            page: vault("page.html"),
            svg: vault("picture.svg"),
            png: vault("picture.png"),
            missing: vault("wordz.txt"),
            trap: format!("http://127.0.0.1:{}", door.trap.port),
            trap_port: door.trap.port,
        }
    }

    /// A style that draws a layer with a picture from elsewhere.
    pub(crate) fn style(layer: &str, picture: &str) -> String {
        include_str!("style.xml").trim().replace("{layer}", layer).replace("{picture}", picture)
    }
}

/// `text` as a query's key or value: all but letters, digits and `-._*` encoded.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Every byte of `text` encoded.
pub(crate) fn all_encoded(text: &str) -> String {
    text.bytes().flat_map(|byte| ['%', digit(byte >> 4), digit(byte & 15)]).collect()
}

fn digit(value: u8) -> char {
    char::from_digit(value.into(), 16).unwrap_or_default()
}

/// `text` as an attribute's value or an element's content.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
