//! A connection's stream with two time limits that hyper does not have: for the head of a request after its first byte,
//! and for a write that makes no progress.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// The requests of a connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    running: AtomicUsize,
    begun: AtomicUsize,
}

/// Held while a request is being answered, until its answer's body is sent.
#[derive(Debug)]
pub(super) struct Running(Arc<Activity>);

impl Activity {
    /// Records that a request begins.
    pub(super) fn begin(this: &Arc<Self>) -> Running {
        this.running.fetch_add(1, Ordering::Relaxed);
        this.begun.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(this))
    }

    fn is_idle(&self) -> bool {
        self.running.load(Ordering::Relaxed) == 0
    }

    /// Returns how many requests have begun.
    fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that fails with [`io::ErrorKind::TimedOut`] when a limit is exceeded.
#[derive(Debug)]
pub(super) struct TimedStream<T> {
    stream: T,
    activity: Arc<Activity>,
    head: Timer,
    /// How many requests had begun when the head's timer was started.
    begun: usize,
    write: Timer,
}

impl<T> TimedStream<T> {
    /// Wraps `stream`. `head` limits the head of a request, `write` a write that makes no progress.
    pub(super) fn new(stream: T, activity: Arc<Activity>, head: Duration, write: Duration) -> Self {
        Self { stream, activity, head: Timer::new(head), begun: 0, write: Timer::new(write) }
    }
}

/// A timer, which allocates only while it is running.
#[derive(Debug)]
struct Timer {
    limit: Duration,
    running: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    fn new(limit: Duration) -> Self {
        Self { limit, running: None }
    }

    fn start(&mut self) {
        let limit = self.limit;
        self.running.get_or_insert_with(|| Box::pin(sleep(limit)));
    }

    fn stop(&mut self) {
        self.running = None;
    }

    /// Ready with an error when the limit is exceeded.
    fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let Some(running) = &mut self.running else { return Poll::Pending };
        ready!(running.as_mut().poll(context));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for TimedStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let (is_idle, begun) = (self.activity.is_idle(), self.activity.begun());
        if begun != self.begun {
            self.head.stop();
        }
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(done) => {
                if is_idle && buffer.filled().len() > before {
                    self.begun = begun;
                    self.head.start();
                }
                Poll::Ready(done)
            }
            Poll::Pending => self.head.poll_expired(context).map(Err),
        }
    }
}

impl<T: AsyncWrite + Unpin> TimedStream<T> {
    fn with_write_limit<R>(
        &mut self,
        context: &mut Context<'_>,
        done: Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        if done.is_ready() {
            self.write.stop();
            return done;
        }
        self.write.start();
        self.write.poll_expired(context).map(Err)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for TimedStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.with_write_limit(context, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.with_write_limit(context, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_flush(context);
        self.with_write_limit(context, done)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_shutdown(context);
        self.with_write_limit(context, done)
    }
}
