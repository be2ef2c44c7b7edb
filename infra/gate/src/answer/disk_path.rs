//! A disk path, found in text however a link may write it.

use std::ops::Range;

/// A path of this machine that no client is to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DiskPath {
    folded: Vec<u8>,
}

impl DiskPath {
    /// The path `path`; an empty one is found nowhere.
    pub(super) fn new(path: &str) -> Self {
        Self { folded: path.bytes().map(fold).collect() }
    }

    /// Its folder with the separator at the end, where that is more than a root.
    pub(super) fn folder(&self) -> Option<Self> {
        let end = self.folded.iter().rposition(|&byte| byte == b'/')?;
        let folded = self.folded.get(..=end)?.to_vec();
        let names = folded.split(|&byte| byte == b'/').filter(|name| !name.is_empty()).count();
        (names > 1).then_some(Self { folded })
    }

    /// Where it first stands in `text` from byte `from`: with any slashes, percent-encoded or not, without case.
    /// QGIS 3.22 itself changes the case: it replaces every `map` in a link by `MAP`.
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

    fn end_of_match(&self, text: &[u8], start: usize) -> Option<usize> {
        self.folded.iter().try_fold(start, |at, &wanted| {
            let (byte, next) = unit(text, at)?;
            (fold(byte) == wanted || byte == b'+' && wanted == b' ').then_some(next)
        })
    }
}

/// The byte that stands at `at`, decoded, and where the next one starts.
fn unit(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let byte = *text.get(at)?;
    let hex = |offset: usize| text.get(at + offset).and_then(|&digit| char::from(digit).to_digit(16));
    match (byte, hex(1), hex(2)) {
        (b'%', Some(high), Some(low)) => Some((u8::try_from(high * 16 + low).ok()?, at + 3)),
        _ => Some((byte, at + 1)),
    }
}

fn fold(byte: u8) -> u8 {
    if byte == b'\\' { b'/' } else { byte.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_in_every_spelling_of_a_link() {
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
    fn a_folder_is_known_only_where_it_is_more_than_a_root() {
        assert_eq!(DiskPath::new("C:/Pozi/Demo.qgs").folder(), Some(DiskPath::new("c:/pozi/")));
        assert_eq!(DiskPath::new("/maps/demo.qgs").folder(), None);
        assert_eq!(DiskPath::new("demo.qgs").folder(), None);
        assert_eq!(DiskPath::new("").find("text", 0), None);
    }

    proptest::proptest! {
        #[test]
        fn what_is_found_are_whole_characters(text in r"\PC{0,40}", path in r"\PC{1,4}") {
            if let Some(found) = DiskPath::new(&path).find(&text, 0) {
                proptest::prop_assert!(text.get(found).is_some());
            }
        }
    }
}
