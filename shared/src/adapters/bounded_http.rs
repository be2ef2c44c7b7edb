//! Documents over https: each request is bounded in time and size and follows no redirect.

use std::time::Duration;

use reqwest::{
    Client, ClientBuilder, Response, StatusCode,
    header::{HeaderMap, HeaderValue, IF_NONE_MATCH, RETRY_AFTER},
    redirect::Policy,
};

use super::{authorities::Authority, roots};
use crate::fetch::FetchError;

/// The largest document that is read, in bytes. Entra's key sets are about 15 KiB.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

const TIMEOUT: Duration = Duration::from_secs(3);

/// How other hosts are reached. The default uses no proxy and trusts only the compiled-in authorities, whatever the
/// machine's environment and certificate store say.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Whether `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` are respected (in either case). Plain http, used only with this
    /// machine, never goes through a proxy.
    pub uses_proxy: bool,
    /// Authorities that are trusted in addition to the compiled-in ones, such as those of a network that inspects TLS.
    pub authorities: Vec<Authority>,
}

/// An HTTP client cannot be built. The compiled-in authorities never cause that.
#[derive(Debug, thiserror::Error)]
pub enum HttpClientError {
    /// An added authority cannot be used, or the cryptographic library cannot.
    #[error("TLS cannot be used")]
    Tls(#[from] rustls::Error),
    /// Anything else.
    #[error("an HTTP client cannot be built")]
    Client(#[from] reqwest::Error),
}

/// An HTTP client with a short timeout.
#[derive(Debug, Clone)]
pub(super) struct BoundedHttp {
    client: Client,
    timeout: Duration,
}

/// An answer with status 200.
pub(super) struct Fetched {
    pub(super) document: Vec<u8>,
    pub(super) headers: HeaderMap,
}

/// Returns a client that follows no redirect and sends `headers` with every request. It trusts the compiled-in authorities
/// and those of `network`. Its users bound each request in time and size.
pub fn http_client(
    https_only: bool,
    headers: HeaderMap,
    network: &Network,
) -> Result<Client, HttpClientError> {
    let client = client_builder(https_only, network)?
        .default_headers(headers)
        .user_agent(concat!("pozi-auth/", env!("CARGO_PKG_VERSION")));
    Ok(client.build()?)
}

/// Returns the beginning of every client: what it trusts, and that it follows no redirect.
pub(super) fn client_builder(https_only: bool, network: &Network) -> Result<ClientBuilder, rustls::Error> {
    let client = Client::builder()
        .tls_backend_preconfigured(roots::tls(&network.authorities)?)
        .https_only(https_only)
        .redirect(Policy::none());
    Ok(if https_only && network.uses_proxy { client } else { client.no_proxy() })
}

impl BoundedHttp {
    /// Creates a client that sends `headers` with every request.
    pub(super) fn new(
        https_only: bool,
        headers: HeaderMap,
        network: &Network,
    ) -> Result<Self, HttpClientError> {
        Ok(Self::of(http_client(https_only, headers, network)?))
    }

    /// Uses `client`, which follows no redirect.
    pub(super) fn of(client: Client) -> Self {
        Self { client, timeout: TIMEOUT }
    }

    /// Sets the timeout of a request.
    pub(super) fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Returns the document at `url`, as served.
    pub(super) async fn fetch(&self, url: &str) -> Result<Fetched, FetchError> {
        self.fetch_unless(url, None).await?.ok_or(FetchError::Status(StatusCode::NOT_MODIFIED.as_u16()))
    }

    /// Returns the document at `url`, as served, or `None` if it still has the validator `etag`.
    pub(super) async fn fetch_unless(
        &self,
        url: &str,
        etag: Option<HeaderValue>,
    ) -> Result<Option<Fetched>, FetchError> {
        let request = self.client.get(url).timeout(self.timeout);
        let is_conditional = etag.is_some();
        let request = etag.into_iter().fold(request, |request, etag| request.header(IF_NONE_MATCH, etag));
        let mut response = request.send().await.map_err(failed)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if is_conditional => return Ok(None),
            status => return Err(FetchError::Status(status.as_u16())),
        }
        let headers = std::mem::take(response.headers_mut());
        Ok(Some(Fetched { document: read(response, MAX_DOCUMENT_BYTES).await?, headers }))
    }
}

/// Returns the body of `response`, of at most `limit` bytes.
pub(super) async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > limit {
            return Err(FetchError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Returns why a request got no answer, or none in time.
pub(super) fn failed(error: reqwest::Error) -> FetchError {
    if error.is_timeout() { FetchError::TimedOut(error.into()) } else { FetchError::NoAnswer(error.into()) }
}

/// Returns how long the server asks to wait (RFC 9110 §10.2.3). Microsoft sends seconds, never a date.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds: u32 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds.into()))
}
