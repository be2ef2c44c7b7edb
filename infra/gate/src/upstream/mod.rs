//! QGIS Server, as the gate asks it.

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Response};

/// A request to QGIS Server. Every byte of it was written by the gate; nothing was copied from a client's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QgisRequest {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: Method,
    /// What follows the server's own address, percent-encoded: empty for OGC web services, `/wfs3/…` for OGC API
    /// Features.
    pub path: String,
    /// The query without `?` and without `MAP`.
    pub query: String,
    /// The body of a `POST` or `PUT`.
    pub body: Option<QgisBody>,
    /// The `Accept` header that QGIS chooses a format of OGC API Features by.
    pub accept: Option<&'static str>,
}

/// A body for QGIS Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QgisBody {
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes, UTF-8.
    pub bytes: Bytes,
}

/// Answers requests: QGIS Server over FastCGI or HTTP, or a stand-in for tests.
pub trait MapServer: Send + Sync + 'static {
    /// Asks for `request` of the project file `project`, which becomes `MAP`. The answer's headers are as the server
    /// sent them; its body ends in an error where the server's answer was cut.
    fn send(
        &self,
        project: &str,
        request: QgisRequest,
    ) -> impl Future<Output = Result<Response<Body>, UpstreamError>> + Send;
}

/// Why there is no answer of QGIS Server.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// No connection can be made.
    #[error("QGIS Server cannot be reached at {address}")]
    Unreachable {
        /// Where it should be.
        address: String,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
}
