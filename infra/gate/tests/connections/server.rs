//! A server whose handlers block, count or send as a test needs, and its clients' side.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
    routing::{any, get},
};
use http::StatusCode;
use http_body::{Body as HttpBody, Frame};
use pozi_gate::{BodyStalledError, serve, settings::Limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// Long enough for the slowest machine: a test that reaches it has failed.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(1);
/// A timeout that a test waits for, and that a machine with much other work still keeps within.
pub(crate) const SOON: Duration = Duration::from_secs(1);
const NEVER: Duration = Duration::from_hours(1);

/// Limits without timeouts.
pub(crate) fn no_timeouts() -> Limits {
    Limits { idle: NEVER, header: NEVER, body: NEVER, upstream: NEVER, ..Limits::default() }
}

#[derive(Clone, Default)]
pub(crate) struct Handlers {
    pub(crate) begun: Arc<Notify>,
    pub(crate) resume: Arc<Notify>,
    pub(crate) running: Arc<AtomicUsize>,
    pub(crate) dropped: Arc<Notify>,
}

impl Handlers {
    fn count(self) -> Counted {
        self.running.fetch_add(1, Ordering::SeqCst);
        Counted(self)
    }
}

struct Counted(Handlers);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
        self.0.dropped.notify_one();
    }
}

/// Answers when `resume` is notified.
async fn blocked(State(handlers): State<Handlers>) -> &'static str {
    let _running = handlers.clone().count();
    handlers.begun.notify_one();
    handlers.resume.notified().await;
    "done"
}

/// Answers with the length of the body, or 408 if it stalled.
async fn length(body: Body) -> Response {
    match axum::body::to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes.len().to_string().into_response(),
        Err(error) => {
            let mut cause: Option<&dyn std::error::Error> = Some(&error);
            while let Some(error) = cause {
                if error.is::<BodyStalledError>() {
                    return (StatusCode::REQUEST_TIMEOUT, "stalled").into_response();
                }
                cause = error.source();
            }
            (StatusCode::BAD_REQUEST, error.to_string()).into_response()
        }
    }
}

/// An answer that never ends.
struct Endless(#[expect(dead_code, reason = "says when the answer is dropped")] Counted);

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 8 * 1024])))))
    }
}

async fn endless(State(handlers): State<Handlers>) -> Body {
    Body::new(Endless(handlers.count()))
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) handlers: Handlers,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) serving: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(limits: Limits) -> Self {
        let handlers = Handlers::default();
        let router = Router::new()
            .route("/blocked", get(blocked))
            .route("/length", any(length))
            .route("/endless", get(endless))
            .with_state(handlers.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let serving = tokio::spawn(serve(listener, router, move || limits, shutdown));
        Self { address, handlers, stop: Some(stop), serving }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Connects and sends `text`.
    pub(crate) async fn send(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    pub(crate) fn stop(&mut self) {
        let _ = self.stop.take().unwrap().send(());
    }
}

/// Reads until the server closes the connection.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset also closes the connection.
    let _ = timeout(TIMEOUT, stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads one answer with a short body from a connection that stays open.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.contains("\r\n\r\n") || text.ends_with("\r\n\r\n") {
        let mut bytes = [0; 1_024];
        let count = timeout(TIMEOUT, stream.read(&mut bytes)).await.unwrap().unwrap();
        assert_ne!(count, 0, "the server closed the connection after: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    text
}
