//! Errors as text for people.

use std::error::Error;

/// Returns the messages of `error` and its causes, joined with `: `. A cause that an earlier message already contains, as
/// that of a transparent error, is not repeated.
pub(crate) fn with_causes(error: &dyn Error) -> String {
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
