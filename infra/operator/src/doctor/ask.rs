//! Requests without credentials, each bounded in time and size. Redirects are not followed.

use std::{error::Error, io};

use pozi_auth::adapters::{HttpClientError, MAX_DOCUMENT_BYTES, Network, http_client};
use reqwest::{
    Client, Method, Url,
    header::{ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN},
};
use tokio::{net::lookup_host, time::timeout};

use super::observed::{Answer, Asked, NoAnswer, TIME_LIMIT};

/// Makes requests. Clones share connections.
#[derive(Debug, Clone)]
pub(super) struct Asker(Client);

impl Asker {
    /// Creates one that reaches other hosts through `network`.
    pub(super) fn new(network: &Network) -> Result<Self, HttpClientError> {
        http_client(false, HeaderMap::new(), network).map(Self)
    }

    /// Gets `url`.
    pub(super) async fn get(&self, url: &str) -> Asked {
        self.bounded(Method::GET, url, HeaderMap::new()).await
    }

    /// Asks for what a browser asks before a page of `origin` posts to `url` (Fetch §4.8).
    pub(super) async fn preflight(&self, url: &str, origin: &str) -> Asked {
        let mut headers = HeaderMap::new();
        let origin = HeaderValue::from_str(origin).map_err(|error| NoAnswer::Failed(error.to_string()))?;
        headers.insert(ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("POST"));
        self.bounded(Method::OPTIONS, url, headers).await
    }

    async fn bounded(&self, method: Method, url: &str, headers: HeaderMap) -> Asked {
        let asking = self.ask(method, url, headers);
        timeout(TIME_LIMIT, asking).await.unwrap_or(Err(NoAnswer::TimedOut))
    }

    async fn ask(&self, method: Method, url: &str, headers: HeaderMap) -> Asked {
        let url = Url::parse(url).map_err(|error| NoAnswer::Failed(error.to_string()))?;
        check_host(&url).await?;
        let request = self.0.request(method, url).headers(headers);
        let mut response = request.send().await.map_err(|error| no_answer(&error))?;
        let mut body = Vec::new();
        let mut is_cut = false;
        while let Some(chunk) = response.chunk().await.map_err(|error| no_answer(&error))? {
            let room = MAX_DOCUMENT_BYTES - body.len();
            body.extend(chunk.iter().take(room));
            if chunk.len() > room {
                is_cut = true;
                break;
            }
        }
        let status = response.status();
        Ok(Answer { status, headers: std::mem::take(response.headers_mut()), body, is_cut })
    }
}

/// Fails if the host of `url` has no address. The client's own error cannot be told from others.
async fn check_host(url: &Url) -> Result<(), NoAnswer> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or_default();
    let found = lookup_host((host, port)).await.is_ok_and(|mut addresses| addresses.next().is_some());
    if found { Ok(()) } else { Err(NoAnswer::UnknownHost) }
}

fn no_answer(error: &reqwest::Error) -> NoAnswer {
    let known = causes(error).flat_map(io_errors).find_map(|cause| match cause.kind() {
        io::ErrorKind::ConnectionRefused => Some(NoAnswer::Refused),
        // What rustls finds wrong.
        io::ErrorKind::InvalidData => Some(NoAnswer::Tls(cause.to_string())),
        _ => None,
    });
    let innermost = || causes(error).last().map(ToString::to_string).unwrap_or_default();
    known.unwrap_or_else(|| NoAnswer::Failed(innermost()))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// Returns `error` if it is of the system, and those inside it, which are not among its causes.
fn io_errors<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a io::Error> {
    let inner = |outer: &&'a io::Error| {
        let inner: &'a (dyn Error + Send + Sync + 'static) = (*outer).get_ref()?;
        inner.downcast_ref::<io::Error>()
    };
    std::iter::successors(error.downcast_ref::<io::Error>(), inner)
}
