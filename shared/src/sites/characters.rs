//! Characters that a person does not see, or does not mean, in a site file: copied from a web page, a letter or a message.

use std::fmt;

/// A character that cannot be meant, which `Display` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stray(char);

impl Stray {
    /// Finds one in `text`, a name, id, address or path, which has no character that is invisible or a typographic quote.
    pub(super) fn in_path(text: &str) -> Option<Self> {
        text.chars().find(|found| is_invisible(*found) || is_double_quote(*found)).map(Self)
    }

    /// Finds one in `text`, a name, id or address, which also has no space and no control character.
    pub(super) fn in_word(text: &str) -> Option<Self> {
        let is_stray = |found: &char| {
            found.is_whitespace() || found.is_control() || is_invisible(*found) || is_quote(*found)
        };
        text.chars().find(is_stray).map(Self)
    }

    /// Finds one in `line`, a line of TOML with a syntax error, where a space or a tab may stand.
    pub(super) fn in_toml(line: &str) -> Option<Self> {
        line.chars().find(|found| is_invisible(*found) || is_quote(*found)).map(Self)
    }
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u32::from(self.0);
        match self.0 {
            ' ' => f.write_str("a space"),
            '\u{a0}' => f.write_str("a no-break space (U+00A0)"),
            found if is_quote(found) => write!(f, "a typographic quote ({found}, U+{code:04X})"),
            found if found.is_control() => write!(f, "a control character (U+{code:04X})"),
            _ => write!(f, "an invisible character (U+{code:04X})"),
        }
    }
}

/// Whether nothing shows of `found`, or only a space that is no ordinary one. Control characters are not among them.
fn is_invisible(found: char) -> bool {
    let is_format = matches!(
        found,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    );
    is_format || (found.is_whitespace() && !found.is_ascii() && !found.is_control())
}

fn is_quote(found: char) -> bool {
    is_double_quote(found) || matches!(found, '\u{2018}'..='\u{201b}' | '\u{2039}' | '\u{203a}')
}

/// Not the single ones, which are apostrophes too, as in `Council’s map.qgz`.
fn is_double_quote(found: char) -> bool {
    matches!(found, '\u{201c}'..='\u{201f}' | '«' | '»')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_first_stray_character() {
        let word = |text| Stray::in_word(text).map(|stray| stray.to_string());
        for (text, name) in [
            ("a b", "a space"),
            ("a\u{a0}", "a no-break space (U+00A0)"),
            ("“a”", "a typographic quote (“, U+201C)"),
            ("a’", "a typographic quote (’, U+2019)"),
            ("a\tb", "a control character (U+0009)"),
            ("a\u{0}", "a control character (U+0000)"),
            ("\u{feff}a", "an invisible character (U+FEFF)"),
            ("a\u{200b}", "an invisible character (U+200B)"),
            ("a\u{3000}", "an invisible character (U+3000)"),
        ] {
            assert_eq!(word(text).as_deref(), Some(name), "{text:?}");
        }
        assert_eq!(word("https://bücher.example/pozi/-_.~"), None);
    }

    #[test]
    fn a_path_may_have_spaces_and_apostrophes() {
        assert_eq!(Stray::in_path("C:/Pozi maps/Council’s map.qgz"), None);
        for path in ["C:/Pozi\u{a0}maps/a.qgz", "“C:/a.qgz”", "C:/a.qgz\u{200b}"] {
            assert!(Stray::in_path(path).is_some(), "{path:?}");
        }
    }
}
