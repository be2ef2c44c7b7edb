//! What was revoked: refusals of the exchange, and the document that it serves.

use entra_emulator::{Person, TokenSpec, Version};
use http::{Method, Request};
use pozi_auth::{
    identifiers::{ObjectId, TenantId},
    issuer::REVOCATIONS_PATH,
    keyring::{KeyId, KeyRingSource, SigningAlgorithm},
    public_key::PublicKey,
    revocation::{
        LIST_HELD, MAX_REVOCATION_BYTES, Revocations, Revoked, RevokedKind, SessionMarks,
        UnverifiedRevocations,
    },
    session::Issuer,
    timestamp::{Clock, Timestamp},
};
use pozi_local::samples;
use pozi_tests::{Answer, NOW, World, part};

use super::{RIVERBEND, SALTMARSH, ask, assert_invalid, assert_refused};

/// How long an instance uses a list.
const FRESH: u64 = 5;

fn person_of(token: &str) -> (TenantId, ObjectId) {
    let claims = part(token, 1);
    let id = |name: &str| claims[name].as_str().unwrap().to_owned();
    (id("tid").parse().unwrap(), id("oid").parse().unwrap())
}

async fn granted(world: &World, token: &str) -> bool {
    let answer = world.exchange(token, &[]).await;
    if answer.status != 200 {
        assert_invalid(&answer, "revoked");
    }
    answer.status == 200
}

#[tokio::test]
async fn a_token_from_before_is_refused_and_a_newer_one_is_not() {
    for by_site in [true, false] {
        let world = World::new().await;
        let of = |site: &str, person| world.token(&ask(site, person, Version::V1));
        let [reader, editor, elsewhere] =
            [("riverbend", Person::Reader), ("riverbend", Person::Editor), ("saltmarsh", Person::Reader)]
                .map(|(site, person)| of(site, person));
        assert!(granted(&world, &reader).await);
        let (tenant, object) = person_of(&reader);
        world.revoke(if by_site {
            Revoked::Site { url: RIVERBEND.into() }
        } else {
            Revoked::Person { tenant, object }
        });
        world.clock.advance(FRESH);
        assert!(!granted(&world, &reader).await);
        assert_eq!(granted(&world, &editor).await, !by_site);
        assert!(granted(&world, &elsewhere).await, "{SALTMARSH}");
        let explained = world.explain(&pozi_tests::exchange_form(&reader, &[])).await;
        assert_eq!(explained.json["reason"], "revoked", "{}", explained.json);

        world.clock.set(NOW + LIST_HELD.as_secs() - 1);
        assert!(!granted(&world, &of("riverbend", Person::Reader)).await, "an older list may be in use");
        world.clock.set(NOW + LIST_HELD.as_secs());
        assert!(granted(&world, &of("riverbend", Person::Reader)).await);
        assert!(!granted(&world, &reader).await);
    }
}

/// Its session is what was revoked, not the person.
#[tokio::test]
async fn a_revoked_session_keeps_nobody_out() {
    let world = World::new().await;
    let token = world.token(&TokenSpec::default());
    let session = world.exchange(&token, &[]).await.session().to_owned();
    world.revoke(Revoked::Session { id: part(&session, 1)["jti"].as_str().unwrap().parse().unwrap() });
    world.clock.advance(FRESH);
    assert!(granted(&world, &token).await);
}

async fn active(world: &World) -> KeyId {
    world.ring.load().await.unwrap().unwrap().0.active().unwrap().id.clone()
}

/// A list that is ahead of the ring, as after a run that was killed, or a backup that brings an old key back.
#[tokio::test]
async fn a_key_on_the_list_never_signs_whatever_the_ring_says() {
    let world = World::new().await;
    let token = world.token(&TokenSpec::default());
    assert!(granted(&world, &token).await);
    let key = active(&world).await;
    world.revoke(Revoked::Key { id: key.clone() });
    world.clock.advance(FRESH);
    assert_refused(
        &world.exchange(&token, &[]).await,
        (503, "temporarily_unavailable", "signing_unavailable"),
    );
    assert_refused(&document(&world).await, (503, "temporarily_unavailable", "signing_unavailable"));
    let revoke = pozi_auth::keyring::RotationRequest::Revoke(key.clone());
    world.run(&revoke).await.unwrap();
    world.clock.advance(1);
    let session = world.exchange(&token, &[]).await.session().to_owned();
    assert_ne!(part(&session, 0)["kid"], key.as_str());
}

async fn document(world: &World) -> Answer {
    world.get(REVOCATIONS_PATH, &[]).await
}

async fn verified(world: &World, answer: &Answer) -> Revocations {
    let text = std::str::from_utf8(&answer.body).unwrap();
    let unverified = UnverifiedRevocations::parse(text).unwrap();
    let (ring, _) = world.ring.load().await.unwrap().unwrap();
    let key = ring.keys().iter().find(|key| key.id.as_str() == unverified.key_id()).unwrap();
    let public = PublicKey::of(&key.jwk).unwrap();
    unverified.verify(&world.issuer, &public, world.clock.now()).unwrap()
}

/// RFC 7515 §4.1.9; RFC 8725 §3.11; RFC 9110 §8.8.3, §13.1.2, §15.4.5; RFC 9111 §5.2.2.4.
#[tokio::test]
async fn the_document_says_what_was_revoked_and_is_signed_like_a_session() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
        let world = World::with(&samples::site_files(), algorithm).await;
        let token = world.token(&TokenSpec::default());
        let session = part(world.exchange(&token, &[]).await.session(), 1);
        let first = document(&world).await;
        assert_eq!(first.status, 200);
        for (name, value) in [
            ("content-type", "application/jwt"),
            ("cache-control", "no-cache"),
            ("x-content-type-options", "nosniff"),
            ("access-control-allow-origin", "*"),
        ] {
            assert_eq!(first.header(name), value);
        }
        assert!(first.body.len() <= MAX_REVOCATION_BYTES);
        let key = active(&world).await;
        let header = part(std::str::from_utf8(&first.body).unwrap(), 0);
        let expected = serde_json::json!({
            "typ": "pozi-revocations+jwt", "alg": algorithm.name(), "kid": key.as_str(),
        });
        assert_eq!(header, expected);
        assert_eq!(verified(&world, &first).await.count(), 0);
        assert_eq!(first.header("etag"), format!("W/\"1-{NOW}-{key}\""));

        let etag = first.header("etag").to_owned();
        let again = world.get(REVOCATIONS_PATH, &[("if-none-match", &etag)]).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
        assert_eq!(again.header("etag"), etag);
        let (tenant, object) = person_of(&token);
        world.revoke(Revoked::Person { tenant, object });
        world.clock.advance(FRESH);
        let second = world.get(REVOCATIONS_PATH, &[("if-none-match", &etag)]).await;
        assert_eq!(second.status, 200, "another list");
        let text = |name: &str| session[name].as_str().unwrap();
        let marks = SessionMarks::of(text("aud"), text("sub"), text("jti"));
        let issued = Timestamp::from_unix_seconds(session["iat"].as_u64().unwrap());
        let revocations = verified(&world, &second).await;
        assert_eq!((revocations.sequence(), revocations.count()), (2, 1));
        assert_eq!(revocations.revokes(key.as_str(), issued, &marks), Some(RevokedKind::Person));
        assert!(!String::from_utf8_lossy(&second.body).contains(text("sub")));
    }
}

#[tokio::test]
async fn the_same_bytes_are_served_for_a_minute() {
    let world = World::new().await;
    let first = document(&world).await;
    for (seconds, is_same) in [(1, true), (59, true), (60, false)] {
        world.clock.set(NOW + seconds);
        assert_eq!(document(&world).await.body == first.body, is_same, "{seconds}");
    }
}

#[tokio::test]
async fn the_document_is_below_the_issuers_path_too_and_only_read() {
    let world = World::of_issuer("https://api.example/stage").await;
    for path in [REVOCATIONS_PATH.to_owned(), format!("/stage{REVOCATIONS_PATH}")] {
        assert_eq!(world.get(&path, &[]).await.status, 200, "{path}");
        for (method, status) in [(Method::HEAD, 200), (Method::POST, 405), (Method::DELETE, 405)] {
            let request = Request::builder().method(method).uri(&path).body(axum::body::Body::empty());
            assert_eq!(world.send(request.unwrap()).await.status, status);
        }
    }
    let metadata = world.get("/.well-known/oauth-authorization-server", &[]).await.json;
    let issuer: Issuer = "https://api.example/stage".parse().unwrap();
    assert_eq!(metadata["pozi_revocations_uri"], issuer.revocations_url());
}

#[tokio::test]
async fn without_a_ring_there_is_no_document() {
    let world = World::without_ring(&samples::site_files(), SigningAlgorithm::Es256);
    assert_refused(&document(&world).await, (503, "temporarily_unavailable", "signing_unavailable"));
}
