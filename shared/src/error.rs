//! Errors, their causes, and the texts that they quote.

use std::error::Error;

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

/// Returns the first 200 characters of `text`, for a message about text whose length others choose.
pub fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
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
    fn names_every_cause_once_and_in_order() {
        let error = SameText(Outer("the root".into()));
        assert_eq!(with_causes(&error), "the outer error: the root");
        let error = Outer(std::io::Error::other("disk full").into());
        assert_eq!(with_causes(&error), "the outer error: disk full");
    }
}
