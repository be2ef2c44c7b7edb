//! The contract of [`ServiceCall`] over the network: the whole answer, whatever its status, and from nowhere else.

use http::{Request, StatusCode};
use pozi_auth::{
    adapters::{HttpService, MAX_DOCUMENT_BYTES},
    fetch::{FetchError, ServiceCall},
    session::Issuer,
};

use super::wire::{Server, answer};

/// Without a body, which the server would leave unread.
fn request() -> Request<String> {
    Request::post("/oauth2/token").header("content-type", "text/plain").body(String::new()).unwrap()
}

fn service(server: &Server) -> HttpService {
    let issuer: Issuer = "https://auth.example".parse().unwrap();
    HttpService::new(&issuer, Some(&server.base().parse().unwrap())).unwrap()
}

#[tokio::test]
async fn every_status_is_an_answer_and_a_redirect_is_not_followed() {
    for status in ["200 OK", "302 Found", "400 Bad Request", "503 Service Unavailable"] {
        let server = Server::sending(answer(status, "Location: /elsewhere\r\n", b"{}"));
        let answered = service(&server).call(request()).await.unwrap();
        assert!(status.starts_with(answered.status().as_str()), "{status}");
        assert_eq!(answered.into_body(), b"{}");
        let seen = server.seen();
        assert!(seen.len() == 1 && seen[0].starts_with("POST /oauth2/token HTTP/1.1\r\n"), "{seen:?}");
        assert!(seen[0].contains("content-type: text/plain"), "{seen:?}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_tried_once_more_and_a_large_answer_is_refused() {
    let broken = Server::sending(&b""[..]);
    let found = service(&broken).call(request()).await;
    assert!(matches!(found, Err(FetchError::NoAnswer(_))), "{found:?}");
    assert_eq!(broken.seen().len(), 2);
    let large = Server::sending(answer("200 OK", "", &vec![b' '; MAX_DOCUMENT_BYTES + 1]));
    let found = service(&large).call(request()).await;
    assert!(matches!(found, Err(FetchError::TooLarge(MAX_DOCUMENT_BYTES))), "{found:?}");
}

/// The URL of an issuer is http only on this machine, and so is one for local trials.
#[tokio::test]
async fn plain_http_is_used_on_this_machine_only() {
    let base = |server: &Server| server.base().parse().unwrap();
    for is_emulated in [false, true] {
        let server = Server::sending(answer("200 OK", "", b"{}"));
        let issuer: Issuer = server.base().parse().unwrap();
        let emulated = is_emulated.then(|| base(&server));
        let found = HttpService::new(&issuer, emulated.as_ref()).unwrap().call(request()).await;
        assert_eq!(found.unwrap().status(), StatusCode::OK);
    }
    "http://auth.example".parse::<Issuer>().unwrap_err();
    let server = Server::sending(answer("200 OK", "", b"{}"));
    let issuer: Issuer = server.base().replace("http:", "https:").parse().unwrap();
    HttpService::new(&issuer, None).unwrap().call(request()).await.unwrap_err();
    assert!(server.seen().iter().all(|seen| !seen.starts_with("POST")), "nothing is sent in plain text");
}
