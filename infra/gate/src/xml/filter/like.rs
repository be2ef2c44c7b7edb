//! Patterns of `PropertyIsLike`.

use super::FilterError;
use crate::xml::tree::is_blank;

/// A pattern, independent of the client's wildcards.
///
/// It is written with QGIS's own wildcards `%`, `_` and `\`, so that QGIS replaces nothing in it: QGIS would build a regular
/// expression of the client's characters without escaping them. QGIS passes `\` to the data source; a `GeoPackage` then finds
/// nothing for an escaped `%` or `_`, whatever the client's wildcards (tried on 3.22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Character(char),
}

/// The wildcards of a pattern; the defaults are QGIS's.
pub(super) struct Wildcards {
    pub(super) any: char,
    pub(super) one: char,
    pub(super) escape: char,
}

impl Wildcards {
    /// QGIS's own, which are written.
    pub(super) const QGIS: Self = Self { any: '%', one: '_', escape: '\\' };

    /// Whether the three differ.
    pub(super) fn are_distinct(&self) -> bool {
        self.any != self.one && self.any != self.escape && self.one != self.escape
    }
}

impl Pattern {
    /// Parses a pattern. As in QGIS, the escape character stands for itself unless a wildcard follows.
    pub(super) fn parse(text: &str, wildcards: &Wildcards) -> Result<Self, FilterError> {
        let mut parts = Vec::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let is_wildcard = |next: &char| [wildcards.any, wildcards.one, wildcards.escape].contains(next);
            parts.push(match character {
                _ if character == wildcards.any => Part::Any,
                _ if character == wildcards.one => Part::One,
                _ if character == wildcards.escape => {
                    Part::Character(characters.next_if(is_wildcard).unwrap_or(character))
                }
                _ => Part::Character(character),
            });
        }
        let pattern = Self(parts);
        if !text.is_empty() && is_blank(&pattern.to_text()) {
            return Err(FilterError::BlankLiteral);
        }
        if pattern.is_expressible() { Ok(pattern) } else { Err(FilterError::Backslash) }
    }

    /// The pattern with QGIS's wildcards.
    pub(super) fn to_text(&self) -> String {
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

    /// Whether QGIS can express the pattern: a literal backslash cannot be escaped, so no wildcard or backslash may follow
    /// it.
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
        Pattern::parse(text, &Wildcards { any, one, escape }).ok().map(|pattern| pattern.to_text())
    }

    #[test]
    fn writes_patterns_with_the_wildcards_of_qgis() {
        assert_eq!(written("zone*", '*', '?', '\\').unwrap(), "zone%");
        assert_eq!(written("a?b*%_", '*', '?', '\\').unwrap(), "a_b%\\%\\_");
        assert_eq!(written("!*!?!!a!b", '*', '?', '!').unwrap(), "*?!a!b");
        assert_eq!(written("100\\%", '%', '_', '\\').unwrap(), "100\\%");
        assert_eq!(written("a\\b", '*', '?', '\\').unwrap(), "a\\b");
        assert_eq!(written("", '*', '?', '\\').unwrap(), "");
        assert_eq!(written("a\\", '*', '?', '!').unwrap(), "a\\");
    }

    #[test]
    fn refuses_what_qgis_cannot_express() {
        assert_eq!(written("a\\*", '*', '?', '!'), None);
        assert_eq!(written("a\\\\", '*', '?', '!'), None);
        assert_eq!(written(" ", '*', '?', '!'), None);
    }

    proptest! {
        #[test]
        fn patterns_survive_a_round_trip(text in "[ab%_*?\\\\! ]{0,12}") {
            if let Ok(pattern) = Pattern::parse(&text, &Wildcards { any: '*', one: '?', escape: '!' }) {
                prop_assert_eq!(Pattern::parse(&pattern.to_text(), &Wildcards::QGIS), Ok(pattern));
            }
        }
    }
}
