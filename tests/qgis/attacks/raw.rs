//! The attacks written by hand, a line each.

use super::super::{
    attack::{Attack, Holder},
    request::Request,
    words::{MAP, Words, encoded},
};

const INSERT: &str = r#"<wfs:Transaction service="WFS" version="1.0.0" xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml"><wfs:Insert><places xmlns="http://www.qgis.org/gml"><name>planted</name></places></wfs:Insert></wfs:Transaction>"#;

/// The lines of `raw.txt`.
pub(super) fn attacks(words: &Words) -> Vec<Attack> {
    let meanings = meanings(words);
    let lines = include_str!("raw.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| attack(line, &meanings)).collect()
}

/// What the words in braces stand for.
fn meanings(words: &Words) -> Vec<(&'static str, String)> {
    let (alpha, beta) = (words.alpha.clone(), words.beta.clone());
    let picture = encoded(&Words::style("places", &format!("{}/picture.svg", words.trap)));
    vec![
        ("{map}", MAP.into()),
        ("{wms}", "SERVICE=WMS&VERSION=1.3.0".into()),
        ("{wfs}", "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places".into()),
        ("{chunk}", format!("{:x}\r\nMAP={beta}\r\n0\r\n\r\n", "MAP=".len() + beta.len())),
        ("{beta%}", encoded(&beta)),
        ("{beta}", beta),
        ("{alpha}", alpha),
        ("{trap-port}", words.trap_port.to_string()),
        ("{trap}", words.trap.clone()),
        ("{picture}", picture),
        ("{secret}", words.secret.clone()),
        ("{insert%}", encoded(INSERT)),
        ("{insert}", INSERT.into()),
    ]
}

fn attack(line: &str, meanings: &[(&str, String)]) -> Attack {
    let mut parts = line.splitn(4, " | ");
    let mut part = || parts.next().unwrap_or_default().trim();
    let (what, target, headers, body) = (part(), part(), part(), part());
    let (holder, target) =
        target.strip_prefix("write:").map_or((Holder::Reader, target), |rest| (Holder::Writer, rest));
    let spell = |text: &str| spell(text, meanings);
    let request = Request {
        line: spell(target),
        headers: headers.split(";;").filter(|header| !header.is_empty()).map(spell).collect(),
        body: spell(body),
    };
    Attack::new("raw", what, request).held_by(holder)
}

fn spell(text: &str, meanings: &[(&str, String)]) -> Vec<u8> {
    let text = meanings.iter().fold(text.to_owned(), |text, (word, meaning)| text.replace(word, meaning));
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
