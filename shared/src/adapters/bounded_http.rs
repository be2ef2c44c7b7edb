//! Documents over https, each request bounded in time, size and redirects.

use std::time::Duration;

use reqwest::{Client, header::HeaderMap, redirect::Policy};

use super::{authorities::Authority, roots};
use crate::fetch::FetchError;

/// The largest document that is read, in bytes. Entra's key sets are about 15 KiB.
pub const MAX_DOCUMENT_BYTES: usize = 256 * 1024;

const TIMEOUT: Duration = Duration::from_secs(3);

/// How the world is reached. The default: without a proxy, by the compiled-in authorities alone, whatever the machine's
/// environment and certificate store say.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// Whether `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` count (in either case). Plain http, which is spoken with this
    /// machine alone, never goes through a proxy.
    pub uses_proxy: bool,
    /// Authorities that are believed besides the compiled-in ones: those of a network that inspects TLS.
    pub authorities: Vec<Authority>,
}

/// A client that gives up early.
#[derive(Debug, Clone)]
pub(super) struct BoundedHttp {
    client: Client,
    limit: Duration,
}

/// An answer with status 200.
pub(super) struct Fetched {
    pub(super) document: Vec<u8>,
    pub(super) headers: HeaderMap,
}

impl BoundedHttp {
    /// Follows no redirect; speaks plain http only where `https_only` is false. Every request has `headers`.
    pub(super) fn new(
        https_only: bool,
        headers: HeaderMap,
        network: &Network,
    ) -> Result<Self, reqwest::Error> {
        let mut authorities = roots::certificates()?;
        authorities.extend(network.authorities.iter().map(|authority| authority.0.clone()));
        let client = Client::builder()
            .tls_certs_only(authorities)
            .https_only(https_only)
            .redirect(Policy::none())
            .default_headers(headers)
            .user_agent(concat!("pozi-auth/", env!("CARGO_PKG_VERSION")));
        let client = if https_only && network.uses_proxy { client } else { client.no_proxy() };
        Ok(Self { client: client.build()?, limit: TIMEOUT })
    }

    /// The same, with this limit for a request.
    pub(super) fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// The document at `url`, as served.
    pub(super) async fn fetch(&self, url: &str) -> Result<Fetched, FetchError> {
        let no_answer = |error: reqwest::Error| FetchError::NoAnswer(reason(&error));
        let mut response = self.client.get(url).timeout(self.limit).send().await.map_err(no_answer)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
            if document.len() + chunk.len() > MAX_DOCUMENT_BYTES {
                return Err(FetchError::TooLarge(MAX_DOCUMENT_BYTES));
            }
            document.extend_from_slice(&chunk);
        }
        Ok(Fetched { document, headers: std::mem::take(response.headers_mut()) })
    }
}

/// The error with its causes: "error sending request" alone helps nobody.
fn reason(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
