//! Revoked sessions at the gate: what is refused, and the documents that are not accepted.

use entra_emulator::Person;
use pozi_auth::{
    issuer::REVOCATIONS_PATH,
    keyring::{KeyId, RotationRequest},
    revision::Revision,
    revocation::{Revoked, RevokedKind},
};
use pozi_gate::Status;
use pozi_local::samples;
use pozi_tests::{Outage, World, part};

use super::{
    proxy::{Proxy, no_timeouts},
    site::{RIVERBEND, Site, riverbend},
};

/// How long a gate uses a document without a fetch.
const FRESH: u64 = 30;

/// Revokes `session`, or what of it is of this kind.
pub(super) async fn revoke(world: &World, kind: RevokedKind, session: &str) {
    let claims = part(session, 1);
    let subject = claims["sub"].as_str().unwrap().split_once('.').unwrap();
    let revoked = match kind {
        RevokedKind::Session => Revoked::Session { id: claims["jti"].as_str().unwrap().parse().unwrap() },
        RevokedKind::Site => Revoked::Site { url: RIVERBEND.into() },
        RevokedKind::Person => {
            Revoked::Person { tenant: subject.0.parse().unwrap(), object: subject.1.parse().unwrap() }
        }
        RevokedKind::Key => {
            let key: KeyId = serde_json::from_value(part(session, 0)["kid"].clone()).unwrap();
            drop(world.run(&RotationRequest::Revoke(key)).await.unwrap());
            return;
        }
    };
    world.revoke(revoked);
}

/// RFC 6750 §3.1.
#[tokio::test]
async fn refuses_what_was_revoked_and_nothing_else_once_the_document_is_there() {
    for (kind, others_pass) in [
        (RevokedKind::Session, true),
        (RevokedKind::Person, true),
        (RevokedKind::Site, false),
        (RevokedKind::Key, false),
    ] {
        let site = Site::new().await;
        let (reader, editor) = (site.session(Person::Reader).await, site.session(Person::Editor).await);
        assert_eq!(site.reads("planning", &reader).await.status, 204);
        revoke(&site.world, kind, &reader).await;
        assert_eq!(site.reads("planning", &reader).await.status, 204, "the document is still fresh");
        site.world.clock.advance(FRESH);
        let refused = site.reads("planning", &reader).await;
        assert_eq!((refused.status.as_u16(), refused.json["reason"].as_str()), (401, Some("revoked")));
        let challenge = refused.header("www-authenticate");
        let expected = format!(r#"error="invalid_token", error_description="revoked with its {kind}""#);
        assert!(challenge.ends_with(&expected), "{challenge}");
        let passes = site.reads("planning", &editor).await.status == 204;
        assert_eq!(passes, others_pass, "{kind}");
        let health = site.health().report();
        assert_eq!((health.status, health.revocations.entries), (Status::Ok, 1), "{health:?}");
    }
}

#[tokio::test]
async fn fetches_the_key_set_at_once_if_another_key_signed_the_document() {
    let site = Site::new().await;
    let session = site.session(Person::Reader).await;
    assert_eq!(site.reads("planning", &session).await.status, 204);
    let foreign = Site::new().await.session(Person::Reader).await;
    assert_eq!(site.reads("planning", &foreign).await.json["reason"], "unknown_key");
    assert_eq!(site.published.keys.calls(), 2, "for the unknown key; the next such fetch is due in 30 s");
    site.world.clock.advance(FRESH - 1);
    revoke(&site.world, RevokedKind::Key, &session).await;
    site.world.clock.advance(1);
    assert_eq!(site.reads("planning", &session).await.json["reason"], "revoked");
    assert_eq!(site.published.keys.calls(), 3, "the new key signed the document");
    let renewed = site.session(Person::Reader).await;
    assert_eq!(site.reads("planning", &renewed).await.status, 204);
    assert_eq!(site.published.keys.calls(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cached_session_is_refused_as_soon_as_it_is_revoked() {
    let proxy = Proxy::with(no_timeouts()).await;
    let (revoked, other) = (proxy.session().await, proxy.session().await);
    for session in [&revoked, &other] {
        assert_eq!(proxy.map(session, "zones").await.status, 200);
    }
    revoke(&proxy.world, RevokedKind::Session, &revoked).await;
    proxy.world.clock.advance(FRESH);
    for _ in 0..2 {
        assert_eq!(proxy.map(&revoked, "zones").await.verdict(), (401, "revoked".into()));
    }
    assert_eq!(proxy.map(&other, "zones").await.status, 200);
}

/// RFC 9110 §10.2.3.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_site_refuses_cached_sessions_with_503_and_opens_again_by_itself() {
    let mut files = samples::site_files();
    files[0].text = files[0].text.replacen("origins =", "revocation_limit_minutes = 5\norigins =", 1);
    let proxy = Proxy::of(&files, no_timeouts()).await;
    let session = proxy.session().await;
    assert_eq!(proxy.map(&session, "zones").await.status, 200);
    proxy.gate.published.revocations.fail_with(Outage::Unavailable);
    proxy.world.clock.advance(300);
    assert_eq!(proxy.map(&session, "zones").await.status, 200);
    proxy.world.clock.advance(1);
    let refused = proxy.map(&session, "zones").await;
    assert_eq!(refused.verdict(), (503, "revocations_unavailable".into()));
    let head = refused.head.to_lowercase();
    assert!(head.contains("retry-after: 10") && !head.contains("www-authenticate"), "{head}");
    proxy.gate.published.revocations.recover();
    proxy.world.clock.advance(10);
    assert_eq!(proxy.map(&session, "zones").await.status, 200);
}

/// Returns the document that the service offers now.
async fn document(world: &World) -> Vec<u8> {
    world.get(REVOCATIONS_PATH, &[]).await.body
}

#[tokio::test]
async fn goes_on_with_the_newest_document_whatever_is_offered_instead() {
    let site = Site::new().await;
    let session = site.session(Person::Reader).await;
    let before = document(&site.world).await;
    revoke(&site.world, RevokedKind::Session, &session).await;
    site.world.clock.advance(FRESH);
    let replayed = document(&site.world).await;
    site.world.clock.advance(60);
    assert_eq!(site.reads("planning", &session).await.json["reason"], "revoked");

    let newest = String::from_utf8(document(&site.world).await).unwrap();
    let (message, signature) = newest.rsplit_once('.').unwrap();
    let forged =
        format!("{}.{signature}", String::from_utf8(before.clone()).unwrap().rsplit_once('.').unwrap().0);
    let key_set = site.world.get("/.well-known/jwks.json", &[]).await.body;
    let health = site.health();
    for (what, bytes, says) in [
        ("from before", before, "`pozi revoke resume --after 2`"),
        ("replayed", replayed, "an older revocation document"),
        ("forged", forged.into_bytes(), "its signature does not match"),
        ("truncated", message.as_bytes()[..200].to_vec(), "is refused: "),
        ("huge", vec![b'a'; 200_000], "it has 200000 bytes"),
        ("of another service", document(&World::new().await).await, "publishes no key"),
        ("no text", vec![0xff; 90], "is refused: "),
        ("a key set", key_set, "is refused: "),
        ("a session", session.clone().into_bytes(), "its `typ` is not"),
        ("empty", Vec::new(), "is refused: "),
    ] {
        site.published.revocations.fail_with(Outage::OtherDocument(bytes));
        site.world.clock.advance(FRESH);
        assert_eq!(site.reads("planning", &session).await.json["reason"], "revoked", "{what}");
        let report = health.report();
        let problem = report.revocations.problem.unwrap();
        assert!(report.status == Status::Degraded && problem.contains(says), "{what}: {problem}");
        assert_eq!((report.revocations.sequence, report.revocations.entries), (Some(2), 1), "{what}");
    }
    site.published.revocations.recover();
    site.world.clock.advance(FRESH);
    assert_eq!(site.reads("planning", &session).await.json["reason"], "revoked");
    let report = health.report();
    assert_eq!((report.status, report.revocations.problem), (Status::Ok, None));
}

#[tokio::test]
async fn refuses_sessions_of_an_older_policy_than_the_site_file_requires() {
    let site = Site::new().await;
    let session = site.session(Person::Reader).await;
    let mut rules = riverbend(&site.world);
    for (minimum, status, reason) in [(1, 204, None), (2, 401, Some("policy_outdated"))] {
        rules.minimum_revision = Some(Revision(minimum));
        let answer = Site::of(site.world.clone()).reloaded(&rules).reads("planning", &session).await;
        assert_eq!((answer.status.as_u16(), answer.json["reason"].as_str()), (status, reason));
        assert_eq!(answer.header("www-authenticate").contains("invalid_token"), status == 401);
    }
}
