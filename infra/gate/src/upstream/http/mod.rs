//! QGIS Server behind a web server on this machine or beside it (IIS on a loopback port), over HTTP/1.1. Nothing of a
//! client's request is sent, redirects are not followed, and an answer whose end cannot be told from a cut is not taken.

mod connection;

use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, Uri,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HOST, TRANSFER_ENCODING},
};
use http_body::Body as _;
use http_body_util::Full;
use hyper::body::Incoming;

use self::connection::{Connection, HttpBody, Kept};
use super::{MapServer, QgisRequest, UpstreamError};

/// The header that QGIS takes the addresses in capabilities from.
const SERVICE_URL: &str = "x-qgis-service-url";

/// QGIS Server behind a web server.
#[derive(Debug)]
pub struct HttpServer {
    /// `host:port`.
    address: String,
    host: HeaderValue,
    path: String,
    kept: Kept,
}

/// What is wrong with the address of a web server.
#[derive(Debug, thiserror::Error)]
pub enum HttpBaseError {
    /// Not a URL.
    #[error("it is no URL")]
    Form(#[from] http::uri::InvalidUri),
    /// Not http, or no host.
    #[error("write http://host:port/path: QGIS Server is on this machine or beside it")]
    Scheme,
    /// With a query.
    #[error("it must have no `?`: the gate writes the query")]
    Query,
    /// A host that cannot be a header.
    #[error("its host cannot be written as a header")]
    Host(#[from] http::header::InvalidHeaderValue),
}

impl HttpServer {
    /// The QGIS Server whose address is `base`, as `http://127.0.0.1:8090/qgis`.
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
            kept: Kept::default(),
        })
    }

    fn write(&self, project: &str, request: QgisRequest) -> Result<Request<Full<Bytes>>, UpstreamError> {
        let query = request.query_with_map(project);
        let target = if request.path.is_empty() {
            format!("{}?{query}", self.path)
        } else {
            format!("{}{}?{query}", self.path.trim_end_matches('/'), request.path)
        };
        let mut written = Request::builder()
            .method(request.method)
            .uri(target)
            .header(HOST, &self.host)
            .header(ACCEPT_ENCODING, "identity");
        if let Some(accept) = request.accept {
            written = written.header(ACCEPT, accept);
        }
        if !request.public_url.is_empty() {
            written = written.header(SERVICE_URL, request.public_url);
        }
        let bytes = match request.body {
            Some(body) => {
                written = written.header(CONTENT_TYPE, body.content_type);
                body.bytes
            }
            None => Bytes::new(),
        };
        written.body(Full::new(bytes)).map_err(UpstreamError::Unwritable)
    }

    /// The head of the answer, by a connection that is kept where the request may be repeated: a web server closes one that is
    /// idle whenever it likes, and a write that was sent into it may or may not have been done.
    async fn ask(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Connection), UpstreamError> {
        if request.method() == Method::GET
            && let Some(mut connection) = self.kept.take()
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
        Ok(response.map(|body| Body::new(HttpBody::new(body, connection, self.kept.clone()))))
    }
}

fn require_usable(response: &Response<Incoming>) -> Result<(), UpstreamError> {
    if response.status().is_informational() {
        return Err(UpstreamError::WebServer("changes the protocol; it must speak HTTP/1.1"));
    }
    if response.body().size_hint().exact().is_none() && !response.headers().contains_key(TRANSFER_ENCODING) {
        return Err(UpstreamError::WebServer(
            "ends an answer by closing the connection, so that one which is cut looks whole; let it send Content-Length or chunks",
        ));
    }
    if is_encoded(response.headers()) {
        return Err(UpstreamError::WebServer(
            "encodes what was asked for as identity; turn its compression off",
        ));
    }
    Ok(())
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}
