//! Bodies: a request's must keep coming, and the end of an answer's is noticed.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::steady_stream::Running;

/// A body that fails when nothing of it comes for a while.
#[derive(Debug)]
pub(super) struct SteadyBody<B> {
    body: B,
    bound: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

/// Nothing of the body came for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing of the request's body came for {} s", .0.as_secs())]
pub struct BodyStalledError(pub Duration);

impl<B> SteadyBody<B> {
    /// `body`, of which something must come within each `bound`.
    pub(super) fn new(body: B, bound: Duration) -> Self {
        Self { body, bound, waiting: None }
    }
}

impl<B> HttpBody for SteadyBody<B>
where
    B: HttpBody<Error: std::error::Error + Send + Sync + 'static> + Unpin,
{
    type Data = B::Data;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            self.waiting = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let bound = self.bound;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(bound)));
        waiting.as_mut().poll(context).map(|()| Some(Err(BodyStalledError(bound).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body, which knows that its request still runs.
#[derive(Debug)]
pub(super) struct WatchedAnswer {
    body: Body,
    _running: Running,
}

impl WatchedAnswer {
    /// `body`, until whose end the request is `running`.
    pub(super) fn new(body: Body, running: Running) -> Self {
        Self { body, _running: running }
    }
}

impl HttpBody for WatchedAnswer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
