//! Quotations of claims and headers in `error_description`.

/// The longest quotation, in characters.
const MAX: usize = 200;

/// Returns `text` as an `error_description` may contain it (RFC 6749 §5.2): at most 200 characters, each that is not allowed
/// replaced with `?`.
pub(super) fn quoted(text: &str) -> String {
    let is_allowed = |character| matches!(character, ' '..='!' | '#'..='[' | ']'..='~');
    let mut quoted: String =
        text.chars().take(MAX).map(|character| if is_allowed(character) { character } else { '?' }).collect();
    if text.chars().nth(MAX).is_some() {
        quoted.push_str("...");
    }
    if quoted.is_empty() { "none".to_owned() } else { quoted }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn replaces_what_the_standard_does_not_allow_and_shortens() {
        for (text, expected) in [
            ("https://riverbend.example/pozi", "https://riverbend.example/pozi"),
            ("a\"b\\c\nd\u{e9}", "a?b?c?d?"),
            ("", "none"),
        ] {
            assert_eq!(quoted(text), expected);
        }
        assert_eq!(quoted(&"x".repeat(201)), format!("{}...", "x".repeat(200)));
    }

    proptest! {
        /// RFC 6749 §5.2.
        #[test]
        fn has_only_characters_that_rfc_6749_allows(text in "\\PC{0,300}|[\u{0}-\u{ff}]{0,300}") {
            let quoted = quoted(&text);
            prop_assert!(quoted.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
            prop_assert!(quoted.len() <= 203);
        }
    }
}
