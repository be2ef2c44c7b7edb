//! The attacks written by hand, one per line.

use super::super::{
    attack::{Attack, Holder},
    fixture::{Fixture, MAP, encoded},
    request::Request,
};

const INSERT: &str = r#"<wfs:Transaction service="WFS" version="1.0.0" xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml"><wfs:Insert><places xmlns="http://www.qgis.org/gml"><name>planted</name></places></wfs:Insert></wfs:Transaction>"#;

/// The attacks in `raw.txt`.
pub(super) fn attacks(fixture: &Fixture) -> Vec<Attack> {
    let placeholders = placeholders(fixture);
    let lines = include_str!("raw.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| attack(line, &placeholders)).collect()
}

/// The placeholders and their values.
fn placeholders(fixture: &Fixture) -> Vec<(&'static str, String)> {
    let (alpha, beta) = (fixture.alpha.clone(), fixture.beta.clone());
    let picture = encoded(&Fixture::style("places", &format!("{}/picture.svg", fixture.trap)));
    vec![
        ("{map}", MAP.into()),
        ("{wms}", "SERVICE=WMS&VERSION=1.3.0".into()),
        ("{wfs}", "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places".into()),
        ("{chunk}", format!("{:x}\r\nMAP={beta}\r\n0\r\n\r\n", "MAP=".len() + beta.len())),
        ("{beta%}", encoded(&beta)),
        ("{beta}", beta),
        ("{alpha}", alpha),
        ("{trap-port}", fixture.trap_port.to_string()),
        ("{trap}", fixture.trap.clone()),
        ("{picture}", picture),
        ("{secret}", fixture.secret.clone()),
        ("{insert%}", encoded(INSERT)),
        ("{insert}", INSERT.into()),
    ]
}

fn attack(line: &str, placeholders: &[(&str, String)]) -> Attack {
    let mut parts = line.splitn(4, " | ");
    let mut part = || parts.next().unwrap_or_default().trim();
    let (what, target, headers, body) = (part(), part(), part(), part());
    let (holder, target) =
        target.strip_prefix("write:").map_or((Holder::Reader, target), |rest| (Holder::Writer, rest));
    let unescape = |text: &str| unescape(text, placeholders);
    let request = Request {
        line: unescape(target),
        headers: headers.split(";;").filter(|header| !header.is_empty()).map(unescape).collect(),
        body: unescape(body),
    };
    Attack::new("raw", what, request).held_by(holder)
}

fn unescape(text: &str, placeholders: &[(&str, String)]) -> Vec<u8> {
    let text = placeholders
        .iter()
        .fold(text.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value));
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
