//! Connections as clients misuse them: too much, too slowly, too many, or not at all.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
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
use pozi_gate::{BodyStalledError, serve, settings::Limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::timeout,
};

/// Long enough for the slowest machine; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_mins(1);
const SOON: Duration = Duration::from_millis(200);
const NEVER: Duration = Duration::from_hours(1);

/// No time is ever over, but for the one that a test is about.
fn patient() -> Limits {
    Limits { idle: NEVER, header: NEVER, body: NEVER, upstream: NEVER, ..Limits::default() }
}

#[derive(Clone, Default)]
struct Handlers {
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
    running: Arc<AtomicUsize>,
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn held(State(handlers): State<Handlers>) -> &'static str {
    handlers.running.fetch_add(1, Ordering::SeqCst);
    let _running = Counted(Arc::clone(&handlers.running));
    handlers.begun.notify_one();
    handlers.go_on.notified().await;
    "done"
}

/// How many bytes came, or that the body stalled.
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

/// More than the buffers of any system hold.
async fn large() -> Bytes {
    Bytes::from(vec![b'x'; 64 * 1024 * 1024])
}

struct Server {
    address: SocketAddr,
    handlers: Handlers,
    end: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        let handlers = Handlers::default();
        let router = Router::new()
            .route("/held", get(held))
            .route("/length", any(length))
            .route("/large", get(large))
            .with_state(handlers.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        let ended = async {
            let _ = ended.await;
        };
        let serving = tokio::spawn(serve(listener, router, move || limits, ended));
        Self { address, handlers, end: Some(end), serving }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn sending(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    fn end(&mut self) {
        let _ = self.end.take().unwrap().send(());
    }
}

/// All that comes until the other side closes; a reset is a way of closing.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that stays open is a failure; one that is reset is closed.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One answer with a short body, on a connection that stays open.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.contains("\r\n\r\n") || text.ends_with("\r\n\r\n") {
        let mut bytes = [0; 1_024];
        let count = timeout(PATIENCE, stream.read(&mut bytes)).await.unwrap().unwrap();
        assert_ne!(count, 0, "closed after: {text}");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    text
}

#[tokio::test]
async fn a_silent_connection_is_closed_before_and_after_a_request() {
    let server = Server::start(Limits { idle: SOON, ..patient() }).await;
    assert_eq!(rest(&mut server.connect().await).await, "");
    let mut stream = server.sending("GET /length HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(rest(&mut stream).await.ends_with("\r\n\r\n0"));
}

#[tokio::test]
async fn the_head_of_a_request_is_not_waited_for_as_long_as_a_request_is() {
    let server = Server::start(Limits { header: SOON, ..patient() }).await;
    let mut stream = server.sending("GET /length HTTP/1.1\r\nHost: a\r\n").await;
    assert!(!rest(&mut stream).await.contains("200"));

    // The second request of a connection has its own time: the first one's is over and counts no more.
    let mut stream = server.sending("GET /length HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer(&mut stream).await.ends_with('0'));
    tokio::time::sleep(2 * SOON).await;
    stream.write_all(b"GET /length HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(answer(&mut stream).await.ends_with('0'));
    stream.write_all(b"GET /le").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_request_that_takes_longer_than_its_head_may_is_answered() {
    let server = Server::start(Limits { header: SOON, ..patient() }).await;
    let mut stream = server.sending("GET /held HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    server.handlers.begun.notified().await;
    tokio::time::sleep(2 * SOON).await;
    server.handlers.go_on.notify_one();
    assert!(rest(&mut stream).await.ends_with("done"));
}

#[tokio::test]
async fn a_body_that_stops_coming_is_an_error_to_who_reads_it() {
    let server = Server::start(Limits { body: SOON, ..patient() }).await;
    let head = "POST /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\n";
    let mut whole = server.sending(&format!("{head}abcd")).await;
    assert!(rest(&mut whole).await.ends_with("\r\n\r\n4"));
    let mut stalled = server.sending(&format!("{head}ab")).await;
    let told = rest(&mut stalled).await;
    assert!(told.starts_with("HTTP/1.1 408") && told.ends_with("stalled"), "{told}");
}

#[tokio::test]
async fn an_answer_that_is_not_read_is_given_up() {
    let server = Server::start(Limits { body: SOON, ..patient() }).await;
    let mut stream = server.sending("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    tokio::time::sleep(4 * SOON).await;
    assert!(rest(&mut stream).await.len() < 64 * 1024 * 1024);
}

#[tokio::test]
async fn a_long_query_and_a_long_token_fit_and_more_is_refused() {
    let server = Server::start(patient()).await;
    let request = |query: usize, token: usize, fields: usize| {
        let fields: Vec<_> = (0..fields).map(|index| format!("x-{index}: y\r\n")).collect();
        let fields = fields.concat();
        format!(
            "GET /length?{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {}\r\n{fields}\r\n",
            "q".repeat(query),
            "t".repeat(token)
        )
    };
    for (query, token, fields, status) in [
        (32_768, 16_000, 60, "200"),
        (10, 10, 97, "200"),
        (10, 10, 98, "431"),
        (10, 66_000, 1, "431"),
        (66_000, 10, 1, "431"),
    ] {
        let mut stream = server.sending(&request(query, token, fields)).await;
        let told = rest(&mut stream).await;
        assert!(told.starts_with(&format!("HTTP/1.1 {status}")), "{query} {token} {fields}: {told:.80}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let server = Server::start(patient()).await;
    for text in
        ["\x16\x03\x01\x02", "GET / HTTP/1.1\r\nHost a\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "\r\r\r\n\n"]
    {
        let mut stream = server.sending(text).await;
        let told = rest(&mut stream).await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 400"), "{text:?}: {told}");
    }
}

#[tokio::test]
async fn beyond_the_bound_connections_wait_and_a_place_becomes_free() {
    let server = Server::start(Limits { connections: 2, ..patient() }).await;
    let request = "GET /length HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut first = server.sending(request).await;
    let mut second = server.sending(request).await;
    assert!(answer(&mut first).await.ends_with('0') && answer(&mut second).await.ends_with('0'));
    let mut third = server.sending(request).await;
    let mut byte = [0];
    assert!(timeout(2 * SOON, third.read(&mut byte)).await.is_err(), "it waits");
    drop(first);
    assert!(answer(&mut third).await.ends_with('0'));
    assert!(timeout(SOON, second.read(&mut byte)).await.is_err(), "the second is still open");
}

#[tokio::test]
async fn a_client_that_goes_away_frees_what_works_for_it() {
    let server = Server::start(patient()).await;
    let stream = server.sending("GET /held HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.handlers.begun.notified().await;
    assert_eq!(server.handlers.running.load(Ordering::SeqCst), 1);
    drop(stream);
    let freed = async {
        while server.handlers.running.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, freed).await.unwrap();
}

#[tokio::test]
async fn asked_to_end_it_answers_what_runs_and_accepts_nothing_more() {
    let mut server = Server::start(patient()).await;
    let mut silent = server.connect().await;
    let mut kept = server.sending("GET /length HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer(&mut kept).await.ends_with('0'));
    let mut runs = server.sending("GET /held HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.handlers.begun.notified().await;
    server.end();
    assert_eq!((rest(&mut silent).await, rest(&mut kept).await), (String::new(), String::new()));
    assert!(TcpStream::connect(server.address).await.is_err());
    assert!(!server.serving.is_finished());
    server.handlers.go_on.notify_one();
    let told = rest(&mut runs).await;
    assert!(told.contains("connection: close") && told.ends_with("done"), "{told}");
    timeout(PATIENCE, server.serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_does_not_end_is_cut_off_when_the_time_for_ending_is_over() {
    let mut server = Server::start(Limits { upstream: SOON, body: SOON, ..patient() }).await;
    let mut runs = server.sending("GET /held HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.handlers.begun.notified().await;
    server.end();
    timeout(PATIENCE, server.serving).await.unwrap().unwrap();
    assert_eq!(rest(&mut runs).await, "");
}
