//! Sends a client's original request to QGIS Server over FastCGI, which the gate never does.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

/// An answer of QGIS Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// Sends `variables` and `body` to the server at `socket`, and reads its answer.
pub(crate) fn ask(socket: &Path, variables: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(2))).unwrap();
    let parameters: Vec<u8> = variables.iter().flat_map(|(name, value)| pair(name, value)).collect();
    let mut request = record(1, &[0, 1, 0, 0, 0, 0, 0, 0]);
    for part in parameters.chunks(60_000) {
        request.extend(record(4, part));
    }
    request.extend(record(4, b""));
    for part in body.chunks(60_000) {
        request.extend(record(5, part));
    }
    request.extend(record(5, b""));
    stream.write_all(&request).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    Answer::of(&stdout(&bytes))
}

impl Answer {
    /// Splits an answer at its first empty line.
    fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap();
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
        };
        let status = header("Status").and_then(|status| status.split(' ').next()?.parse().ok());
        Self {
            status: status.unwrap_or(200),
            content_type: header("Content-Type").unwrap_or_default(),
            body: bytes[end + 2..].to_vec(),
        }
    }
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[1, kind, 0, 1, high, low, 0, 0], content].concat()
}

fn pair(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| (u32::try_from(text.len()).unwrap() | 0x8000_0000).to_be_bytes();
    [&length(name)[..], &length(value)[..], name.as_bytes(), value.as_bytes()].concat()
}

/// Returns the content of the STDOUT records.
fn stdout(mut bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    while let Some((&[_, kind, _, _, high, low, padding, _], rest)) = bytes.split_first_chunk::<8>() {
        let length = usize::from(u16::from_be_bytes([high, low]));
        if kind == 6 {
            content.extend_from_slice(&rest[..length]);
        }
        bytes = &rest[length + usize::from(padding)..];
    }
    content
}
