//! A minimal `FastCGI` client: sends one request directly to a QGIS process to check that it answers.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

const BEGIN: u8 = 1;
const PARAMETERS: u8 = 4;
const INPUT: u8 = 5;

/// Sends a GET of `query` to the process on `socket`. Returns all records of the answer; `None` if there is none within
/// `timeout`.
pub(crate) fn get(socket: &Path, query: &str, timeout: Duration) -> Option<Vec<u8>> {
    let mut stream = UnixStream::connect(socket).ok()?;
    stream.set_read_timeout(Some(timeout)).ok()?;
    let pairs = [
        ("QUERY_STRING", query),
        ("REQUEST_METHOD", "GET"),
        ("REQUEST_URI", "/"),
        ("SERVER_NAME", "localhost"),
        ("SERVER_PORT", "80"),
        ("SERVER_PROTOCOL", "HTTP/1.1"),
    ];
    let parameters: Vec<u8> = pairs.iter().flat_map(|(name, value)| pair(name, value)).collect();
    let records = [
        record(BEGIN, &[0, 1, 0, 0, 0, 0, 0, 0]),
        record(PARAMETERS, &parameters),
        record(PARAMETERS, &[]),
        record(INPUT, &[]),
    ];
    stream.write_all(&records.concat()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(answer)
}

fn pair(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| (u32::try_from(text.len()).unwrap() | 0x8000_0000).to_be_bytes();
    [&length(name)[..], &length(value), name.as_bytes(), value.as_bytes()].concat()
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[1, kind, 0, 1][..], &length, &[0, 0], content].concat()
}
