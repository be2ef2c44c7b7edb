//! Decodes the path of a request, exactly once.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The most segments of a path, enough for any base and OGC API Features.
const MAX_SEGMENTS: usize = 32;

/// Returns the decoded segments of `path`, without the first slash. Returns `None` if a segment is `.` or `..`, contains
/// a slash, backslash or control character, is empty (except the last), or has a malformed escape: programs interpret
/// these in different ways.
pub fn segments(path: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut parts = path.strip_prefix('/')?.split('/').peekable();
    let mut segments = Vec::with_capacity(8);
    while let Some(part) = parts.next() {
        if segments.len() == MAX_SEGMENTS {
            return None;
        }
        segments.push(segment(part, parts.peek().is_none())?);
    }
    Some(segments)
}

fn segment(part: &str, is_last: bool) -> Option<Cow<'_, str>> {
    let mut pieces = part.as_bytes().split(|byte| *byte == b'%').skip(1);
    let is_encoded = pieces.all(|piece| piece.len() >= 2 && piece[..2].iter().all(u8::is_ascii_hexdigit));
    if !is_encoded || (part.is_empty() && !is_last) {
        return None;
    }
    let text = percent_decode_str(part).decode_utf8().ok()?;
    let is_ambiguous = |c: char| c.is_control() || matches!(c, '/' | '\\');
    (!matches!(&*text, "." | "..") && !text.contains(is_ambiguous)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_segments_once() {
        assert_eq!(segments("/a/B%C3%A4ume/%2541").unwrap(), ["a", "Bäume", "%41"]);
        assert_eq!(segments("/a/").unwrap(), ["a", ""]);
        for path in [
            "",
            "a",
            "/a//b",
            "//a",
            "/../a",
            "/a/%2e%2e",
            "/a%2fb",
            "/a%5cb",
            "/a%00",
            "/a%zz",
            "/a%4",
            "/%ff",
        ] {
            assert_eq!(segments(path), None, "{path}");
        }
        assert_eq!(segments(&"/a".repeat(33)), None);
    }
}
