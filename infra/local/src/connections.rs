//! Bounds on what a connection to this machine may cost: those of the gate, with fewer connections and less patience.

use std::time::Duration;

use axum::{
    Router,
    extract::Request,
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use axum_server::{Address, Server};
use pozi_gate::settings::Limits;
use tokio::time::timeout;

/// Header fields in one request.
const MAX_FIELDS: usize = 100;
/// Bytes in a request's head.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Returns the limits of the servers on localhost. Bodies are limited by the handlers that read them.
pub(crate) fn limits() -> Limits {
    Limits { idle: Duration::from_secs(30), connections: 500, ..Limits::default() }
}

/// Bounds the heads of `server`'s requests in time and size, and idle connections in time.
pub(crate) fn bounded<A: Address, T>(server: Server<A, T>, limits: &Limits) -> Server<A, T> {
    let mut server = server.http1_only().first_request_timeout(limits.header);
    // hyper counts from the end of the last answer, so that this limits idle connections as well.
    let http = server.http_builder();
    http.http1().header_read_timeout(limits.idle).max_headers(MAX_FIELDS).max_buf_size(MAX_HEAD_BYTES);
    server
}

/// Answers 408 to a request whose body has not arrived, or whose answer has not begun, within the limits.
pub(crate) fn in_time(router: Router, limits: &Limits) -> Router {
    let limit = limits.body;
    router.layer(middleware::from_fn(move |request: Request, next: Next| async move {
        let answer: Result<Response, _> = timeout(limit, next.run(request)).await;
        answer.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
    }))
}

#[cfg(test)]
mod tests {
    use axum::{body::Bytes, routing::post};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    /// Serves an echo with short limits, and returns its address.
    fn start() -> std::net::SocketAddr {
        let limits = Limits {
            idle: Duration::from_millis(300),
            header: Duration::from_millis(300),
            body: Duration::from_millis(300),
            ..limits()
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", post(|body: Bytes| async move { body }));
        let server = bounded(axum_server::from_tcp(listener).unwrap(), &limits);
        tokio::spawn(server.serve(in_time(router, &limits).into_make_service()));
        address
    }

    /// Sends `bytes`, and returns all that comes until the server closes the connection.
    async fn answer(bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(start()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let closed = timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
        assert!(closed.is_ok(), "the connection stays open: {}", bytes.escape_ascii());
        String::from_utf8(answer).unwrap()
    }

    #[tokio::test]
    async fn a_request_is_answered_and_then_the_idle_connection_is_closed() {
        let found = answer(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").await;
        assert!(found.starts_with("HTTP/1.1 200 ") && found.ends_with("hi"), "{found}");
    }

    #[tokio::test]
    async fn a_connection_without_a_request_or_with_half_a_head_is_closed() {
        for begun in [&b""[..], b"POST / HT", b"POST / HTTP/1.1\r\nHost: a\r\nX-Long: "] {
            let found = answer(begun).await;
            assert!(!found.starts_with("HTTP/1.1 2"), "{found}");
        }
    }

    #[tokio::test]
    async fn a_head_that_is_too_large_is_refused() {
        let long =
            format!("POST / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "x".repeat(2 * MAX_HEAD_BYTES));
        let many = format!("POST / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(2 * MAX_FIELDS));
        for head in [long, many] {
            let found = answer(head.as_bytes()).await;
            assert!(found.starts_with("HTTP/1.1 431 "), "{found}");
        }
    }

    #[tokio::test]
    async fn a_body_that_does_not_arrive_is_refused() {
        let found = answer(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nh").await;
        assert!(found.starts_with("HTTP/1.1 408 "), "{found}");
    }
}
