//! The contract of [`SessionKeySource`]: whatever knows the published keys finds each, and none that is not there.

use std::sync::Arc;

use entra_emulator::{Person, TokenAsk};
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
use pozi_tests::{PublishedDocument, World, part};

use super::wire::{Server, answer};

const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";

/// `keys` are those that `world` publishes now.
async fn contract(world: &World, keys: impl SessionKeySource) {
    let now = world.clock.now();
    let published = world.get("/.well-known/jwks.json", &[]).await.json;
    for key in published["keys"].as_array().unwrap() {
        assert!(keys.find(key["kid"].as_str().unwrap(), now).await.unwrap().is_some());
    }
    for nobodys in ["", "x", &"é".repeat(5_000)] {
        assert!(keys.find(nobodys, now).await.unwrap().is_none());
    }
    let ask = TokenAsk { person: Person::Reader, ..TokenAsk::default() };
    let session = world.exchange(&world.token(&ask), &[]).await.session().to_owned();
    let verifier = SessionVerifier::new(world.issuer.clone(), RIVERBEND.into(), keys);
    let opened = verifier.verify(&session, now).await.unwrap();
    assert_eq!(opened.id(), part(&session, 1)["jti"]);
    let (message, signature) = session.rsplit_once('.').unwrap();
    let spoiled = format!("{message}.{}{}", &signature[4..], &signature[..4]);
    assert_eq!(verifier.verify(&spoiled, now).await, Err(SessionRefusal::BadSignature));
}

/// Before a rotation, while the next key is pending, and after it signs.
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

/// The rest of what an adapter over the network must bear is the same code's, and held in `key_sets.rs`.
#[tokio::test]
async fn a_document_is_fetched_as_served_within_bounds_and_from_nowhere_else() {
    let elsewhere = Server::saying(answer("200 OK", "", b"{}"));
    let redirect = format!("Location: {}\r\n", elsewhere.base());
    let large = vec![b' '; MAX_DOCUMENT_BYTES + 1];
    for (said, expected) in [
        (answer("200 OK", "", b"{}"), Ok(b"{}".to_vec())),
        (answer("302 Elsewhere", &redirect, b""), Err("answered with status 302".to_owned())),
        (answer("200 OK", "", &large), Err(format!("answered with more than {MAX_DOCUMENT_BYTES} bytes"))),
    ] {
        let server = Server::saying(said);
        assert_eq!(fetched_from(&server).await.map_err(|problem| problem.to_string()), expected);
        assert!(server.seen()[0].starts_with("GET /keys HTTP/1.1\r\n"));
    }
    assert!(elsewhere.seen().is_empty());
}
