//! Patterns of `PropertyIsLike`.

use super::FilterError;
use crate::xml::tree::is_blank;

/// A pattern, whatever the client's wildcards.
///
/// It is written with QGIS's own signs, `%`, `_` and `\`, so that QGIS replaces nothing in it: its replacement is
/// one-sided (a regular expression made of the client's characters). QGIS passes `\` on to the data source; a
/// `GeoPackage` then finds no text for an escaped `%` or `_`, whatever the client's signs were (tried on 3.22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Character(char),
}

/// The signs of a pattern; the defaults are QGIS's.
pub(super) struct Signs {
    pub(super) any: char,
    pub(super) one: char,
    pub(super) escape: char,
}

impl Signs {
    /// The signs that are written.
    pub(super) const WRITTEN: Self = Self { any: '%', one: '_', escape: '\\' };

    /// True when the three differ.
    pub(super) fn are_distinct(&self) -> bool {
        self.any != self.one && self.any != self.escape && self.one != self.escape
    }
}

impl Pattern {
    /// Reads a pattern. The escape sign before anything but a sign stands for itself, as in QGIS.
    pub(super) fn parse(text: &str, signs: &Signs) -> Result<Self, FilterError> {
        let mut parts = Vec::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let is_sign = |next: &char| [signs.any, signs.one, signs.escape].contains(next);
            parts.push(match character {
                _ if character == signs.any => Part::Any,
                _ if character == signs.one => Part::One,
                _ if character == signs.escape => {
                    Part::Character(characters.next_if(is_sign).unwrap_or(character))
                }
                _ => Part::Character(character),
            });
        }
        let pattern = Self(parts);
        if !text.is_empty() && is_blank(&pattern.written()) {
            return Err(FilterError::BlankLiteral);
        }
        if pattern.is_expressible() { Ok(pattern) } else { Err(FilterError::Backslash) }
    }

    /// The pattern with QGIS's signs.
    pub(super) fn written(&self) -> String {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Any => text.push('%'),
                Part::One => text.push('_'),
                Part::Character(character) => {
                    if matches!(character, '%' | '_') {
                        text.push('\\');
                    }
                    text.push(*character);
                }
            }
        }
        text
    }

    /// QGIS has no way to escape a backslash: alone it is one, before a sign it takes the sign's meaning away.
    fn is_expressible(&self) -> bool {
        self.0.iter().zip(self.0.iter().skip(1)).all(|(part, next)| {
            *part != Part::Character('\\')
                || matches!(next, Part::Character(character) if !matches!(character, '%' | '_' | '\\'))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str, any: char, one: char, escape: char) -> Option<String> {
        Pattern::parse(text, &Signs { any, one, escape }).ok().map(|pattern| pattern.written())
    }

    #[test]
    fn patterns_are_written_with_the_signs_of_qgis() {
        assert_eq!(written("zone*", '*', '?', '\\').unwrap(), "zone%");
        assert_eq!(written("a?b*%_", '*', '?', '\\').unwrap(), "a_b%\\%\\_");
        assert_eq!(written("!*!?!!a!b", '*', '?', '!').unwrap(), "*?!a!b");
        assert_eq!(written("100\\%", '%', '_', '\\').unwrap(), "100\\%");
        assert_eq!(written("a\\b", '*', '?', '\\').unwrap(), "a\\b");
        assert_eq!(written("", '*', '?', '\\').unwrap(), "");
        assert_eq!(written("a\\", '*', '?', '!').unwrap(), "a\\");
    }

    #[test]
    fn what_qgis_cannot_express_is_refused() {
        assert_eq!(written("a\\*", '*', '?', '!'), None);
        assert_eq!(written("a\\\\", '*', '?', '!'), None);
        assert_eq!(written(" ", '*', '?', '!'), None);
    }

    proptest! {
        #[test]
        fn a_written_pattern_reads_back_the_same(text in "[ab%_*?\\\\! ]{0,12}") {
            if let Ok(pattern) = Pattern::parse(&text, &Signs { any: '*', one: '?', escape: '!' }) {
                prop_assert_eq!(Pattern::parse(&pattern.written(), &Signs::WRITTEN), Ok(pattern));
            }
        }
    }
}
