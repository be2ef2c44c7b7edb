//! Writes the records of a `FastCGI` request (`FastCGI` Specification 1.0 §3.4, §5). A request with a small body is one
//! piece, so that one system call sends it.

use std::collections::VecDeque;

use bytes::Bytes;

use super::record::{HEADER, REQUEST_ID, VERSION};
use crate::upstream::UpstreamError;

const BEGIN_REQUEST: u8 = 1;
const PARAMS: u8 = 4;
const STDIN: u8 = 5;
const RESPONDER: u8 = 1;

/// The longest content of one record, in bytes.
const MAX_CONTENT: usize = 65_535;
/// The longest part of a body in one record, in bytes: a multiple of 8 needs no padding (§3.3).
const MAX_BODY_CONTENT: usize = 65_528;
/// Longer bodies, in bytes, are not copied after the parameters.
const MAX_SMALL_BODY: usize = 16 * 1024;
/// Most requests have about 700 bytes of parameters.
const CAPACITY: usize = 1024;

/// A partly written request: `BEGIN_REQUEST`, space for the header of PARAMS, and the parameters.
#[derive(Debug)]
pub(super) struct RequestWriter(Vec<u8>);

impl RequestWriter {
    pub(super) fn new() -> Self {
        let mut bytes = Vec::with_capacity(CAPACITY);
        bytes.extend_from_slice(&header(BEGIN_REQUEST, 8));
        // Flags 0: the server closes the connection after its answer.
        bytes.extend_from_slice(&[0, RESPONDER, 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(&header(PARAMS, 0));
        Self(bytes)
    }

    /// Adds the parameter `name` with the concatenated `parts` as its value.
    pub(super) fn add(&mut self, name: &'static str, parts: &[&str]) -> Result<(), UpstreamError> {
        self.add_length(name.len()).ok_or(UpstreamError::TooLong(name))?;
        self.add_length(parts.iter().map(|part| part.len()).sum()).ok_or(UpstreamError::TooLong(name))?;
        self.0.extend_from_slice(name.as_bytes());
        for part in parts {
            self.0.extend_from_slice(part.as_bytes());
        }
        Ok(())
    }

    /// Writes one byte for a length below 128, else four with the first bit set (§3.4).
    fn add_length(&mut self, length: usize) -> Option<()> {
        match u8::try_from(length) {
            Ok(short) if short < 0x80 => self.0.push(short),
            _ => {
                let long = u32::try_from(length).ok().filter(|long| *long < 0x8000_0000)?;
                self.0.extend_from_slice(&(long | 0x8000_0000).to_be_bytes());
            }
        }
        Some(())
    }

    /// Returns the request with `body`, in pieces to be sent one after the other.
    pub(super) fn finish(self, body: Bytes) -> VecDeque<Bytes> {
        let mut head = self.split_parameters();
        head.extend_from_slice(&header(PARAMS, 0));
        let mut pieces = VecDeque::new();
        if body.len() <= MAX_SMALL_BODY {
            push_body(&mut head, &body);
            pieces.push_back(head.into());
            return pieces;
        }
        pieces.push_back(head.into());
        let mut rest = body;
        while !rest.is_empty() {
            let content = rest.split_to(rest.len().min(MAX_BODY_CONTENT));
            pieces.push_back(Bytes::copy_from_slice(&header(STDIN, content.len())));
            pieces.push_back(content);
        }
        pieces.push_back(Bytes::from_static(&[VERSION, STDIN, 0, 1, 0, 0, 0, 0]));
        pieces
    }

    /// Returns `BEGIN_REQUEST` and the parameters, in as many records as they need.
    fn split_parameters(mut self) -> Vec<u8> {
        const START: usize = 2 * HEADER;
        const END: usize = START + HEADER;
        let length = self.0.len().saturating_sub(END);
        if length <= MAX_CONTENT {
            if let Some(place) = self.0.get_mut(START..END) {
                place.copy_from_slice(&header(PARAMS, length));
            }
            return self.0;
        }
        let content = self.0.split_off(END);
        self.0.truncate(START);
        for part in content.chunks(MAX_CONTENT) {
            self.0.extend_from_slice(&header(PARAMS, part.len()));
            self.0.extend_from_slice(part);
        }
        self.0
    }
}

/// Adds a small body and exactly one empty record that ends it: libfcgi rejects a second one as a protocol error.
fn push_body(bytes: &mut Vec<u8>, body: &[u8]) {
    if !body.is_empty() {
        bytes.extend_from_slice(&header(STDIN, body.len()));
        bytes.extend_from_slice(body);
    }
    bytes.extend_from_slice(&header(STDIN, 0));
}

/// Returns the header of a record with `length` bytes, at most 65,535.
fn header(kind: u8, length: usize) -> [u8; HEADER] {
    let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    let [id_high, id_low] = REQUEST_ID;
    [VERSION, kind, id_high, id_low, high, low, 0, 0]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the type and content of each record in `bytes`.
    fn records(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut records = Vec::new();
        while let Some((&[1, kind, 0, 1, high, low, 0, 0], rest)) = bytes.split_first_chunk::<8>() {
            let (content, rest) = rest.split_at(u16::from_be_bytes([high, low]).into());
            records.push((kind, content.to_vec()));
            bytes = rest;
        }
        assert!(bytes.is_empty());
        records
    }

    fn length(bytes: &[u8]) -> (usize, &[u8]) {
        match bytes {
            [short, rest @ ..] if *short < 0x80 => (usize::from(*short), rest),
            [a, b, c, d, rest @ ..] => (u32::from_be_bytes([a & 0x7F, *b, *c, *d]).try_into().unwrap(), rest),
            _ => panic!("no length"),
        }
    }

    fn joined(records: &[(u8, Vec<u8>)], kind: u8) -> Vec<u8> {
        records.iter().filter(|record| record.0 == kind).flat_map(|record| record.1.clone()).collect()
    }

    #[test]
    fn a_small_request_is_one_piece_with_one_empty_stdin() {
        let mut writer = RequestWriter::new();
        writer.add("A", &["b", "c"]).unwrap();
        let pieces = writer.finish(Bytes::from_static(b"<a/>"));
        assert_eq!(pieces.len(), 1);
        let expected: [(u8, &[u8]); 5] =
            [(1, &[0, 1, 0, 0, 0, 0, 0, 0]), (4, b"\x01\x02Abc"), (4, b""), (5, b"<a/>"), (5, b"")];
        assert_eq!(records(&pieces[0]), expected.map(|(kind, content)| (kind, content.to_vec())));
        let empty = RequestWriter::new().finish(Bytes::new());
        assert_eq!(joined(&records(&empty[0]), STDIN), b"");
        assert_eq!(records(&empty[0]).iter().filter(|record| record.0 == STDIN).count(), 1);
    }

    #[test]
    fn a_large_body_is_not_copied() {
        let body = Bytes::from(vec![7; 200_000]);
        let pieces = RequestWriter::new().finish(body.clone());
        let [_, _, second, ..] = pieces.iter().collect::<Vec<_>>()[..] else { panic!("{}", pieces.len()) };
        assert_eq!(second.as_ptr(), body.as_ptr());
        assert_eq!(joined(&records(&pieces.iter().flatten().copied().collect::<Vec<_>>()), STDIN), body);
    }

    proptest! {
        #[test]
        fn parameters_and_body_survive_a_round_trip(
            lengths in proptest::collection::vec(prop_oneof![0_usize..300, 65_000_usize..66_000, 130_000_usize..131_500], 0..4),
            body in prop_oneof![0_usize..100, 16_000_usize..17_000, 65_000_usize..66_000],
        ) {
            let mut writer = RequestWriter::new();
            for length in &lengths {
                writer.add("NAME", &[&"v".repeat(*length)]).unwrap();
            }
            let bytes: Vec<u8> = writer.finish(vec![b'x'; body].into()).iter().flatten().copied().collect();
            let records = records(&bytes);
            prop_assert_eq!(joined(&records, STDIN).len(), body);
            let parameters = joined(&records, PARAMS);
            let mut rest = &parameters[..];
            for expected in lengths {
                let (name, after) = length(rest);
                let (value, after) = length(after);
                prop_assert_eq!((name, value), (4, expected));
                rest = &after[name + value..];
            }
            prop_assert!(rest.is_empty());
            // One empty record ends the body.
            let is_empty_stdin = |record: &&(u8, Vec<u8>)| record.0 == STDIN && record.1.is_empty();
            prop_assert_eq!(records.iter().filter(is_empty_stdin).count(), 1);
            prop_assert_eq!(records.last().map(|record| record.0), Some(STDIN));
        }
    }
}
