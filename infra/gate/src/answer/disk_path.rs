//! Finds a disk path in text, in any spelling that a link may use.

use std::{borrow::Cow, ops::Range};

/// A path on this machine that clients must not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DiskPath {
    folded: Vec<u8>,
}

impl DiskPath {
    /// Takes a path; an empty one is never found.
    pub(super) fn new(path: &str) -> Self {
        Self { folded: path.bytes().map(fold).collect() }
    }

    /// Returns its folder including the final separator, unless that is a root or a folder directly below `/`.
    pub(super) fn folder(&self) -> Option<Self> {
        let end = self.folded.iter().rposition(|&byte| byte == b'/')?;
        let folded = self.folded.get(..=end)?.to_vec();
        let names = folded.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).count();
        (names > 1).then_some(Self { folded })
    }

    /// Finds it in `text` from byte `from` on: with either slash, percent-encoded or not, ignoring case. QGIS 3.22 itself
    /// changes the case: it replaces every `map` in a link by `MAP`.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<Range<usize>> {
        if self.folded.is_empty() {
            return None;
        }
        let bytes = text.as_bytes();
        (from..bytes.len()).find_map(|start| {
            let end = self.end_of_match(bytes, start)?;
            (text.is_char_boundary(start) && text.is_char_boundary(end)).then_some(start..end)
        })
    }

    /// Removes it from `text`.
    pub(super) fn remove_from<'t>(&self, text: &'t str) -> Cow<'t, str> {
        replace_each(text, |from| self.find(text, from).map(|found| (found, String::new())))
    }

    fn end_of_match(&self, text: &[u8], start: usize) -> Option<usize> {
        self.folded.iter().try_fold(start, |at, &wanted| {
            let (byte, next) = decoded_byte(text, at)?;
            (fold(byte) == wanted || byte == b'+' && wanted == b' ').then_some(next)
        })
    }
}

/// Returns the percent-decoded byte at `at`, and where the next one starts.
fn decoded_byte(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let byte = *text.get(at)?;
    let hex = |offset: usize| text.get(at + offset).and_then(|&digit| char::from(digit).to_digit(16));
    match (byte, hex(1), hex(2)) {
        (b'%', Some(high), Some(low)) => Some((u8::try_from(high * 16 + low).ok()?, at + 3)),
        _ => Some((byte, at + 1)),
    }
}

/// Replaces what `next` finds in `text`: given a byte to start from, it returns a range and its replacement.
pub(super) fn replace_each(
    text: &str,
    next: impl Fn(usize) -> Option<(Range<usize>, String)>,
) -> Cow<'_, str> {
    let mut written = String::new();
    let mut copied = 0;
    while let Some((found, replacement)) = next(copied) {
        written.push_str(text.get(copied..found.start).unwrap_or_default());
        written.push_str(&replacement);
        copied = found.end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    written.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(written)
}

fn fold(byte: u8) -> u8 {
    if byte == b'\\' { b'/' } else { byte.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_path_in_every_spelling() {
        let path = DiskPath::new("C:/Pozi/Demo Maps.qgs");
        for text in [
            "C:/Pozi/Demo Maps.qgs",
            r"c:\pozi\Demo MAPs.qgs",
            "C%3A%2FPozi%2FDemo%20Maps.qgs",
            "C%3a%5cPozi/Demo+Maps.qgs",
        ] {
            assert_eq!(path.find(&format!("é {text}."), 0), Some(3..3 + text.len()), "{text}");
        }
        assert_eq!(path.find("C:/Pozi/Demo", 0), None);
        assert_eq!(path.find("C:/Pozi/Demo%2", 0), None);
    }

    #[test]
    fn a_root_is_not_hidden_as_a_folder() {
        assert_eq!(DiskPath::new("C:/Pozi/Demo.qgs").folder(), Some(DiskPath::new("c:/pozi/")));
        assert_eq!(DiskPath::new("/maps/demo.qgs").folder(), None);
        assert_eq!(DiskPath::new("demo.qgs").folder(), None);
        assert_eq!(DiskPath::new("").find("text", 0), None);
    }

    proptest::proptest! {
        #[test]
        fn finds_only_whole_characters(text in r"\PC{0,40}", path in r"\PC{1,4}") {
            if let Some(found) = DiskPath::new(&path).find(&text, 0) {
                proptest::prop_assert!(text.get(found).is_some());
            }
        }
    }
}
