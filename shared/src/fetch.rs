//! Documents that are fetched from elsewhere.

use crate::error::Cause;

/// Fetches one document that is always at the same address.
pub trait DocumentFetch: Send + Sync + 'static {
    /// The document as served; at most 256 KiB, within 3 s.
    fn fetch(&self) -> impl Future<Output = Result<Vec<u8>, FetchError>> + Send;
}

/// A document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Connecting, sending or receiving failed, or took too long.
    #[error("no answer")]
    NoAnswer(#[source] Cause),
    /// The answer was not 200. Redirects are not followed.
    #[error("answered with status {0}")]
    Status(u16),
    /// The answer was larger than the cap.
    #[error("answered with more than {0} bytes")]
    TooLarge(usize),
}
