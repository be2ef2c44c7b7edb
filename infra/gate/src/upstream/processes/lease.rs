//! A process that is working on a request. However the request ends, the process is either free again or killed: one that is
//! left working would take the next request into a queue that nobody sees.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http::Response;
use http_body::{Frame, SizeHint};
use tokio::{net::UnixStream, runtime::Handle};

use super::{Running, pool::Worker};
use crate::upstream::{
    QgisRequest, UpstreamError,
    fastcgi::{self, Answer},
};

/// A process that is working on a request, or about to.
#[derive(Debug)]
pub(super) struct Lease {
    running: Arc<Running>,
    /// Nothing once it is free again or killed.
    worker: Option<Arc<Worker>>,
    answer: Option<Answer<UnixStream>>,
    is_left: bool,
}

impl Lease {
    /// Connects to `worker`, and kills it where it cannot be reached.
    pub(super) async fn connect(
        running: Arc<Running>,
        worker: Arc<Worker>,
    ) -> Result<(Self, UnixStream), UpstreamError> {
        let mut lease = Self { running, worker: Some(Arc::clone(&worker)), answer: None, is_left: false };
        match UnixStream::connect(&worker.socket).await {
            Ok(stream) => Ok((lease, stream)),
            Err(cause) => {
                lease.end(false);
                Err(UpstreamError::Unreachable {
                    address: format!("unix:{}", worker.socket.display()),
                    cause,
                })
            }
        }
    }

    /// Asks it for `request` of `project` by `stream`.
    pub(super) async fn ask(
        mut self,
        stream: UnixStream,
        project: &str,
        request: QgisRequest,
    ) -> Result<Response<Body>, UpstreamError> {
        let answer = self.answer.insert(fastcgi::ask(stream, project, request)?);
        match fastcgi::head(answer).await {
            Ok(head) => Ok(head.map(|()| Body::new(LeasedBody::new(self)))),
            Err(error) => {
                self.end(false);
                Err(error)
            }
        }
    }

    /// The request has ended: with a whole answer, after which the process is free, or otherwise, after which it is in a state
    /// that nobody knows.
    fn end(&mut self, is_whole: bool) {
        // The process waits for this connection to close.
        self.answer = None;
        match self.worker.take() {
            Some(worker) if is_whole => self.running.pool.give_back(&worker),
            Some(worker) => worker.kill(),
            None => (),
        }
    }

    /// Reads what is left of the answer, for as long as the grace lasts.
    async fn drain(mut self) {
        let rest = async {
            while let Some(answer) = &mut self.answer {
                if !matches!(poll_fn(|context| answer.poll_data(context)).await, Ok(Some(_))) {
                    return answer.is_whole();
                }
            }
            false
        };
        let is_whole = tokio::time::timeout(self.running.grace, rest).await;
        if is_whole.is_err() {
            let number = self.worker.as_ref().map(|worker| worker.number);
            tracing::warn!(target: "pozi::gate", number, "a QGIS process works on although its client has left");
        }
        self.end(is_whole.unwrap_or(false));
    }
}

impl Drop for Lease {
    /// The client left. Where the runtime is ending as well, nobody is there to wait for the process.
    fn drop(&mut self) {
        let runtime = Handle::try_current().ok().filter(|_| !self.is_left);
        match (self.worker.take(), self.answer.take(), runtime) {
            (None, ..) => (),
            (Some(worker), None, _) => self.running.pool.give_back(&worker),
            (Some(worker), Some(answer), Some(runtime)) => {
                let running = Arc::clone(&self.running);
                let left = Self { running, worker: Some(worker), answer: Some(answer), is_left: true };
                runtime.spawn(left.drain());
            }
            (Some(worker), Some(_), None) => worker.kill(),
        }
    }
}

/// The body of an answer of a process, which is free once the body has ended.
#[derive(Debug)]
struct LeasedBody(Lease);

impl LeasedBody {
    fn new(mut lease: Lease) -> Self {
        if lease.answer.as_ref().is_some_and(Answer::is_whole) {
            lease.end(true);
        }
        Self(lease)
    }
}

impl http_body::Body for LeasedBody {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let Some(answer) = &mut self.0.answer else { return Poll::Ready(None) };
        let data = ready!(answer.poll_data(context));
        let (is_whole, is_broken) = (answer.is_whole(), data.is_err());
        if is_whole || is_broken {
            self.0.end(is_whole && !is_broken);
        }
        Poll::Ready(data.map(|data| data.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.0.answer.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let answer = self.0.answer.as_ref();
        answer.map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}
