//! What an adapter over the network must withstand: large, slow and broken answers.

use std::{
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use pozi_auth::{
    adapters::MAX_DOCUMENT_BYTES,
    entra::{KeySetFetch, TokenVersion},
    error::with_causes,
    fetch::FetchError,
};

use super::{
    key_sets::{TENANT, fetched_from, location, over_http},
    wire::{Conversation, Server, answer},
};

#[tokio::test]
async fn a_document_of_the_maximum_size_is_accepted_and_one_byte_more_refused() {
    for (size, fits) in [(MAX_DOCUMENT_BYTES, true), (MAX_DOCUMENT_BYTES + 1, false)] {
        let body = vec![b' '; size];
        let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n");
        let chunked = [chunked.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        let until_closed = [&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..], &body].concat();
        for bytes in [answer("200 OK", "", &body), chunked, until_closed] {
            match fetched_from(&Server::sending(bytes)).await {
                Ok(document) => assert!(fits && document.len() == size),
                Err(FetchError::TooLarge(MAX_DOCUMENT_BYTES)) => assert!(!fits),
                Err(other) => panic!("{size}: {other:?}"),
            }
        }
    }
}

/// Only what fits in the sockets' buffers is sent after the limit.
#[tokio::test(flavor = "multi_thread")]
async fn reading_an_endless_document_stops_at_the_limit() {
    const PIECE: usize = 64 * 1024;
    const PIECES: usize = 4_096;
    let length = format!("Content-Length: {}", PIECE * PIECES);
    for (framing, chunked) in [(length.as_str(), false), ("Transfer-Encoding: chunked", true)] {
        let head = format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n");
        let server = Server::with(move |conversation| {
            let mut piece = if chunked { format!("{PIECE:x}\r\n").into_bytes() } else { Vec::new() };
            piece.extend(vec![b' '; PIECE]);
            piece.extend(if chunked { &b"\r\n"[..] } else { b"" });
            let _ = conversation.send(head.as_bytes()) && (0..PIECES).all(|_| conversation.send(&piece));
        });
        let found = fetched_from(&server).await;
        assert!(matches!(found, Err(FetchError::TooLarge(MAX_DOCUMENT_BYTES))), "{found:?}");
        let sent = tokio::task::spawn_blocking(move || server.sent()).await.unwrap();
        assert!(sent < PIECE * PIECES / 8, "{sent} bytes were sent, {framing}");
    }
}

const NEVER: Duration = Duration::from_mins(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_times_out_after_three_seconds_in_all() {
    let never = |_: &mut Conversation| thread::sleep(NEVER);
    let pause = Duration::from_millis(100);
    let slow: [(&str, Server); 4] = [
        ("no answer", Server::with(never)),
        (
            "a trickle of headers",
            Server::with(move |to| {
                to.trickle(&[b"HTTP/1.1 200 OK\r\nX-Long: ".as_slice(), &[b'x'; 1_000]].concat(), pause);
            }),
        ),
        (
            "a trickle of body",
            Server::with(move |to| {
                to.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
                to.trickle(&[b' '; 1_000], pause);
            }),
        ),
        (
            "a body that stops",
            Server::with(move |to| {
                to.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{");
                thread::sleep(NEVER);
            }),
        ),
    ];
    let fetching: Vec<_> = slow
        .into_iter()
        .map(|(what, server)| {
            tokio::spawn(async move {
                let started = Instant::now();
                (what, fetched_from(&server).await, started.elapsed())
            })
        })
        .collect();
    for fetch in fetching {
        let (what, found, took) = fetch.await.unwrap();
        assert!(matches!(found, Err(FetchError::TimedOut(_))), "{what}: {found:?}");
        println!("{what}: timed out after {took:?}");
        // Each answer would take more than a minute.
        assert!((Duration::from_millis(2_900)..NEVER / 2).contains(&took), "{what}: {took:?}");
    }
}

#[tokio::test]
async fn an_incomplete_answer_or_one_that_is_not_http_is_an_error() {
    for bytes in [
        &b""[..],
        b"\x16\x03\x01\x02\x00",
        b"SSH-2.0-server\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"keys\":[",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"key",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let found = fetched_from(&Server::sending(bytes)).await;
        assert!(matches!(found, Err(FetchError::NoAnswer(_))), "{:?}: {found:?}", bytes.escape_ascii());
    }
}

#[tokio::test]
async fn a_refused_connection_is_an_error_that_says_so() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = over_http(&format!("http://{address}")).fetch(location(TENANT, TokenVersion::V1)).await;
    let message = with_causes(&found.unwrap_err());
    assert!(message.to_lowercase().contains("refused"), "{message}");
}

/// RFC 7517 §9.1.
#[tokio::test]
async fn a_server_without_a_certificate_is_refused_on_https() {
    let server = Server::sending(answer("200 OK", "", b"{}"));
    let base = server.base().replace("http:", "https:");
    let found = over_http(&base).fetch(location(TENANT, TokenVersion::V1)).await;
    assert!(matches!(found, Err(FetchError::NoAnswer(_) | FetchError::TimedOut(_))), "{found:?}");
    assert!(
        server.seen().iter().all(|seen| !seen.contains("discovery")),
        "the request was sent in clear text"
    );
}
