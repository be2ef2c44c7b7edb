//! Connections to a web server. A few idle ones are reused: with a new one for each request a Windows machine would run
//! out of ports, because each stays reserved for minutes after its connection.

use std::{
    error::Error,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::http1::{Builder, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{task::AbortHandle, time::Instant};

use crate::upstream::{UpstreamError, error::MAX_HEAD, fastcgi::connect_tcp};

const MAX_IDLE: usize = 8;
/// IIS closes idle connections after two minutes.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);

/// A connection for one request at a time. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    task: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Connection {
    /// Connects to `address` (`host:port`).
    pub(super) async fn open(address: &str) -> Result<Self, UpstreamError> {
        let stream = connect_tcp(address).await?;
        let handshake = Builder::new().max_header_size(MAX_HEAD).handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(UpstreamError::Http)?;
        // Errors are reported by the request or by its answer's body.
        let task = tokio::spawn(async { drop(connection.await) }).abort_handle();
        Ok(Self { sender, task })
    }

    /// Sends `request`, and reads the head of the answer.
    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, UpstreamError> {
        let sent = async {
            self.sender.ready().await?;
            self.sender.send_request(request).await
        };
        sent.await.map_err(|error| {
            if error.is_parse() {
                UpstreamError::Http(error)
            } else {
                UpstreamError::Died { source: io::Error::other(error) }
            }
        })
    }
}

/// The idle connections, each with the time since when it has been idle.
#[derive(Debug, Clone, Default)]
pub(super) struct IdleConnections(Arc<Mutex<Vec<(Connection, Instant)>>>);

impl IdleConnections {
    /// Takes the most recently used connection.
    pub(super) fn take(&self) -> Option<Connection> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(connection, since)| !connection.sender.is_closed() && since.elapsed() < IDLE_TIMEOUT);
        idle.pop().map(|(connection, _)| connection)
    }

    fn put(&self, connection: Connection) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push((connection, Instant::now()));
        }
    }
}

/// A body that returns its connection to `idle` when it ends, and closes it when it is dropped earlier.
#[derive(Debug)]
pub(super) struct HttpBody {
    body: Incoming,
    connection: Option<Connection>,
    idle: IdleConnections,
}

impl HttpBody {
    pub(super) fn new(body: Incoming, connection: Connection, idle: IdleConnections) -> Self {
        let mut body = Self { body, connection: Some(connection), idle };
        body.release_if_ended();
        body
    }

    fn release_if_ended(&mut self) {
        if self.body.is_end_stream()
            && let Some(connection) = self.connection.take()
        {
            self.idle.put(connection);
        }
    }
}

impl Body for HttpBody {
    type Data = Bytes;
    type Error = UpstreamError;

    /// Yields data only; trailers are not passed on.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        loop {
            let frame =
                ready!(Pin::new(&mut self.body).poll_frame(context)).transpose().map_err(body_error)?;
            self.release_if_ended();
            match frame.map(Frame::into_data) {
                Some(Ok(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Some(Err(_)) => (),
                None => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Tells malformed chunks from a body that was cut short.
fn body_error(error: hyper::Error) -> UpstreamError {
    let kind = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => UpstreamError::Http(error),
        _ => UpstreamError::Cut { source: io::Error::other(error) },
    }
}
