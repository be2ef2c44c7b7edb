//! Reads the records of a `FastCGI` answer (`FastCGI` Specification 1.0 §3.3).

use bytes::{Buf, Bytes, BytesMut};

use crate::upstream::error::{MAX_STDERR, RecordError};

/// The id of the only request on a connection.
pub(super) const REQUEST_ID: [u8; 2] = [0, 1];
/// The length of a record's header, in bytes.
pub(super) const HEADER: usize = 8;
pub(super) const VERSION: u8 = 1;

const END_REQUEST: u8 = 3;
const STDOUT: u8 = 6;
const STDERR: u8 = 7;

/// The content of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// A part of the answer, never empty.
    Stdout(Bytes),
    /// The end of the answer.
    Complete,
    /// The reason why the server rejects the request.
    Refused(&'static str),
}

/// Reads records as they arrive, in parts of any size.
#[derive(Debug, Default)]
pub(super) struct RecordReader {
    state: State,
    is_stdout_ended: bool,
    stderr: usize,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Header,
    Content(Kind, usize, usize),
    Padding(usize),
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Stdout,
    Stderr,
    End,
}

impl RecordReader {
    /// Takes the next piece out of `buffer`; returns `None` if more must arrive first.
    pub(super) fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Piece>, RecordError> {
        loop {
            match self.state {
                State::Header => {
                    let Some(&header) = buffer.first_chunk::<HEADER>() else { return Ok(None) };
                    buffer.advance(HEADER);
                    self.state = self.content(header)?;
                }
                State::Content(Kind::End, ..) => {
                    let Some(&[_, _, _, _, status, ..]) = buffer.first_chunk::<8>() else { return Ok(None) };
                    return Ok(Some(end(status)));
                }
                State::Content(_, 0, padding) => self.state = State::Padding(padding),
                State::Content(kind, left, padding) => {
                    let content = buffer.split_to(left.min(buffer.len()));
                    if content.is_empty() {
                        return Ok(None);
                    }
                    self.state = State::Content(kind, left - content.len(), padding);
                    if matches!(kind, Kind::Stdout) {
                        return Ok(Some(Piece::Stdout(content.freeze())));
                    }
                }
                State::Padding(left) => {
                    let skipped = left.min(buffer.len());
                    buffer.advance(skipped);
                    if skipped < left {
                        self.state = State::Padding(left - skipped);
                        return Ok(None);
                    }
                    self.state = State::Header;
                }
            }
        }
    }

    /// The bytes of STDERR that have been read.
    pub(super) fn stderr(&self) -> usize {
        self.stderr
    }

    fn content(&mut self, header: [u8; HEADER]) -> Result<State, RecordError> {
        let [version, kind, id_high, id_low, high, low, padding, _] = header;
        if version != VERSION {
            return Err(RecordError::Version(version));
        }
        if [id_high, id_low] != REQUEST_ID {
            return Err(RecordError::Request(u16::from_be_bytes([id_high, id_low])));
        }
        let length = u16::from_be_bytes([high, low]);
        let kind = match kind {
            STDOUT if self.is_stdout_ended => return Err(RecordError::AfterEnd),
            STDOUT => {
                self.is_stdout_ended = length == 0;
                Kind::Stdout
            }
            STDERR => {
                self.stderr += usize::from(length);
                Kind::Stderr
            }
            END_REQUEST if length == 8 => Kind::End,
            END_REQUEST => return Err(RecordError::End(length)),
            other => return Err(RecordError::Type(other)),
        };
        if self.stderr > MAX_STDERR {
            return Err(RecordError::Stderr);
        }
        Ok(State::Content(kind, length.into(), padding.into()))
    }
}

/// Interprets the protocol status of an `END_REQUEST` (§5.5).
fn end(status: u8) -> Piece {
    match status {
        0 => Piece::Complete,
        1 => Piece::Refused("it takes one request at a time (CANT_MPX_CONN)"),
        2 => Piece::Refused("it is overloaded (OVERLOADED)"),
        3 => Piece::Refused("it is not a responder (UNKNOWN_ROLE)"),
        _ => Piece::Refused("its status is not one of FastCGI"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(kind: u8, content: &[u8], padding: u8) -> Vec<u8> {
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        let header = [1, kind, 0, 1, high, low, padding, 0];
        [&header[..], content, &vec![0xAA; padding.into()]].concat()
    }

    /// Reads `bytes` in parts of `step` bytes. Returns the STDOUT, and the piece or error that ended it.
    fn read(bytes: &[u8], step: usize) -> (Vec<u8>, Result<Option<Piece>, RecordError>) {
        let (mut reader, mut buffer, mut stdout) = (RecordReader::default(), BytesMut::new(), Vec::new());
        for part in bytes.chunks(step) {
            buffer.extend_from_slice(part);
            loop {
                match reader.next(&mut buffer) {
                    Ok(Some(Piece::Stdout(content))) => stdout.extend_from_slice(&content),
                    Ok(None) => break,
                    ended => return (stdout, ended),
                }
            }
        }
        (stdout, Ok(None))
    }

    #[test]
    fn reads_stdout_from_parts_of_any_size() {
        let bytes = [
            record(STDOUT, b"one ", 7),
            record(STDERR, b"a warning", 0),
            record(STDOUT, b"two", 255),
            record(STDOUT, b"", 3),
            record(STDERR, b"", 0),
            record(END_REQUEST, &[0; 8], 0),
        ]
        .concat();
        for step in [1, 3, 8, 1_000] {
            assert_eq!(read(&bytes, step), (b"one two".to_vec(), Ok(Some(Piece::Complete))));
        }
        // Without its last byte it is not complete.
        assert_eq!(read(&bytes[..bytes.len() - 1], 5), (b"one two".to_vec(), Ok(None)));
    }

    #[test]
    fn each_malformed_record_has_its_own_error() {
        let long: Vec<u8> =
            std::iter::repeat_n(record(STDERR, &vec![b'x'; 65_535], 1), 17).flatten().collect();
        for (bytes, error) in [
            (b"HTTP/1.1 400 Bad Request".to_vec(), RecordError::Version(b'H')),
            (vec![1, STDOUT, 1, 2, 0, 0, 0, 0], RecordError::Request(258)),
            (vec![1, STDOUT, 0, 0, 0, 0, 0, 0], RecordError::Request(0)),
            (record(9, b"", 0), RecordError::Type(9)),
            (record(END_REQUEST, &[0; 9], 0), RecordError::End(9)),
            ([record(STDOUT, b"", 0), record(STDOUT, b"more", 0)].concat(), RecordError::AfterEnd),
            (long, RecordError::Stderr),
        ] {
            assert_eq!(read(&bytes, 64), (vec![], Err(error)));
        }
    }

    #[test]
    fn only_request_complete_ends_the_answer() {
        for status in 1..=4 {
            let (_, ended) = read(&record(END_REQUEST, &[0, 0, 0, 0, status, 0, 0, 0], 0), 8);
            assert!(matches!(ended, Ok(Some(Piece::Refused(_)))), "{ended:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_yield_no_more_than_arrived(bytes in proptest::collection::vec(any::<u8>(), 0..4096), step in 1_usize..600) {
            let (stdout, _) = read(&bytes, step);
            prop_assert!(stdout.len() + HEADER <= bytes.len().max(HEADER));
        }

        /// Well-formed records, which random bytes seldom are.
        #[test]
        fn arbitrary_records_yield_their_stdout_until_the_end(
            records in proptest::collection::vec((prop_oneof![Just(3_u8), Just(6), Just(7), 0_u8..12], proptest::collection::vec(any::<u8>(), 0..40), any::<u8>()), 0..20),
            step in 1_usize..100,
        ) {
            let bytes: Vec<u8> = records.iter().flat_map(|(kind, content, padding)| record(*kind, content, *padding)).collect();
            let expected: Vec<u8> = records.iter()
                .take_while(|(kind, content, _)| matches!(*kind, STDOUT | STDERR) && (*kind == STDERR || !content.is_empty()))
                .filter(|(kind, ..)| *kind == STDOUT)
                .flat_map(|(_, content, _)| content.clone())
                .collect();
            prop_assert_eq!(read(&bytes, step).0, expected);
        }
    }
}
