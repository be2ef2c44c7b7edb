//! One document at a fixed address: an issuer's key set, or a page of this machine.

use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue, header::ETAG};

use super::bounded_http::{BoundedHttp, HttpClientError, Network};
use crate::{
    address::{LoopbackUrl, SecureUrl},
    fetch::{ConditionalFetch, DocumentFetch, FetchError, Fetched},
};

/// Fetches one document from one address; follows no redirect.
#[derive(Debug, Clone)]
pub struct HttpDocument {
    http: BoundedHttp,
    url: String,
    observer: Option<Observer>,
}

#[derive(Clone)]
struct Observer(Arc<dyn Fn(&HeaderMap) + Send + Sync>);

impl HttpDocument {
    /// Creates a fetcher of the document at `url`. Plain http is used only with this machine.
    pub fn new(url: &SecureUrl) -> Result<Self, HttpClientError> {
        Self::through(url, &Network::default())
    }

    /// As [`HttpDocument::new`], through `network`.
    pub fn through(url: &SecureUrl, network: &Network) -> Result<Self, HttpClientError> {
        let http = BoundedHttp::new(url.is_https(), HeaderMap::new(), network)?;
        Ok(Self { http, url: url.as_str().to_owned(), observer: None })
    }

    /// Creates a fetcher of a page of this machine. Requests have `headers`, and `url` may have a query.
    pub fn of_this_machine(
        url: &LoopbackUrl,
        headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    ) -> Result<Self, HttpClientError> {
        let http = BoundedHttp::new(false, headers.into_iter().collect(), &Network::default())?;
        Ok(Self { http, url: url.to_string(), observer: None })
    }

    /// Calls `observer` with the headers of every fetched document, such as its `Date`.
    #[must_use]
    pub fn observed(self, observer: impl Fn(&HeaderMap) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Observer(Arc::new(observer))), ..self }
    }
}

impl DocumentFetch for HttpDocument {
    async fn fetch(&self) -> Result<Vec<u8>, FetchError> {
        let fetched = self.http.fetch(&self.url).await?;
        if let Some(Observer(observer)) = &self.observer {
            observer(&fetched.headers);
        }
        Ok(fetched.document)
    }
}

impl ConditionalFetch for HttpDocument {
    async fn fetch_unless(&self, etag: Option<&str>) -> Result<Fetched, FetchError> {
        let etag = etag.and_then(|etag| HeaderValue::from_str(etag).ok());
        let Some(fetched) = self.http.fetch_unless(&self.url, etag).await? else {
            return Ok(Fetched::Unchanged);
        };
        if let Some(Observer(observer)) = &self.observer {
            observer(&fetched.headers);
        }
        let etag = fetched.headers.get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        Ok(Fetched::Document { bytes: fetched.document, etag })
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
