//! Comparing a value with a text that may be its written form.

use std::fmt::{self, Display, Write};

/// Whether `value` is written as `text`. It is compared as it is written, and never stored.
pub(crate) fn is_written_as(value: impl Display, text: &str) -> bool {
    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}

/// What has not been compared yet.
struct Rest<'a>(&'a str);

impl Write for Rest<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_whole_text_is_the_same() {
        for (text, is_same) in
            [("ab:7", true), ("ab:7 ", false), ("ab:", false), ("Ab:7", false), ("", false)]
        {
            assert_eq!(is_written_as(format_args!("{}:{}", "ab", 7), text), is_same, "{text}");
        }
        assert!(is_written_as("", ""));
    }

    proptest! {
        #[test]
        fn agrees_with_the_written_text(parts in ("[ab]{0,2}", "[ab]{0,2}"), text in "[ab]{0,4}") {
            let (one, other) = parts;
            prop_assert_eq!(is_written_as(format_args!("{one}{other}"), &text), format!("{one}{other}") == text);
        }
    }
}
