//! Errors in a site's document.

use std::ops::Range;

/// An error in a site's document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SiteError {
    /// What is wrong, and how to fix it.
    pub message: String,
    /// Where, in bytes from the start of the document, if known.
    pub at: Option<Range<usize>>,
}

impl SiteError {
    pub(super) fn new(message: impl Into<String>, at: Range<usize>) -> Self {
        Self { message: message.into(), at: Some(at) }
    }
}
