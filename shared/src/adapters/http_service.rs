//! The service at its public address.

use std::time::Duration;

use http::{HeaderMap, Request, Response};
use reqwest::Client;

use super::bounded_http::{HttpClientError, MAX_DOCUMENT_BYTES, Network, failed, http_client, read};
use crate::{
    address::LoopbackUrl,
    fetch::{FetchError, ServiceCall},
    issuer::Issuer,
};

/// As long as API Gateway waits for a function.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Calls the service over https; follows no redirect.
#[derive(Debug, Clone)]
pub struct HttpService {
    client: Client,
    base: String,
}

impl HttpService {
    /// Calls the service at the URL of `issuer`, or at `emulated`. Either is http only on a loopback host.
    pub fn new(issuer: &Issuer, emulated: Option<&LoopbackUrl>) -> Result<Self, HttpClientError> {
        let base = emulated.map_or_else(|| issuer.as_str(), LoopbackUrl::base).to_owned();
        let client = http_client(base.starts_with("https://"), HeaderMap::new(), &Network::default())?;
        Ok(Self { client, base })
    }

    async fn attempt(&self, request: &Request<String>) -> Result<Response<Vec<u8>>, FetchError> {
        let sent = self
            .client
            .request(request.method().clone(), format!("{}{}", self.base, request.uri()))
            .headers(request.headers().clone())
            .body(request.body().clone())
            .timeout(TIMEOUT);
        let mut received = sent.send().await.map_err(failed)?;
        let (status, headers) = (received.status(), std::mem::take(received.headers_mut()));
        let mut answer = Response::new(read(received, MAX_DOCUMENT_BYTES).await?);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

impl ServiceCall for HttpService {
    /// One more attempt if the connection failed, which says nothing about the service.
    async fn call(&self, request: Request<String>) -> Result<Response<Vec<u8>>, FetchError> {
        match self.attempt(&request).await {
            Err(error) if error.may_pass_at_once() => self.attempt(&request).await,
            answered => answered,
        }
    }
}
