//! The contract of [`SessionKeySource`]: every published key is found, and no other.

use std::sync::Arc;

use entra_emulator::{Person, TokenSpec};
use pozi_auth::{
    adapters::{HttpDocument, MAX_DOCUMENT_BYTES},
    fetch::{DocumentFetch, FetchError},
    keyring::{KeyRingSource, PublishedKeySet, SigningAlgorithm},
    session::{
        ISSUER_KEY_LIFETIMES, IssuerKeys, SessionKeySet, SessionKeySource, SessionRefusal, SessionVerifier,
    },
    timestamp::Clock,
};
use pozi_local::samples;
use pozi_tests::{PublishedDocument, World, part, riverbend_tenant};

use super::wire::{Server, answer};

const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";

/// `keys` must hold what `world` publishes now.
async fn contract(world: &World, keys: impl SessionKeySource) {
    let now = world.clock.now();
    let published = world.get("/.well-known/jwks.json", &[]).await.json;
    for key in published["keys"].as_array().unwrap() {
        assert!(keys.find(key["kid"].as_str().unwrap(), now).await.unwrap().is_some());
    }
    for unknown in ["", "x", &"é".repeat(5_000)] {
        assert!(keys.find(unknown, now).await.unwrap().is_none());
    }
    let ask = TokenSpec { person: Person::Reader, ..TokenSpec::default() };
    let session = world.exchange(&world.token(&ask), &[]).await.session().to_owned();
    let verifier = SessionVerifier::new(world.issuer.clone(), RIVERBEND.into(), riverbend_tenant(), keys);
    let opened = verifier.verify(&session, now).await.unwrap();
    assert_eq!(opened.id(), part(&session, 1)["jti"]);
    let (message, signature) = session.rsplit_once('.').unwrap();
    let changed = format!("{message}.{}{}", &signature[4..], &signature[..4]);
    assert_eq!(verifier.verify(&changed, now).await, Err(SessionRefusal::BadSignature));
}

/// Before a rotation, while the next key is pending, and once it signs.
#[tokio::test(flavor = "multi_thread")]
async fn published_keys_of_every_source() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
        let world = World::with(&samples::site_files(), algorithm).await;
        let over_http = Arc::new(IssuerKeys::new(served(&world).await, ISSUER_KEY_LIFETIMES));
        let in_memory = Arc::new(IssuerKeys::new(PublishedDocument::of(&world), ISSUER_KEY_LIFETIMES));
        for hours in [0, 7 * 24 - 3, 3] {
            world.clock.advance(hours * 3_600);
            world.rotate().await;
            let published = PublishedKeySet::of(&world.ring.load().await.unwrap().unwrap().0);
            contract(&world, SessionKeySet::parse(published.as_json()).unwrap()).await;
            contract(&world, Arc::clone(&in_memory)).await;
            contract(&world, Arc::clone(&over_http)).await;
        }
    }
}

async fn served(world: &World) -> HttpDocument {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/.well-known/jwks.json", listener.local_addr().unwrap());
    let router = world.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    HttpDocument::new(&url.parse().unwrap()).unwrap()
}

async fn fetched_from(server: &Server) -> Result<Vec<u8>, FetchError> {
    HttpDocument::new(&format!("{}/keys", server.base()).parse().unwrap()).unwrap().fetch().await
}

/// `fetch_limits.rs` tests the rest, which is the same code.
#[tokio::test]
async fn a_document_is_fetched_as_served_within_limits_and_without_redirects() {
    let other = Server::sending(answer("200 OK", "", b"{}"));
    let redirect = format!("Location: {}\r\n", other.base());
    let large = vec![b' '; MAX_DOCUMENT_BYTES + 1];
    for (bytes, expected) in [
        (answer("200 OK", "", b"{}"), Ok(b"{}".to_vec())),
        (answer("302 Elsewhere", &redirect, b""), Err("answered with status 302".to_owned())),
        (answer("200 OK", "", &large), Err(format!("answered with more than {MAX_DOCUMENT_BYTES} bytes"))),
    ] {
        let server = Server::sending(bytes);
        assert_eq!(fetched_from(&server).await.map_err(|error| error.to_string()), expected);
        assert!(server.seen()[0].starts_with("GET /keys HTTP/1.1\r\n"));
    }
    assert!(other.seen().is_empty());
}
