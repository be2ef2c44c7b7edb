//! The contract of [`KeySetFetch`], and the requests of the adapter for HTTP.

use std::time::Duration;

use entra_emulator::{Behaviour, EmulatedEntra, Registration, Version};
use pozi_auth::{
    adapters::{HttpKeySets, Microsoft},
    entra::{Cloud, EntraKeySet, KeySetFetch, KeySetLocation, TokenVersion},
    fetch::FetchError,
    identifiers::TenantId,
};
use pozi_tests::{EmulatedKeySets, PATIENT_LIMITS};
use uuid::Uuid;

use super::wire::{Server, answer};

pub(crate) const TENANT: Uuid = Uuid::from_u128(0x0a11);
const VERSIONS: [(TokenVersion, Version); 2] =
    [(TokenVersion::V1, Version::V1), (TokenVersion::V2, Version::V2)];

pub(crate) fn location(tenant: Uuid, version: TokenVersion) -> KeySetLocation {
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

/// `fetch` must return documents of `entra` as served, and errors that say what went wrong.
async fn contract(entra: &EmulatedEntra, fetch: impl KeySetFetch) {
    for behaviour in [Behaviour::Well, Behaviour::Slow(Duration::from_millis(20)), Behaviour::Well] {
        entra.behave(behaviour);
        for (version, theirs) in VERSIONS {
            let before = entra.key_set_fetches();
            let document = fetch.fetch(location(TENANT, version)).await.unwrap();
            assert_eq!(document, entra.key_set(theirs).to_string().into_bytes());
            assert!(EntraKeySet::parse(&document, Cloud::Public).unwrap().key(&entra.key_id()).is_some());
            assert_eq!(entra.key_set_fetches(), before + 1, "one fetch is one request");
        }
    }
    entra.roll_keys();
    let document = fetch.fetch(location(TENANT, TokenVersion::V1)).await.unwrap();
    assert!(
        EntraKeySet::parse(&document, Cloud::Public).unwrap().key(&entra.key_id()).is_some(),
        "the fetch does not cache"
    );

    entra.behave(Behaviour::Down);
    let down = fetch.fetch(location(TENANT, TokenVersion::V1)).await;
    assert!(matches!(down, Err(FetchError::Status(503))), "{down:?}");

    entra.behave(Behaviour::Rubbish);
    let rubbish = fetch.fetch(location(TENANT, TokenVersion::V1)).await.unwrap();
    assert!(rubbish.starts_with(b"<!DOCTYPE html>"), "the fetch does not parse");

    entra.behave(Behaviour::Well);
    let unknown = fetch.fetch(location(Uuid::from_u128(7), TokenVersion::V1)).await;
    assert!(matches!(unknown, Err(FetchError::Status(400))), "{unknown:?}");
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
        contract(&entra, over_http(&base).with_timeout(PATIENT_LIMITS.call)).await;
    }
}

pub(crate) fn over_http(base: &str) -> HttpKeySets {
    HttpKeySets::new(Microsoft::new(Some(base.parse().unwrap())).unwrap())
}

pub(crate) async fn fetched_from(server: &Server) -> Result<Vec<u8>, FetchError> {
    over_http(&server.base()).fetch(location(TENANT, TokenVersion::V2)).await
}

#[tokio::test]
async fn the_request_names_the_key_set_and_nothing_about_the_caller() {
    let server = Server::sending(answer("200 OK", "", b"{}"));
    assert_eq!(fetched_from(&server).await.unwrap(), b"{}");
    let seen = server.seen().remove(0).to_lowercase();
    assert!(seen.starts_with(&format!("get /{TENANT}/discovery/v2.0/keys http/1.1\r\n")), "{seen}");
    assert!(seen.contains("user-agent: pozi-auth/"));
    for header in ["authorization", "cookie", "referer", "origin"] {
        assert!(!seen.contains(&format!("\n{header}:")), "{seen}");
    }
}

/// RFC 7517 §9.1.
#[tokio::test]
async fn a_redirect_is_not_followed_to_the_same_host_nor_to_another() {
    let other = Server::sending(answer("200 OK", "", b"{}"));
    for status in [301, 302, 303, 307, 308] {
        let target = format!("{}/keys", other.base());
        for place in ["/keys", &target, "//127.0.0.1/keys", "file:///etc/hostname"] {
            let redirect = format!("Location: {place}\r\n");
            let server = Server::sending(answer(&format!("{status} Elsewhere"), &redirect, b""));
            let found = fetched_from(&server).await;
            assert!(matches!(found, Err(FetchError::Status(found)) if found == status), "{found:?}");
            assert_eq!(server.seen().len(), 1);
        }
    }
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn only_status_200_is_accepted_whatever_the_body() {
    for status in [201, 203, 204, 206, 304, 400, 401, 403, 404, 429, 500, 502, 503, 504] {
        let body: &[u8] = if matches!(status, 204 | 304) { b"" } else { br#"{"keys":[]}"# };
        let server = Server::sending(answer(&format!("{status} Status"), "", body));
        let found = fetched_from(&server).await;
        assert!(matches!(found, Err(FetchError::Status(found)) if found == status), "{status}: {found:?}");
    }
}
