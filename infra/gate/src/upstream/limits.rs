//! Limits for requests to QGIS Server: how long each may take, and how many one catalogue may have at a time.

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

/// Limits the time of each request to a server, and the number of concurrent requests for each catalogue. Catalogues are
/// told apart by their project.
#[derive(Debug)]
pub struct Limited<M> {
    server: M,
    time: Duration,
    slots: Slots,
}

impl<M> Limited<M> {
    /// Applies `limits` to `server`.
    pub fn new(server: M, limits: &Limits) -> Self {
        let slots = Slots::new(limits.requests_per_catalogue, limits.waiting_per_catalogue);
        Self { server, time: limits.upstream, slots }
    }
}

impl<M: MapServer> MapServer for Limited<M> {
    /// Sends `request`. The time limit covers everything up to the end of the answer's body, including the wait in the
    /// queue, because the client's proxy counts that too.
    async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        let deadline = Instant::now() + self.time;
        let slot = timeout_at(deadline, self.slots.acquire(project)).await;
        let slot = slot.unwrap_or_else(|_| Err(self.slots.busy()))?;
        let answer = timeout_at(deadline, self.server.send(project, request)).await;
        let answer = answer.unwrap_or(Err(UpstreamError::TimedOut { after: self.time }))?;
        Ok(answer.map(|body| {
            let deadline = Box::pin(sleep_until(deadline));
            Body::new(LimitedBody { held: Some((body, slot)), deadline, time: self.time })
        }))
    }
}

/// A body with a deadline, which holds the request's slot until it ends or is dropped.
struct LimitedBody {
    held: Option<(Body, Slot)>,
    deadline: Pin<Box<Sleep>>,
    time: Duration,
}

impl LimitedBody {
    /// Polls for the next frame. Checks the deadline first, because a body that is always ready would never reach it.
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

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use http_body_util::BodyExt;
    use tokio::{sync::Semaphore, task::JoinHandle};

    use super::*;
    use crate::upstream::testing::{get, upstream_error};

    const TIME: Duration = Duration::from_secs(85);

    /// Answers with a body that yields one frame for each permit; does not answer `never`.
    struct Server {
        requests: AtomicUsize,
        frames: Arc<Semaphore>,
    }

    impl MapServer for Arc<Server> {
        async fn send(&self, _: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
            self.requests.fetch_add(1, Ordering::Relaxed);
            if request.query == "do=never" {
                return pending().await;
            }
            Ok(Response::new(Body::new(Frames { permits: Arc::clone(&self.frames), left: 2, wait: None })))
        }
    }

    type Permit = Pin<Box<dyn Future<Output = ()> + Send>>;

    struct Frames {
        permits: Arc<Semaphore>,
        left: usize,
        wait: Option<Permit>,
    }

    impl http_body::Body for Frames {
        type Data = Bytes;
        type Error = UpstreamError;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, UpstreamError>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            let permits = Arc::clone(&self.permits);
            let wait = self.wait.get_or_insert_with(|| {
                Box::pin(async move { permits.acquire_owned().await.unwrap().forget() })
            });
            ready!(wait.as_mut().poll(context));
            self.left -= 1;
            self.wait = None;
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    fn limited(requests: usize, waiting: usize) -> (Arc<Limited<Arc<Server>>>, Arc<Server>) {
        let server = Arc::new(Server { requests: AtomicUsize::new(0), frames: Arc::new(Semaphore::new(0)) });
        let limits = Limits {
            requests_per_catalogue: requests,
            waiting_per_catalogue: waiting,
            upstream: TIME,
            ..Limits::default()
        };
        (Arc::new(Limited::new(Arc::clone(&server), &limits)), server)
    }

    type Outcome = Result<Response<Body>, UpstreamError>;

    fn spawn(
        limited: &Arc<Limited<Arc<Server>>>,
        project: &'static str,
        behaviour: &'static str,
    ) -> JoinHandle<Outcome> {
        let limited = Arc::clone(limited);
        tokio::spawn(async move { limited.send(project, get(behaviour)).await })
    }

    async fn settle() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_without_an_answer_ends_at_the_limit() {
        let (limited, _) = limited(1, 0);
        let started = Instant::now();
        let error = limited.send("a", get("never")).await.unwrap_err();
        assert_eq!((error.reason(), started.elapsed()), ("qgis_hung", TIME));
        // Its slot is free again.
        assert!(limited.send("a", get("frames")).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_end_is_cut_at_the_limit_of_its_request() {
        let (limited, server) = limited(1, 0);
        let started = Instant::now();
        let mut body = limited.send("a", get("frames")).await.unwrap().into_body();
        tokio::time::advance(TIME / 2).await;
        server.frames.add_permits(1);
        assert!(body.frame().await.unwrap().is_ok());
        let error = body.frame().await.unwrap().unwrap_err();
        assert_eq!(upstream_error(&error).unwrap().reason(), "qgis_hung");
        assert_eq!(started.elapsed(), TIME);
        assert!(body.frame().await.is_none());
        assert!(limited.send("a", get("frames")).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_always_ready_ends_at_the_limit_too() {
        let (limited, server) = limited(1, 0);
        let mut body = limited.send("a", get("frames")).await.unwrap().into_body();
        server.frames.add_permits(2);
        tokio::time::advance(TIME).await;
        assert!(body.frame().await.unwrap().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn each_catalogue_has_its_own_slots_and_queue() {
        let (limited, server) = limited(2, 1);
        let first = spawn(&limited, "a", "frames");
        let second = spawn(&limited, "a", "frames");
        settle().await;
        let third = spawn(&limited, "a", "frames");
        settle().await;
        assert_eq!(server.requests.load(Ordering::Relaxed), 2, "the third waits");
        let error = limited.send("a", get("frames")).await.unwrap_err();
        assert_eq!((error.reason(), error.to_string().contains('1')), ("qgis_busy", true));
        assert!(limited.send("b", get("frames")).await.is_ok());
        // Dropping a body frees its slot, and so does reading it to its end.
        drop(first.await.unwrap().unwrap());
        let third = third.await.unwrap().unwrap();
        server.frames.add_permits(2);
        let mut read = second.await.unwrap().unwrap().into_body();
        assert_eq!(read.frame().await.unwrap().unwrap().into_data().unwrap(), "x");
        assert!(read.frame().await.unwrap().is_ok());
        assert!(read.frame().await.is_none());
        assert!(limited.send("a", get("frames")).await.is_ok());
        drop((read, third));
    }

    #[tokio::test(start_paused = true)]
    async fn clients_that_disconnect_free_their_slots() {
        let (limited, server) = limited(1, 1);
        let hung = spawn(&limited, "a", "never");
        settle().await;
        let waits = spawn(&limited, "a", "never");
        settle().await;
        assert_eq!(limited.send("a", get("frames")).await.unwrap_err().reason(), "qgis_busy");
        waits.abort();
        settle().await;
        let waits = spawn(&limited, "a", "frames");
        settle().await;
        hung.abort();
        assert!(waits.await.unwrap().is_ok());
        assert_eq!(server.requests.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_waits_until_the_limit_is_busy_and_not_hung() {
        let (limited, _) = limited(1, 1);
        let held = limited.send("a", get("frames")).await.unwrap();
        assert_eq!(limited.send("a", get("frames")).await.unwrap_err().reason(), "qgis_busy");
        drop(held);
    }

    #[tokio::test]
    async fn forgets_projects_without_requests() {
        let slots = Slots::new(1, 0);
        let held = slots.acquire("held").await.unwrap();
        for index in 0..50 {
            slots.acquire(&format!("project {index}")).await.unwrap();
        }
        assert_eq!(slots.queues(), 2);
        assert!(slots.acquire("held").await.is_err());
        drop(held);
    }
}
