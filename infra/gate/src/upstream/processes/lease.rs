//! A process that works on a request. However the request ends, the process is either given back or killed: one that
//! keeps working would accept the next request without answering it.

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

/// A process that works on a request, or is about to.
#[derive(Debug)]
pub(super) struct Lease {
    running: Arc<Running>,
    /// `None` once the process has been given back or killed.
    worker: Option<Arc<Worker>>,
    answer: Option<Answer<UnixStream>>,
    is_abandoned: bool,
}

impl Lease {
    /// Connects to `worker`, and kills it if that fails.
    pub(super) async fn connect(
        running: Arc<Running>,
        worker: Arc<Worker>,
    ) -> Result<(Self, UnixStream), UpstreamError> {
        let mut lease =
            Self { running, worker: Some(Arc::clone(&worker)), answer: None, is_abandoned: false };
        match UnixStream::connect(&worker.socket).await {
            Ok(stream) => Ok((lease, stream)),
            Err(source) => {
                lease.end(false);
                let address = format!("unix:{}", worker.socket.display());
                Err(UpstreamError::Unreachable { address, source })
            }
        }
    }

    /// Sends `request` for `project` over `stream`.
    pub(super) async fn ask(
        mut self,
        stream: UnixStream,
        project: &str,
        request: QgisRequest,
    ) -> Result<Response<Body>, UpstreamError> {
        let answer = self.answer.insert(fastcgi::ask(stream, project, request)?);
        let head = answer.head().await;
        if head.is_err() || answer.is_complete() {
            self.end(head.is_ok());
        }
        Ok(head?.map(|()| Body::new(self)))
    }

    /// Ends the request. Gives the process back after a complete answer, and kills it otherwise, because its state is
    /// unknown.
    fn end(&mut self, is_complete: bool) {
        // The process waits for this connection to close.
        self.answer = None;
        match self.worker.take() {
            Some(worker) if is_complete => self.running.pool.give_back(&worker),
            Some(worker) => worker.kill(),
            None => (),
        }
    }

    /// Reads the rest of the answer, for as long as the grace period lasts.
    async fn drain(mut self) {
        let rest = async {
            while let Some(answer) = &mut self.answer {
                if !matches!(poll_fn(|context| answer.poll_data(context)).await, Ok(Some(_))) {
                    return answer.is_complete();
                }
            }
            false
        };
        let is_complete = tokio::time::timeout(self.running.grace, rest).await;
        if is_complete.is_err() {
            let number = self.worker.as_ref().map(|worker| worker.number);
            tracing::warn!(target: "pozi::gate", number, "a QGIS process was still working after its client disconnected");
        }
        self.end(is_complete.unwrap_or(false));
    }
}

impl Drop for Lease {
    /// Handles a client that disconnected. If the runtime is shutting down as well, nothing can wait for the process.
    fn drop(&mut self) {
        let runtime = Handle::try_current().ok().filter(|_| !self.is_abandoned);
        match (self.worker.take(), self.answer.take(), runtime) {
            (None, ..) => (),
            (Some(worker), None, _) => self.running.pool.give_back(&worker),
            (Some(worker), Some(answer), Some(runtime)) => {
                let running = Arc::clone(&self.running);
                let lease = Self { running, worker: Some(worker), answer: Some(answer), is_abandoned: true };
                runtime.spawn(lease.drain());
            }
            (Some(worker), Some(_), None) => worker.kill(),
        }
    }
}

impl http_body::Body for Lease {
    type Data = Bytes;
    type Error = UpstreamError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
        let Some(answer) = &mut self.answer else { return Poll::Ready(None) };
        let data = ready!(answer.poll_data(context));
        let (is_complete, is_failed) = (answer.is_complete(), data.is_err());
        if is_complete || is_failed {
            self.end(is_complete && !is_failed);
        }
        Poll::Ready(data.map(|data| data.map(Frame::data)).transpose())
    }

    fn is_end_stream(&self) -> bool {
        self.answer.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let answer = self.answer.as_ref();
        answer.map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}
