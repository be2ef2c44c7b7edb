//! A connection's bytes, with two clocks that hyper does not keep: how long the head of a request takes from its first
//! byte on, and how long what is written may find no reader.

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
    time::{Instant, Sleep, sleep_until},
};

/// Whether a request of the connection is being answered.
#[derive(Debug, Default)]
pub(super) struct Activity {
    running: AtomicUsize,
    begun: AtomicUsize,
}

/// Held while a request is being answered, its body sent included.
#[derive(Debug)]
pub(super) struct Running(Arc<Activity>);

impl Activity {
    /// A request begins.
    pub(super) fn begin(this: &Arc<Self>) -> Running {
        this.running.fetch_add(1, Ordering::Relaxed);
        this.begun.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(this))
    }

    fn is_idle(&self) -> bool {
        self.running.load(Ordering::Relaxed) == 0
    }

    /// How many requests have begun.
    fn begun(&self) -> usize {
        self.begun.load(Ordering::Relaxed)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Fails with [`io::ErrorKind::TimedOut`] where one of the two times is over.
#[derive(Debug)]
pub(super) struct SteadyStream<T> {
    stream: T,
    activity: Arc<Activity>,
    head: Clock,
    /// How many requests had begun when the head's clock was started.
    begun: usize,
    write: Clock,
}

impl<T> SteadyStream<T> {
    /// `head`: for the head of a request. `write`: for a write that makes no progress.
    pub(super) fn new(stream: T, activity: Arc<Activity>, head: Duration, write: Duration) -> Self {
        Self { stream, activity, head: Clock::new(head), begun: 0, write: Clock::new(write) }
    }
}

/// A time that is running or not. Only a running one costs memory.
#[derive(Debug)]
struct Clock {
    bound: Duration,
    running: Option<Pin<Box<Sleep>>>,
}

impl Clock {
    fn new(bound: Duration) -> Self {
        Self { bound, running: None }
    }

    fn start(&mut self) {
        let bound = self.bound;
        self.running.get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + bound)));
    }

    fn stop(&mut self) {
        self.running = None;
    }

    /// Ready with an error when the time is over.
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let Some(running) = &mut self.running else { return Poll::Pending };
        ready!(running.as_mut().poll(context));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for SteadyStream<T> {
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
            Poll::Pending => self.head.poll_over(context).map(Err),
        }
    }
}

impl<T: AsyncWrite + Unpin> SteadyStream<T> {
    fn written<R>(&mut self, context: &mut Context<'_>, done: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if done.is_ready() {
            self.write.stop();
            return done;
        }
        self.write.start();
        self.write.poll_over(context).map(Err)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for SteadyStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(context, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_flush(context);
        self.written(context, done)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_shutdown(context);
        self.written(context, done)
    }
}
