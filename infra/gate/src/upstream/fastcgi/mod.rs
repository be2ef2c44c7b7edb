//! QGIS Server over `FastCGI` (`FastCGI` Specification 1.0), with a new connection for each request: a QGIS process serves
//! one connection at a time, so that an idle one would starve all others.

mod address;
mod answer;
mod exchange;
mod head;
mod parameters;
mod record;
mod writer;

use axum::body::Body;
use http::Response;
use tokio::io::{AsyncRead, AsyncWrite};

pub use self::address::{FastCgiAddress, FastCgiAddressError};
pub(super) use self::{address::connect_tcp, answer::Answer};
use super::{MapServer, QgisRequest, UpstreamError};

/// QGIS Server over `FastCGI`.
#[derive(Debug, Clone)]
pub struct FastCgi(FastCgiAddress);

impl FastCgi {
    /// Connects to QGIS Server at `address`.
    pub fn new(address: FastCgiAddress) -> Self {
        Self(address)
    }
}

impl MapServer for FastCgi {
    async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        let mut request = parameters::write(project, request)?;
        match &self.0 {
            #[cfg(unix)]
            FastCgiAddress::Unix(path) => {
                let stream = address::send_unix(path, &mut request).await?;
                respond(Answer::new(stream, request)).await
            }
            FastCgiAddress::Tcp(address) => respond(Answer::new(connect_tcp(address).await?, request)).await,
        }
    }
}

async fn respond<S>(mut answer: Answer<S>) -> Result<Response<Body>, UpstreamError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Ok(answer.head().await?.map(|()| Body::new(answer)))
}

/// Prepares to send `request` for `project` over `stream`.
pub(super) fn ask<S>(stream: S, project: &str, request: QgisRequest) -> Result<Answer<S>, UpstreamError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    Ok(Answer::new(stream, parameters::write(project, request)?))
}
