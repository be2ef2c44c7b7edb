//! QGIS Server over HTTP/1.1, behind a web server on this machine or next to it (IIS on a loopback port). Nothing from the
//! client's request is forwarded, redirects are not followed, and an answer is refused if a cut could go unnoticed.

mod connection;

use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, Response, Uri,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST, TRANSFER_ENCODING},
};
use http_body::Body as _;
use http_body_util::Full;
use hyper::body::Incoming;

use self::connection::{Connection, HttpBody, IdleConnections};
use super::{MapServer, QgisRequest, UpstreamError};

/// The header from which QGIS takes the addresses in capabilities.
const SERVICE_URL: &str = "x-qgis-service-url";

/// QGIS Server behind a web server.
#[derive(Debug)]
pub struct HttpServer {
    /// `host:port`.
    address: String,
    host: HeaderValue,
    path: String,
    idle: IdleConnections,
}

/// What is wrong with the address of a web server.
#[derive(Debug, thiserror::Error)]
pub enum HttpBaseError {
    /// Not a URL.
    #[error("it is not a URL: {0}")]
    Form(#[from] http::uri::InvalidUri),
    /// Not http, or no host.
    #[error("it must be http://host:port/path: QGIS Server is on this machine or next to it")]
    Scheme,
    /// With a query.
    #[error("it must not contain `?`: the gate writes the query")]
    Query,
    /// A host that is not valid in a header.
    #[error("its host is not valid in a header")]
    Host(#[from] http::header::InvalidHeaderValue),
}

impl HttpServer {
    /// Connects to QGIS Server at `base` (`http://127.0.0.1:8090/qgis`).
    pub fn new(base: &str) -> Result<Self, HttpBaseError> {
        let uri: Uri = base.parse()?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let (Some("http"), Some(authority)) = (uri.scheme_str(), authority) else {
            return Err(HttpBaseError::Scheme);
        };
        if uri.query().is_some() {
            return Err(HttpBaseError::Query);
        }
        Ok(Self {
            address: format!("{}:{}", authority.host(), authority.port_u16().unwrap_or(80)),
            host: HeaderValue::from_str(authority.as_str())?,
            path: uri.path().to_owned(),
            idle: IdleConnections::default(),
        })
    }

    fn write(&self, project: &str, request: QgisRequest) -> Result<Request<Full<Bytes>>, UpstreamError> {
        let query = request.query_with_map(project);
        let target = if request.path.is_empty() {
            format!("{}?{query}", self.path)
        } else {
            format!("{}{}?{query}", self.path.trim_end_matches('/'), request.path)
        };
        let mut builder = Request::builder()
            .method(request.method)
            .uri(target)
            .header(HOST, &self.host)
            .header(ACCEPT_ENCODING, "identity");
        if let Some(accept) = request.accept {
            builder = builder.header(ACCEPT, accept);
        }
        if !request.public_url.is_empty() {
            builder = builder.header(SERVICE_URL, request.public_url);
        }
        let bytes = match request.body {
            Some(body) => {
                builder = builder.header(CONTENT_TYPE, body.content_type);
                body.bytes
            }
            None => Bytes::new(),
        };
        builder.body(Full::new(bytes)).map_err(UpstreamError::Unwritable)
    }

    /// Sends `request` and returns the head of the answer. Uses an idle connection only for GET, which can be repeated: a
    /// web server may close it at any time, and then it is unknown whether a write was done.
    async fn ask(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Connection), UpstreamError> {
        if request.method() == Method::GET
            && let Some(mut connection) = self.idle.take()
            && let Ok(response) = connection.send(request.clone()).await
        {
            return Ok((response, connection));
        }
        let mut connection = Connection::open(&self.address).await?;
        let response = connection.send(request).await?;
        Ok((response, connection))
    }
}

impl MapServer for HttpServer {
    async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        let (response, connection) = self.ask(self.write(project, request)?).await?;
        require_usable(&response)?;
        Ok(response.map(|body| Body::new(HttpBody::new(body, connection, self.idle.clone()))))
    }
}

fn require_usable(response: &Response<Incoming>) -> Result<(), UpstreamError> {
    if response.status().is_informational() {
        return Err(UpstreamError::WebServer("switches to another protocol; it must speak HTTP/1.1"));
    }
    if response.body().size_hint().exact().is_none() && !response.headers().contains_key(TRANSFER_ENCODING) {
        return Err(UpstreamError::WebServer(
            "ends an answer by closing the connection, so that a cut would go unnoticed; make it send Content-Length or chunks",
        ));
    }
    let mut encodings = response.headers().get_all(CONTENT_ENCODING).iter();
    if encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(UpstreamError::WebServer(
            "compresses its answer although the gate accepts only identity; turn its compression off",
        ));
    }
    Ok(())
}
