//! The lists of attacks (`attacks.txt`, `changes.txt`), read into requests.

use super::rig::Door;

/// What a line stands for.
pub(crate) struct Attack {
    pub(crate) what: String,
    /// Whether it is sent with a session that may write alpha.
    pub(crate) writes: bool,
    line: Vec<u8>,
    headers: Vec<Vec<u8>>,
    body: Vec<u8>,
}

/// What the words in braces stand for at one door.
pub(crate) struct Words(Vec<(&'static str, String)>);

const INSERT: &str = r#"<wfs:Transaction service="WFS" version="1.0.0" xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml"><wfs:Insert><places xmlns="http://www.qgis.org/gml"><name>planted</name></places></wfs:Insert></wfs:Transaction>"#;
const PICTURE: &str = r#"<StyledLayerDescriptor xmlns="http://www.opengis.net/sld" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:se="http://www.opengis.net/se" version="1.1.0"><NamedLayer><se:Name>places</se:Name><UserStyle><se:FeatureTypeStyle><se:Rule><se:PolygonSymbolizer><se:Fill><se:GraphicFill><se:Graphic><se:ExternalGraphic><se:OnlineResource xlink:type="simple" xlink:href="{trap}/picture.svg"/><se:Format>image/svg+xml</se:Format></se:ExternalGraphic><se:Size>10</se:Size></se:Graphic></se:GraphicFill></se:Fill></se:PolygonSymbolizer></se:Rule></se:FeatureTypeStyle></UserStyle></NamedLayer></StyledLayerDescriptor>"#;

impl Words {
    /// The words for `door`, with calls to be lured to `trap`, a port.
    pub(crate) fn of(door: &Door, trap: u16) -> Self {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let (alpha, beta) = (door.project("alpha"), door.project("beta"));
        let trap_url = format!("http://127.0.0.1:{trap}");
        let picture = encoded(&PICTURE.replace("{trap}", &trap_url));
        Self(vec![
            ("{map}", super::MAP.into()),
            ("{wms}", "SERVICE=WMS&VERSION=1.3.0".into()),
            ("{wfs}", "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places".into()),
            ("{chunk}", format!("{:x}\r\nMAP={beta}\r\n0\r\n\r\n", "MAP=".len() + beta.len())),
            ("{beta%}", encoded(&beta)),
            ("{beta}", beta),
            ("{alpha}", alpha),
            ("{trap-port}", trap.to_string()),
            ("{trap}", trap_url),
            ("{picture}", picture),
            ("{insert%}", encoded(INSERT)),
            ("{insert}", INSERT.into()),
        ])
    }

    /// The attacks on beta, with or without those of a writer.
    pub(crate) fn attacks(&self, with_writers: bool) -> Vec<Attack> {
        let all = self.read(include_str!("attacks.txt"));
        all.into_iter().filter(|attack| with_writers || !attack.writes).collect()
    }

    /// The attempts to change alpha's data by reading.
    pub(crate) fn changes(&self) -> Vec<Attack> {
        self.read(include_str!("changes.txt"))
    }

    /// A transaction as it should be.
    pub(crate) fn insert(&self) -> Attack {
        self.line("an insert | POST /ows/alpha/write | Content-Type: text/xml | {insert}")
    }

    /// A writer's body that would make the server fetch a style.
    pub(crate) fn fetch(&self) -> Attack {
        self.line(r#"a fetch | POST /ows/alpha/write | Content-Type: text/xml | <GetMap SERVICE="WMS" VERSION="1.3.0" CRS="EPSG:3857" BBOX="0,0,1,1" WIDTH="10" HEIGHT="10" FORMAT="image/png" LAYERS="places" SLD="{trap}/o"/>"#)
    }

    fn read(&self, list: &str) -> Vec<Attack> {
        let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(|line| self.line(line)).collect()
    }

    fn line(&self, line: &str) -> Attack {
        let mut parts = line.splitn(4, " | ");
        let mut part = || parts.next().unwrap_or_default().trim();
        let (what, target, headers, body) = (part(), part(), part(), part());
        let (writes, target) = target.strip_prefix("write:").map_or((false, target), |rest| (true, rest));
        let spell = |text: &str| self.spell(text);
        Attack {
            what: what.to_owned(),
            writes,
            line: spell(target),
            headers: headers.split(";;").filter(|header| !header.is_empty()).map(spell).collect(),
            body: spell(body),
        }
    }

    fn spell(&self, text: &str) -> Vec<u8> {
        let text = self.0.iter().fold(text.to_owned(), |text, (word, meaning)| text.replace(word, meaning));
        let mut bytes = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find('\\') {
            bytes.extend_from_slice(&rest.as_bytes()[..at]);
            let (byte, length) = match rest.as_bytes().get(at + 1) {
                Some(b'x') => (u8::from_str_radix(&rest[at + 2..at + 4], 16).unwrap(), 4),
                Some(b'r') => (b'\r', 2),
                Some(b'n') => (b'\n', 2),
                Some(b't') => (b'\t', 2),
                _ => (b'\\', 2),
            };
            bytes.push(byte);
            rest = &rest[at + length..];
        }
        bytes.extend_from_slice(rest.as_bytes());
        bytes
    }
}

impl Attack {
    /// Its bytes, with this session.
    pub(crate) fn request(&self, session: &str) -> Vec<u8> {
        let names = |name: &str| {
            self.headers.iter().any(|header| header.to_ascii_lowercase().starts_with(name.as_bytes()))
        };
        let mut bytes =
            [&self.line[..], b" HTTP/1.1\r\nConnection: close\r\nX-Pozi-Session: ", session.as_bytes()]
                .concat();
        let mut header = |text: &[u8]| bytes.extend([b"\r\n", text].concat());
        if !names("host:") {
            header(b"Host: poziserver-riverbend.example");
        }
        if !self.body.is_empty() && !names("transfer-encoding:") && !names("content-length:") {
            header(format!("Content-Length: {}", self.body.len()).as_bytes());
        }
        self.headers.iter().for_each(|own| header(own));
        [&bytes[..], b"\r\n\r\n", &self.body].concat()
    }
}
