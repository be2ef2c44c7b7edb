//! The contract of [`KeySetFetch`], and what an adapter over the network must bear besides.

use std::{
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use entra_emulator::{Behaviour, EmulatedEntra, Registration, Version};
use pozi_auth::{
    adapters::{HttpKeySets, MAX_DOCUMENT_BYTES},
    entra::{Cloud, KeySet, KeySetFetch, KeySetLocation, TokenVersion},
    error::with_causes,
    fetch::FetchError,
    identifiers::TenantId,
};
use pozi_tests::EmulatedKeySets;
use uuid::Uuid;

use super::wire::{Server, answer};

const TENANT: Uuid = Uuid::from_u128(0x0a11);
const VERSIONS: [(TokenVersion, Version); 2] =
    [(TokenVersion::V1, Version::V1), (TokenVersion::V2, Version::V2)];

fn location(tenant: Uuid, version: TokenVersion) -> KeySetLocation {
    KeySetLocation { cloud: Cloud::Public, tenant: TenantId::new(tenant), version }
}

fn entra() -> EmulatedEntra {
    EmulatedEntra::new(vec![Registration {
        site: "riverbend".into(),
        tenant_id: TENANT,
        client_id: Uuid::from_u128(0x0c11),
        app_id_uri: "https://poziserver-riverbend.example/pozi".into(),
        redirect_uris: vec![],
        reader_groups: vec![],
        editor_groups: vec![],
    }])
}

/// `fetch` fetches from `entra`: as served when it is well, and otherwise with what went wrong.
async fn contract(entra: &EmulatedEntra, fetch: impl KeySetFetch) {
    for behaviour in [Behaviour::Well, Behaviour::Slow(Duration::from_millis(20)), Behaviour::Well] {
        entra.behave(behaviour);
        for (version, theirs) in VERSIONS {
            let before = entra.key_set_fetches();
            let document = fetch.fetch(location(TENANT, version)).await.unwrap();
            assert_eq!(document, entra.key_set(theirs).to_string().into_bytes());
            assert!(KeySet::parse(&document).unwrap().key(&entra.key_id()).is_some());
            assert_eq!(entra.key_set_fetches(), before + 1, "one fetch is one request");
        }
    }
    entra.roll_keys();
    let document = fetch.fetch(location(TENANT, TokenVersion::V1)).await.unwrap();
    assert!(KeySet::parse(&document).unwrap().key(&entra.key_id()).is_some(), "nothing is kept");

    entra.behave(Behaviour::Down);
    let down = fetch.fetch(location(TENANT, TokenVersion::V1)).await;
    assert!(matches!(down, Err(FetchError::Status(503))), "{down:?}");

    entra.behave(Behaviour::Rubbish);
    let rubbish = fetch.fetch(location(TENANT, TokenVersion::V1)).await.unwrap();
    assert!(rubbish.starts_with(b"<!DOCTYPE html>"), "as served: whoever parses it finds out");

    entra.behave(Behaviour::Well);
    let stranger = fetch.fetch(location(Uuid::from_u128(7), TokenVersion::V1)).await;
    assert!(matches!(stranger, Err(FetchError::Status(400))), "{stranger:?}");
    assert!(fetch.fetch(location(TENANT, TokenVersion::V1)).await.is_ok());
}

#[tokio::test]
async fn key_sets_of_the_emulated_entra() {
    let entra = entra();
    contract(&entra, EmulatedKeySets::of(entra.clone())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn key_sets_over_http() {
    for prefix in ["", "/entra", "/entra/"] {
        let entra = entra();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}{prefix}", listener.local_addr().unwrap());
        let router = match prefix {
            "" => entra.router(),
            _ => axum::Router::new().nest("/entra", entra.router()),
        };
        tokio::spawn(async move { axum::serve(listener, router).await });
        contract(&entra, over_http(&base)).await;
    }
}

fn over_http(base: &str) -> HttpKeySets {
    HttpKeySets::new(Some(base.parse().unwrap())).unwrap()
}

async fn fetched_from(server: &Server) -> Result<Vec<u8>, FetchError> {
    over_http(&server.base()).fetch(location(TENANT, TokenVersion::V2)).await
}

#[tokio::test]
async fn the_request_names_the_set_and_nothing_of_the_caller() {
    let server = Server::saying(answer("200 OK", "", b"{}"));
    assert_eq!(fetched_from(&server).await.unwrap(), b"{}");
    let seen = server.seen().remove(0).to_lowercase();
    assert!(seen.starts_with(&format!("get /{TENANT}/discovery/v2.0/keys http/1.1\r\n")), "{seen}");
    assert!(seen.contains("user-agent: pozi-auth/"));
    for header in ["authorization", "cookie", "referer", "origin"] {
        assert!(!seen.contains(&format!("\n{header}:")), "{seen}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_to_the_same_host_nor_to_another() {
    let elsewhere = Server::saying(answer("200 OK", "", b"{}"));
    for status in [301, 302, 303, 307, 308] {
        let target = format!("{}/keys", elsewhere.base());
        for place in ["/keys", &target, "//127.0.0.1/keys", "file:///etc/hostname"] {
            let redirect = format!("Location: {place}\r\n");
            let server = Server::saying(answer(&format!("{status} Elsewhere"), &redirect, b""));
            let found = fetched_from(&server).await;
            assert!(matches!(found, Err(FetchError::Status(found)) if found == status), "{found:?}");
            assert_eq!(server.seen().len(), 1);
        }
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn any_status_but_200_is_no_key_set_whatever_its_body_says() {
    for status in [201, 203, 204, 206, 304, 400, 401, 403, 404, 429, 500, 502, 503, 504] {
        let body: &[u8] = if matches!(status, 204 | 304) { b"" } else { br#"{"keys":[]}"# };
        let server = Server::saying(answer(&format!("{status} Status"), "", body));
        let found = fetched_from(&server).await;
        assert!(matches!(found, Err(FetchError::Status(found)) if found == status), "{status}: {found:?}");
    }
}

#[tokio::test]
async fn a_document_may_have_the_largest_size_and_not_a_byte_more() {
    for (size, fits) in [(MAX_DOCUMENT_BYTES, true), (MAX_DOCUMENT_BYTES + 1, false)] {
        let body = vec![b' '; size];
        let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n");
        let chunked = [chunked.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        let until_closed = [&b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"[..], &body].concat();
        for said in [answer("200 OK", "", &body), chunked, until_closed] {
            match fetched_from(&Server::saying(said)).await {
                Ok(document) => assert!(fits && document.len() == size),
                Err(FetchError::TooLarge(MAX_DOCUMENT_BYTES)) => assert!(!fits),
                Err(other) => panic!("{size}: {other:?}"),
            }
        }
    }
}

/// The rest of an endless answer stays on the wire: what is sent ends with what the sockets hold.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_document_is_given_up_without_reading_it_all() {
    const PIECE: usize = 64 * 1024;
    const PIECES: usize = 4_096;
    let length = format!("Content-Length: {}", PIECE * PIECES);
    for (framing, chunked) in [(length.as_str(), false), ("Transfer-Encoding: chunked", true)] {
        let head = format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n");
        let server = Server::answering(move |conversation| {
            let mut piece = if chunked { format!("{PIECE:x}\r\n").into_bytes() } else { Vec::new() };
            piece.extend(vec![b' '; PIECE]);
            piece.extend(if chunked { &b"\r\n"[..] } else { b"" });
            let _ = conversation.send(head.as_bytes()) && (0..PIECES).all(|_| conversation.send(&piece));
        });
        let found = fetched_from(&server).await;
        assert!(matches!(found, Err(FetchError::TooLarge(MAX_DOCUMENT_BYTES))), "{found:?}");
        let sent = tokio::task::spawn_blocking(move || server.sent()).await.unwrap();
        assert!(sent < PIECE * PIECES / 8, "{sent} bytes went out, {framing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dawdles_gets_three_seconds_in_all() {
    let never = |_: &mut super::wire::Conversation| thread::sleep(Duration::from_secs(6));
    let pause = Duration::from_millis(100);
    let slow: [(&str, Server); 4] = [
        ("no answer", Server::answering(never)),
        (
            "a trickle of headers",
            Server::answering(move |to| {
                to.trickle(b"HTTP/1.1 200 OK\r\nX-Long: xxxxxxxxxxxxxxxxxxxxxxxxxxxxx", pause);
            }),
        ),
        (
            "a trickle of body",
            Server::answering(move |to| {
                to.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
                to.trickle(&[b' '; 60], pause);
            }),
        ),
        (
            "a body that stops",
            Server::answering(move |to| {
                to.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{");
                thread::sleep(Duration::from_secs(6));
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
        assert!(matches!(found, Err(FetchError::NoAnswer(_))), "{what}: {found:?}");
        println!("{what}: given up after {took:?}");
        // Left alone, each would go on for six seconds; a busy machine may need a moment more than three.
        assert!(
            (Duration::from_millis(2_900)..Duration::from_millis(5_500)).contains(&took),
            "{what}: {took:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_is_no_http_is_no_answer() {
    for said in [
        &b""[..],
        b"\x16\x03\x01\x02\x00",
        b"SSH-2.0-server\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"keys\":[",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"key",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let found = fetched_from(&Server::saying(said)).await;
        assert!(matches!(found, Err(FetchError::NoAnswer(_))), "{:?}: {found:?}", said.escape_ascii());
    }
}

#[tokio::test]
async fn a_refused_connection_is_no_answer_and_says_so() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = over_http(&format!("http://{address}")).fetch(location(TENANT, TokenVersion::V1)).await;
    let said = with_causes(&found.unwrap_err());
    assert!(said.to_lowercase().contains("refused"), "{said}");
}

#[tokio::test]
async fn a_server_without_a_certificate_is_not_believed_on_https() {
    let server = Server::saying(answer("200 OK", "", b"{}"));
    let base = server.base().replace("http:", "https:");
    let found = over_http(&base).fetch(location(TENANT, TokenVersion::V1)).await;
    assert!(matches!(found, Err(FetchError::NoAnswer(_))), "{found:?}");
    assert!(
        server.seen().iter().all(|seen| !seen.contains("discovery")),
        "the request was not sent in clear"
    );
}
