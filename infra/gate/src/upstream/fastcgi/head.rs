//! Reads the head of a CGI answer (RFC 3875 §6.3). It ends at the *first* empty line of either kind: QGIS ends its lines
//! with LF, so that a reader which looks for CR LF CR LF would read data that contains it as headers.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::CONTENT_LENGTH};

use crate::upstream::error::{HeadError, MAX_HEAD};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// `Status`, by default 200.
    pub(super) status: StatusCode,
    /// The other headers, unchanged.
    pub(super) headers: HeaderMap,
    pub(super) length: Option<u64>,
}

/// Collects a head from the pieces of an answer.
#[derive(Debug, Default)]
pub(super) struct HeadReader {
    collected: BytesMut,
    /// Where the incomplete last line starts.
    line: usize,
}

impl HeadReader {
    /// Takes the next piece. Returns the head and the data after it once the head is complete.
    pub(super) fn push(&mut self, piece: &Bytes) -> Result<Option<(Head, Bytes)>, HeadError> {
        if self.collected.is_empty()
            && let Some(end) = end_of_head(piece, &mut self.line)
        {
            // The usual case: the head is one piece, and the data need not be copied.
            return read(piece, end).map(|head| Some((head, piece.slice(end..))));
        }
        self.collected.extend_from_slice(piece);
        match end_of_head(&self.collected, &mut self.line) {
            Some(end) => {
                let collected = std::mem::take(&mut self.collected).freeze();
                read(&collected, end).map(|head| Some((head, collected.slice(end..))))
            }
            None if self.collected.len() > MAX_HEAD => Err(HeadError::TooLong),
            None => Ok(None),
        }
    }
}

/// Returns where the data start, and moves `line` to the first incomplete line.
fn end_of_head(bytes: &[u8], line: &mut usize) -> Option<usize> {
    while let Some(rest) = bytes.get(*line..)
        && let Some(length) = rest.iter().take(MAX_HEAD).position(|byte| *byte == b'\n')
    {
        *line += length + 1;
        if matches!(rest.get(..length), Some([] | [b'\r'])) {
            return Some(*line);
        }
        if *line > MAX_HEAD {
            return None;
        }
    }
    None
}

fn read(bytes: &[u8], end: usize) -> Result<Head, HeadError> {
    let head = bytes.get(..end).filter(|head| head.len() <= MAX_HEAD).ok_or(HeadError::TooLong)?;
    let lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let (mut status, mut headers) = (None, HeaderMap::new());
    for (index, line) in lines.enumerate().take_while(|(_, line)| !line.is_empty()) {
        let (name, value) = header(line, index + 1)?;
        if name != "status" {
            headers.try_append(name, value).map_err(|_| HeadError::TooLong)?;
        } else if status.replace(read_status(&value)?).is_some() {
            return Err(HeadError::Status);
        }
    }
    if headers.is_empty() && status.is_none() {
        return Err(HeadError::Empty);
    }
    Ok(Head { status: status.unwrap_or(StatusCode::OK), length: read_length(&headers)?, headers })
}

fn header(line: &[u8], number: usize) -> Result<(HeaderName, HeaderValue), HeadError> {
    let colon = line.iter().position(|byte| *byte == b':').ok_or(HeadError::Line(number))?;
    let (name, value) = line.split_at(colon);
    let name = HeaderName::from_bytes(name).map_err(|_| HeadError::Line(number))?;
    let value = trim(value.strip_prefix(b":").unwrap_or(value));
    Ok((name, HeaderValue::from_bytes(value).map_err(|_| HeadError::Value(number))?))
}

/// Removes spaces and tabs at both ends. Carriage returns stay, so that a value with one is refused.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// Reads the number of `404 Not Found`.
fn read_status(value: &HeaderValue) -> Result<StatusCode, HeadError> {
    let code = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
    let status = StatusCode::from_bytes(code).map_err(|_| HeadError::Status)?;
    if (200..600).contains(&status.as_u16()) { Ok(status) } else { Err(HeadError::Status) }
}

fn read_length(headers: &HeaderMap) -> Result<Option<u64>, HeadError> {
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            digits.and_then(|text| text.parse().ok()).map(Some).ok_or(HeadError::ContentLength)
        }
        _ => Err(HeadError::ContentLength),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_in_steps(bytes: &[u8], step: usize) -> Result<Option<(Head, Vec<u8>)>, HeadError> {
        let mut reader = HeadReader::default();
        let mut pieces = bytes.chunks(step);
        for piece in pieces.by_ref() {
            if let Some((head, data)) = reader.push(&Bytes::copy_from_slice(piece))? {
                let mut data = data.to_vec();
                data.extend(pieces.flatten());
                return Ok(Some((head, data)));
            }
        }
        Ok(None)
    }

    fn read_all(bytes: &[u8]) -> Result<Option<(Head, Vec<u8>)>, HeadError> {
        let whole = read_in_steps(bytes, bytes.len().max(1));
        for step in [1, 2, 7] {
            assert_eq!(read_in_steps(bytes, step), whole);
        }
        whole
    }

    #[test]
    fn the_head_ends_at_the_first_empty_line_of_either_kind() {
        for (bytes, names, data) in [
            (
                "Content-Type: text/xml\nServer: QGIS\n\nX-Accel-Redirect: /secret\r\n\r\ntwo",
                vec!["content-type", "server"],
                "X-Accel-Redirect: /secret\r\n\r\ntwo",
            ),
            ("A: 1\r\nB: 2\r\n\r\n\n\nthree", vec!["a", "b"], "\n\nthree"),
            ("A: 1\n\r\ntwo", vec!["a"], "two"),
            ("A: 1\r\n\ntwo", vec!["a"], "two"),
            ("A: 1\n\n", vec!["a"], ""),
        ] {
            let (head, rest) = read_all(bytes.as_bytes()).unwrap().unwrap();
            assert_eq!(head.headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), names);
            assert_eq!((head.status, rest.as_slice()), (StatusCode::OK, data.as_bytes()));
        }
        assert_eq!(read_all(b"A: 1\nB: 2\n"), Ok(None));
    }

    #[test]
    fn reads_status_and_length() {
        let (head, _) = read_all(b"status:404 Not Found\nContent-Length:  12 \n\n").unwrap().unwrap();
        assert_eq!((head.status.as_u16(), head.length, head.headers.len()), (404, Some(12), 1));
        let (head, _) = read_all(b"Status: 204\n\n").unwrap().unwrap();
        assert_eq!((head.status.as_u16(), head.length), (204, None));
    }

    #[test]
    fn refuses_a_malformed_head() {
        let long = [b"A: ".as_slice(), &vec![b'x'; MAX_HEAD], b"\n\n"].concat();
        let many = [b"A: b\n".repeat(MAX_HEAD / 4), b"\n".to_vec()].concat();
        for (bytes, error) in [
            (b"\nbody".as_slice(), HeadError::Empty),
            (b"A: 1\nHTTP/1.1 200 OK\n\n", HeadError::Line(2)),
            (b"A: 1\n folded: 1\n\n", HeadError::Line(2)),
            (b": 1\n\n", HeadError::Line(1)),
            (b"A: 1\nB: \rX: 1\n\n", HeadError::Value(2)),
            (b"Status: 100 Continue\n\n", HeadError::Status),
            (b"Status: 200\nStatus: 200\n\n", HeadError::Status),
            (b"Status: OK\n\n", HeadError::Status),
            (b"Content-Length: 1\nContent-Length: 1\n\n", HeadError::ContentLength),
            (b"Content-Length: +1\n\n", HeadError::ContentLength),
            (b"Content-Length: \n\n", HeadError::ContentLength),
            (&long, HeadError::TooLong),
            (&many, HeadError::TooLong),
        ] {
            assert_eq!(read_all(bytes), Err(error));
        }
    }

    proptest! {
        #[test]
        fn the_size_of_pieces_makes_no_difference(bytes in "[A-Za:\r\n ]{0,200}", step in 1_usize..50) {
            let whole = read_in_steps(bytes.as_bytes(), bytes.len().max(1));
            prop_assert_eq!(read_in_steps(bytes.as_bytes(), step), whole);
        }
    }
}
