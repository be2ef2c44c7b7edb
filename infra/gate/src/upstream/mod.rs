//! QGIS Server, as the gate asks it.

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

/// What is percent-encoded in a query: all but the unreserved characters (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

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
    /// The address that clients know the catalogue by, ending in `/`: what QGIS writes into its answers. Empty where nobody
    /// reads them.
    pub public_url: String,
}

impl QgisRequest {
    /// The request of clients that know the catalogue by `url`.
    #[must_use]
    pub fn with_public_url(self, url: impl Into<String>) -> Self {
        Self { public_url: url.into(), ..self }
    }

    /// The whole query, with the project file `project` as `MAP`.
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
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes, UTF-8.
    pub bytes: Bytes,
}

/// Answers requests: QGIS Server over `FastCGI` or HTTP, or a stand-in for tests.
pub trait MapServer: Send + Sync + 'static {
    /// Asks for `request` of the project file `project`, which becomes `MAP`. The answer's headers are as the server
    /// sent them; its body ends in an error where the server's answer was cut.
    fn send(
        &self,
        project: &str,
        request: QgisRequest,
    ) -> impl Future<Output = Result<Response<Body>, UpstreamError>> + Send;
}
