//! Bounds for requests to QGIS Server: how long each may take, and how many of one catalogue there may be.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http::Response;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::{
    MapServer, QgisRequest, UpstreamError,
    slots::{Slot, Slots},
};
use crate::settings::Limits;

/// A server whose answers end in time, and that answers so many requests of one catalogue at a time. A catalogue is told by
/// its project.
#[derive(Debug)]
pub struct Limited<M> {
    server: M,
    time: Duration,
    slots: Slots,
}

impl<M> Limited<M> {
    /// `server` within `limits`.
    pub fn new(server: M, limits: &Limits) -> Self {
        let slots = Slots::new(limits.requests_per_catalogue, limits.waiting_per_catalogue);
        Self { server, time: limits.upstream, slots }
    }
}

impl<M: MapServer> MapServer for Limited<M> {
    /// The time runs from here to the end of the answer's body, that of waiting included: the client's proxy counts it too.
    async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        let deadline = Instant::now() + self.time;
        let late = || UpstreamError::TimedOut { after: self.time };
        let busy = || UpstreamError::Busy { most: self.slots.waiting() };
        let slot = timeout_at(deadline, self.slots.take(project)).await.unwrap_or_else(|_| Err(busy()))?;
        let answer = timeout_at(deadline, self.server.send(project, request)).await;
        let answer = answer.unwrap_or_else(|_| Err(late()))?;
        Ok(answer.map(|body| Body::new(LimitedBody::new(body, deadline, self.time, slot))))
    }
}

/// A body with a deadline, which holds the request's place until it has ended or is dropped.
struct LimitedBody {
    held: Option<(Body, Slot)>,
    deadline: Pin<Box<Sleep>>,
    time: Duration,
}

impl LimitedBody {
    fn new(body: Body, deadline: Instant, time: Duration, slot: Slot) -> Self {
        Self { held: Some((body, slot)), deadline: Box::pin(sleep_until(deadline)), time }
    }

    /// The next frame, also of a body that never lets the deadline come up because it is always ready.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some((body, _)) = &mut self.held else { return Poll::Ready(None) };
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(axum::Error::new(UpstreamError::TimedOut { after: self.time }))));
        }
        http_body::Body::poll_frame(Pin::new(body), context)
    }
}

impl http_body::Body for LimitedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(self.poll(context));
        if self.is_end_stream() || !matches!(frame, Some(Ok(_))) {
            self.held = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.held.as_ref().is_none_or(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.held.as_ref().map_or_else(|| SizeHint::with_exact(0), |(body, _)| body.size_hint())
    }
}
