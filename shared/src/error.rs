//! Errors, their causes, and the texts that they quote.

use std::{error::Error, fmt};

/// The cause of an error, of any type.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Returns the messages of `error` and its causes, joined with `: `, for logs and terminals. A cause that an earlier message
/// already contains, as that of a transparent error, is not repeated.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let message = cause.to_string();
        if !text.contains(&message) {
            text = format!("{text}: {message}");
        }
        next = cause.source();
    }
    text
}

/// The longest quotation in a message, in characters.
const MAX_QUOTED: usize = 200;

/// Returns the first 200 characters of `text`, for a message about text whose length others choose.
pub fn shortened(text: &str) -> String {
    text.chars().take(MAX_QUOTED).collect()
}

/// What a request has in a parameter or header, for a message. A value with a long word is not shown: it may be a token in
/// the wrong place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received(String);

impl Received {
    /// The longest word that is shown, in bytes. No JWT is as short.
    const MAX_WORD: usize = 80;

    /// Keeps the beginning of `value`, or only its length.
    pub fn of(value: &str) -> Self {
        let is_shown = value.split(' ').all(|word| word.len() <= Self::MAX_WORD);
        Self(if is_shown {
            format!("`{}`", shortened(value))
        } else {
            format!("a text of {} characters", value.chars().count())
        })
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the outer error")]
    struct Outer(#[source] Cause);

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct SameText(#[source] Outer);

    #[test]
    fn a_long_word_is_not_shown_since_it_may_be_a_token() {
        let short = "x".repeat(80);
        assert_eq!(Received::of(&short).to_string(), format!("`{short}`"));
        let long = Received::of(&format!("Bearer {}", "x".repeat(81)));
        assert_eq!(long.to_string(), "a text of 88 characters");
        assert!(!format!("{long:?}").contains("xx"));
        assert_eq!(Received::of(&"roads:read ".repeat(100)).to_string().len(), 202);
    }

    #[test]
    fn names_every_cause_once_and_in_order() {
        let error = SameText(Outer("the root".into()));
        assert_eq!(with_causes(&error), "the outer error: the root");
        let error = Outer(std::io::Error::other("disk full").into());
        assert_eq!(with_causes(&error), "the outer error: disk full");
    }
}
