//! Connections to a web server. A few that are idle are kept: a new one for each request would use up the ports of a Windows
//! machine, which rest for minutes after each.

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

use crate::upstream::{UpstreamError, error::HEAD_MOST, fastcgi::connect_tcp};

/// How many idle connections are kept.
const KEPT: usize = 8;
/// How long; IIS closes them after two minutes.
const IDLE: Duration = Duration::from_mins(1);

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
    /// A new one to `address`, which is `host:port`.
    pub(super) async fn open(address: &str) -> Result<Self, UpstreamError> {
        let stream = connect_tcp(address).await?;
        let handshake = Builder::new().max_header_size(HEAD_MOST).handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(UpstreamError::Http)?;
        // How it ends is told to the request, or to its answer's body.
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
                UpstreamError::Died { cause: io::Error::other(error) }
            }
        })
    }
}

/// Connections without a request.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Vec<(Connection, Instant)>>>);

impl Kept {
    /// The one that was used last.
    pub(super) fn take(&self) -> Option<Connection> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(connection, since)| !connection.sender.is_closed() && since.elapsed() < IDLE);
        kept.pop().map(|(connection, _)| connection)
    }

    fn put(&self, connection: Connection) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push((connection, Instant::now()));
        }
    }
}

/// The body of an answer. Its connection is kept once it has ended, and closed where it is dropped before.
#[derive(Debug)]
pub(super) struct HttpBody {
    body: Incoming,
    connection: Option<Connection>,
    kept: Kept,
}

impl HttpBody {
    /// `body`, which arrives by `connection`; `kept` will have that afterwards.
    pub(super) fn new(body: Incoming, connection: Connection, kept: Kept) -> Self {
        let mut body = Self { body, connection: Some(connection), kept };
        body.keep_if_ended();
        body
    }

    fn keep_if_ended(&mut self) {
        if self.body.is_end_stream()
            && let Some(connection) = self.connection.take()
        {
            self.kept.put(connection);
        }
    }
}

impl Body for HttpBody {
    type Data = Bytes;
    type Error = UpstreamError;

    /// Data alone: no trailer is passed on.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        loop {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(context)).transpose().map_err(broken)?;
            self.keep_if_ended();
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

/// Chunks that are none are rubbish; everything else that ends a body early is a cut.
fn broken(error: hyper::Error) -> UpstreamError {
    let kind = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => UpstreamError::Http(error),
        _ => UpstreamError::Cut { cause: io::Error::other(error) },
    }
}
