//! Sends requests to QGIS Server: over `FastCGI`, over HTTP, or to processes that the gate starts.

#[cfg(test)]
mod contract;
mod error;
mod fastcgi;
mod http;
mod limits;
#[cfg(unix)]
mod processes;
mod public_url;
mod server;
mod slots;
#[cfg(test)]
mod testing;

use ::http::{Method, Response};
use axum::body::Body;
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

#[cfg(unix)]
pub use self::processes::{Processes, ProcessesConfig};
pub use self::{
    error::{HeadError, RecordError, UpstreamError},
    fastcgi::{FastCgi, FastCgiAddress, FastCgiAddressError},
    http::{HttpBaseError, HttpServer},
    limits::Limited,
    server::{Upstream, UpstreamStartError},
};

/// All characters but the unreserved ones (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request to QGIS Server. The gate writes every byte of it and copies nothing from the client's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QgisRequest {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: Method,
    /// The percent-encoded path below the server's address: empty for OGC web services, `/wfs3/…` for OGC API Features.
    pub path: String,
    /// The query without `?` and without `MAP`.
    pub query: String,
    /// The body of a `POST` or `PUT`.
    pub body: Option<QgisBody>,
    /// The `Accept` header, by which QGIS chooses a format of OGC API Features.
    pub accept: Option<&'static str>,
    /// The catalogue's address for clients, ending in `/`, which QGIS writes into its answers. Empty if no client sees
    /// the answer.
    pub public_url: String,
}

impl QgisRequest {
    /// Sets the catalogue's address for clients.
    #[must_use]
    pub fn with_public_url(self, url: impl Into<String>) -> Self {
        Self { public_url: url.into(), ..self }
    }

    /// Returns the complete query, with the project file `project` as `MAP`.
    fn query_with_map(&self, project: &str) -> String {
        let mut query = String::with_capacity(self.query.len() + 3 * project.len() + 5);
        if !self.query.is_empty() {
            query.push_str(&self.query);
            query.push('&');
        }
        query.push_str("MAP=");
        query.extend(utf8_percent_encode(project, ESCAPED));
        query
    }
}

/// A body for QGIS Server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QgisBody {
    /// The media type.
    pub content_type: &'static str,
    /// The content in UTF-8.
    pub bytes: Bytes,
}

/// A server that answers requests for maps: QGIS Server, or a stand-in for tests.
pub trait MapServer: Send + Sync + 'static {
    /// Sends `request` for the project file `project`, which becomes `MAP`. Returns the answer with the server's headers
    /// unchanged. A body that is cut short ends in an error.
    fn send(
        &self,
        project: &str,
        request: QgisRequest,
    ) -> impl Future<Output = Result<Response<Body>, UpstreamError>> + Send;
}
