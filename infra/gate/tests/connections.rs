//! Misuse of connections: requests that are too large or too slow, too many connections, and clients that disconnect.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "connections/server.rs"]
mod server;

use std::{sync::atomic::Ordering, time::Duration};

use pozi_gate::settings::Limits;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use self::server::{SOON, Server, TIMEOUT, no_timeouts, read_answer, read_to_end};

#[tokio::test]
async fn closes_an_idle_connection_before_and_after_a_request() {
    let server = Server::start(Limits { idle: SOON, ..no_timeouts() }).await;
    assert_eq!(read_to_end(&mut server.connect().await).await, "");
    let mut stream = server.send("GET /length HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(read_to_end(&mut stream).await.ends_with("\r\n\r\n0"));
}

#[tokio::test]
async fn limits_the_time_for_the_head_of_each_request() {
    let server = Server::start(Limits { header: SOON, ..no_timeouts() }).await;
    let mut stream = server.send("GET /length HTTP/1.1\r\nHost: a\r\n").await;
    assert!(!read_to_end(&mut stream).await.contains("200"));

    // The second request of a connection has its own time limit, independent of the first one's.
    let mut stream = server.send("GET /length HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(read_answer(&mut stream).await.ends_with('0'));
    tokio::time::sleep(2 * SOON).await;
    stream.write_all(b"GET /length HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(read_answer(&mut stream).await.ends_with('0'));
    stream.write_all(b"GET /le").await.unwrap();
    assert_eq!(read_to_end(&mut stream).await, "");
}

#[tokio::test]
async fn answers_a_request_that_takes_longer_than_the_limit_for_its_head() {
    let server = Server::start(Limits { header: SOON, ..no_timeouts() }).await;
    let mut stream = server.send("GET /blocked HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    server.handlers.begun.notified().await;
    tokio::time::sleep(2 * SOON).await;
    server.handlers.resume.notify_one();
    assert!(read_to_end(&mut stream).await.ends_with("done"));
}

#[tokio::test]
async fn a_stalled_body_is_an_error_for_its_reader() {
    let server = Server::start(Limits { body: SOON, ..no_timeouts() }).await;
    let head = "POST /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\n";
    let mut whole = server.send(&format!("{head}abcd")).await;
    assert!(read_to_end(&mut whole).await.ends_with("\r\n\r\n4"));
    let mut stalled = server.send(&format!("{head}ab")).await;
    let answer = read_to_end(&mut stalled).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.ends_with("stalled"), "{answer}");
}

#[tokio::test]
async fn gives_up_an_answer_that_is_not_read() {
    let server = Server::start(Limits { body: SOON, ..no_timeouts() }).await;
    let mut stream = server.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").await;
    timeout(TIMEOUT, server.handlers.dropped.notified()).await.unwrap();
    assert!(read_to_end(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn accepts_a_long_query_and_token_and_refuses_more() {
    let server = Server::start(no_timeouts()).await;
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
        let mut stream = server.send(&request(query, token, fields)).await;
        let answer = read_to_end(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{query} {token} {fields}: {answer:.80}");
    }
}

#[tokio::test]
async fn refuses_what_is_not_http() {
    let server = Server::start(no_timeouts()).await;
    for text in
        ["\x16\x03\x01\x02", "GET / HTTP/1.1\r\nHost a\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "\r\r\r\n\n"]
    {
        let mut stream = server.send(text).await;
        let answer = read_to_end(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{text:?}: {answer}");
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_one_closes() {
    let server = Server::start(Limits { connections: 2, ..no_timeouts() }).await;
    let request = "GET /length HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut first = server.send(request).await;
    let mut second = server.send(request).await;
    assert!(read_answer(&mut first).await.ends_with('0') && read_answer(&mut second).await.ends_with('0'));
    let mut third = server.send(request).await;
    let mut byte = [0];
    assert!(timeout(2 * SOON, third.read(&mut byte)).await.is_err(), "it waits to be accepted");
    drop(first);
    assert!(read_answer(&mut third).await.ends_with('0'));
    assert!(timeout(SOON, second.read(&mut byte)).await.is_err(), "the second is still open");
}

#[tokio::test]
async fn cancels_the_handler_when_the_client_disconnects() {
    let server = Server::start(no_timeouts()).await;
    let stream = server.send("GET /blocked HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.handlers.begun.notified().await;
    assert_eq!(server.handlers.running.load(Ordering::SeqCst), 1);
    drop(stream);
    let freed = async {
        while server.handlers.running.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(TIMEOUT, freed).await.unwrap();
}

#[tokio::test]
async fn shutdown_finishes_running_requests_and_accepts_no_more() {
    let mut server = Server::start(no_timeouts()).await;
    let mut silent = server.connect().await;
    let mut kept = server.send("GET /length HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(read_answer(&mut kept).await.ends_with('0'));
    let mut runs = server.send("GET /blocked HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.handlers.begun.notified().await;
    server.stop();
    assert_eq!(
        (read_to_end(&mut silent).await, read_to_end(&mut kept).await),
        (String::new(), String::new())
    );
    assert!(TcpStream::connect(server.address).await.is_err());
    assert!(!server.serving.is_finished());
    server.handlers.resume.notify_one();
    let answer = read_to_end(&mut runs).await;
    assert!(answer.contains("connection: close") && answer.ends_with("done"), "{answer}");
    timeout(TIMEOUT, server.serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn shutdown_cuts_off_requests_that_exceed_the_drain_timeout() {
    let mut server = Server::start(Limits { upstream: SOON, body: SOON, ..no_timeouts() }).await;
    let mut runs = server.send("GET /blocked HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.handlers.begun.notified().await;
    server.stop();
    timeout(TIMEOUT, server.serving).await.unwrap().unwrap();
    assert_eq!(read_to_end(&mut runs).await, "");
}
