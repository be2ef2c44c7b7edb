//! One document at one fixed address: an issuer's key set, or a page of this machine that is watched.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::bounded_http::BoundedHttp;
use crate::{
    address::{LoopbackUrl, SecureUrl},
    ports::{DocumentFetch, FetchError},
};

/// Fetches from one address only, and follows no redirect.
#[derive(Debug, Clone)]
pub struct HttpDocument {
    http: BoundedHttp,
    url: String,
}

impl HttpDocument {
    /// The document at `url`. Plain http is spoken only with this machine.
    pub fn new(url: &SecureUrl) -> Result<Self, reqwest::Error> {
        let http = BoundedHttp::new(url.is_https(), HeaderMap::new())?;
        Ok(Self { http, url: url.as_str().to_owned() })
    }

    /// A page of this machine, asked for with `headers` and, unlike a key set, perhaps with a query.
    pub fn of_this_machine(
        url: &LoopbackUrl,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<Self, reqwest::Error> {
        let http = BoundedHttp::new(false, headers.into_iter().collect())?;
        Ok(Self { http, url: url.to_string() })
    }
}

impl DocumentFetch for HttpDocument {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        self.http.fetch(&self.url).await
    }
}
