//! Documents that are fetched from elsewhere.

use http::{Request, Response, StatusCode};

use crate::error::Cause;

/// Fetches one document that is always at the same address.
pub trait DocumentFetch: Send + Sync + 'static {
    /// The document as served; at most 256 KiB, within 3 s.
    fn fetch(&self) -> impl Future<Output = Result<Vec<u8>, FetchError>> + Send;
}

/// Fetches one document that is always at the same address, unless the caller has it already (RFC 9110 §13.1.2).
pub trait ConditionalFetch: Send + Sync + 'static {
    /// The document as served, with the limits of [`DocumentFetch::fetch`], or that it is still the one with this `etag`.
    fn fetch_unless(&self, etag: Option<&str>) -> impl Future<Output = Result<Fetched, FetchError>> + Send;
}

/// Calls the service as one of its clients does.
pub trait ServiceCall: Send + Sync + 'static {
    /// Sends `request`, whose URI is a path below the service's own URL, and returns the whole answer, whatever its status: at most
    /// 256 KiB, within 10 s.
    fn call(
        &self,
        request: Request<String>,
    ) -> impl Future<Output = Result<Response<Vec<u8>>, FetchError>> + Send;
}

/// What a conditional fetch brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The caller has the current document.
    Unchanged,
    /// Another document.
    Document {
        /// As served.
        bytes: Vec<u8>,
        /// Its validator, to send with the next fetch.
        etag: Option<String>,
    },
}

/// A document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Connecting, sending or receiving failed.
    #[error("no answer")]
    NoAnswer(#[source] Cause),
    /// The whole answer did not arrive in time.
    #[error("no whole answer in time")]
    TimedOut(#[source] Cause),
    /// The answer was not 200. Redirects are not followed.
    #[error("answered with status {0}")]
    Status(u16),
    /// The answer was larger than the cap.
    #[error("answered with more than {0} bytes")]
    TooLarge(usize),
}

impl FetchError {
    /// Returns whether another attempt at once may help: a connection was reset, or the server had a moment's trouble. A
    /// timeout is not repeated, since callers have already waited for it.
    pub fn may_pass_at_once(&self) -> bool {
        match self {
            Self::NoAnswer(_) => true,
            Self::Status(status) => {
                StatusCode::from_u16(*status).is_ok_and(|status| status.is_server_error())
            }
            Self::TimedOut(_) | Self::TooLarge(_) => false,
        }
    }
}
