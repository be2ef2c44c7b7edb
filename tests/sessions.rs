//! Sessions, verified as a server of data does: with the published keys, current or cached.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "sessions/kit.rs"]
mod kit;

use std::{collections::HashMap, sync::Arc};

use entra_emulator::{Kind, Person, TokenSpec, Version};
use http::Request;
use jsonwebtoken::jwk::JwkSet;
use pozi_auth::{
    identifiers::TenantId,
    keyring::{KeyRingSource, PublishedKeySet, SigningAlgorithm},
    public_key::PublicKey,
    revocation::Revocations,
    session::{
        SessionKeyError, SessionKeySet, SessionKeySource, SessionRefusal, SessionVerifier, VerifiedSession,
    },
    sites::{Access, Site},
    timestamp::Timestamp,
};
use pozi_local::samples;
use pozi_tests::{World, riverbend_tenant};

const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";
const SALTMARSH: &str = "https://poziserver-saltmarsh.example/pozi/";
const HOUR: u64 = 3_600;

fn ask(person: Person) -> TokenSpec {
    TokenSpec { site: "riverbend".into(), person, ..TokenSpec::default() }
}

async fn session_of(world: &World, person: Person) -> String {
    let answer = world.exchange(&world.token(&ask(person)), &[]).await;
    assert!(!answer.session().is_empty(), "{:?}", answer.json);
    answer.session().to_owned()
}

async fn published(world: &World) -> SessionKeySet {
    let ring = world.ring.load().await.unwrap().unwrap().0;
    SessionKeySet::parse(PublishedKeySet::of(&ring).as_json()).unwrap()
}

fn now(world: &World) -> Timestamp {
    Timestamp::from_unix_seconds(world.clock.unix_seconds())
}

/// Verifies `token` as riverbend's server does, with `keys`.
async fn verify_at_riverbend(
    world: &World,
    keys: impl SessionKeySource,
    token: &str,
) -> Result<VerifiedSession, SessionRefusal> {
    SessionVerifier::new(world.issuer.clone(), RIVERBEND.into(), riverbend_tenant(), keys)
        .verify(token, now(world))
        .await
}

/// The served key set, parsed by an independent library.
struct Served(HashMap<String, PublicKey>);

impl Served {
    async fn by(world: &World) -> Self {
        let request = Request::get("/.well-known/jwks.json").body(axum::body::Body::empty()).unwrap();
        let set: JwkSet = serde_json::from_value(world.send(request).await.json).unwrap();
        let key =
            |jwk: &jsonwebtoken::jwk::Jwk| (jwk.common.key_id.clone().unwrap(), PublicKey::of(jwk).unwrap());
        Self(set.keys.iter().map(key).collect())
    }
}

impl SessionKeySource for Served {
    async fn find(&self, id: &str, _: Timestamp) -> Result<Option<PublicKey>, SessionKeyError> {
        Ok(self.0.get(id).cloned())
    }

    async fn revocations(&self, _: Timestamp) -> Arc<Revocations> {
        Arc::default()
    }
}

/// RFC 7518 §3.1, §8.1; RFC 7519 §8; RFC 8725 §3.2; RFC 9068 §2.1, §4; RFC 9700 §2.3.
#[tokio::test]
async fn a_session_allows_exactly_what_the_persons_groups_may() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
        let world = World::with(&samples::site_files(), algorithm).await;
        for (person, scope) in [
            (Person::Reader, "heritage:read planning:read"),
            (Person::Editor, "assets:read assets:write heritage:read planning:read"),
        ] {
            let token = session_of(&world, person).await;
            let session = verify_at_riverbend(&world, Served::by(&world).await, &token).await.unwrap();
            let from_ring = verify_at_riverbend(&world, published(&world).await, &token).await;
            assert_eq!(from_ring.as_ref(), Ok(&session), "the served key set and the ring's agree");
            assert_eq!(session.scope().to_string(), scope);
            for file in samples::site_files() {
                for catalogue in Site::parse(&file.text).unwrap().catalogues {
                    for access in [Access::Read, Access::Write] {
                        let may = scope.split(' ').any(|one| one == format!("{}:{access}", catalogue.id));
                        assert_eq!(session.allows(&catalogue.id, access), may, "{} in {scope}", catalogue.id);
                    }
                }
            }
        }
    }
}

/// RFC 7519 §4.1.2; RFC 8693 §4.3; RFC 8725 §3.8; RFC 9068 §2.2.
#[tokio::test]
async fn a_session_names_its_subject_by_entras_ids() {
    let world = World::new().await;
    let claims = world.entra.claims(&ask(Person::Reader), world.clock.unix_seconds()).unwrap();
    let token = session_of(&world, Person::Reader).await;
    let session = verify_at_riverbend(&world, published(&world).await, &token).await.unwrap();
    let claim = |name: &str| claims[name].as_str().unwrap();
    assert_eq!(session.subject(), format!("{}.{}", claim("tid"), claim("oid")));
    assert_eq!((session.tenant(), session.client()), (claim("tid"), claim("appid")));
    assert_eq!(session.expires().unix_seconds(), world.clock.unix_seconds() + 600);
    let again = session_of(&world, Person::Reader).await;
    let again = verify_at_riverbend(&world, published(&world).await, &again).await.unwrap();
    assert_ne!(again.id(), session.id(), "every session has its own id");
}

/// RFC 9068 §4.
#[tokio::test]
async fn a_session_is_valid_until_exp_without_leeway() {
    let world = World::new().await;
    let keys = published(&world).await;
    let token = session_of(&world, Person::Reader).await;
    world.clock.advance(599);
    assert!(verify_at_riverbend(&world, keys.clone(), &token).await.is_ok());
    world.clock.advance(1);
    assert_eq!(verify_at_riverbend(&world, keys, &token).await, Err(SessionRefusal::Expired));
}

/// RFC 6750 §5.3; RFC 7519 §2; RFC 8414 §4; RFC 8707 §2, §3; RFC 9068 §4; RFC 9700 §2.2.1, §2.3.
#[tokio::test]
async fn a_session_is_valid_only_for_its_own_site_and_issuer() {
    let world = World::new().await;
    let token = session_of(&world, Person::Reader).await;
    let (own, other) = (world.issuer.as_str(), "https://other.example");
    let (tenant, of_another) = (riverbend_tenant(), TenantId::new(uuid::Uuid::nil()));
    for (issuer, audience, tenant, outcome) in [
        (own, RIVERBEND, tenant, None),
        (own, SALTMARSH, tenant, Some(SessionRefusal::AudienceMismatch)),
        (own, RIVERBEND.trim_end_matches('/'), tenant, Some(SessionRefusal::AudienceMismatch)),
        (own, "", tenant, Some(SessionRefusal::AudienceMismatch)),
        (own, RIVERBEND, of_another, Some(SessionRefusal::TenantMismatch)),
        (other, RIVERBEND, tenant, Some(SessionRefusal::IssuerMismatch)),
        ("https://auth.example/pozi", RIVERBEND, tenant, Some(SessionRefusal::IssuerMismatch)),
    ] {
        let (issuer, keys) = (issuer.parse().unwrap(), published(&world).await);
        let verifier = SessionVerifier::new(issuer, audience.into(), tenant, keys);
        assert_eq!(verifier.verify(&token, now(&world)).await.err(), outcome, "{audience} {tenant}");
    }
}

/// RFC 9068 §4.
#[tokio::test]
async fn a_session_of_another_service_with_the_same_issuer_is_refused() {
    let (world, other) = (World::new().await, World::new().await);
    let token = session_of(&other, Person::Reader).await;
    let found = verify_at_riverbend(&world, published(&world).await, &token).await;
    assert_eq!(found, Err(SessionRefusal::UnknownKey));
    let header = |token: &str| token.split('.').next().unwrap().to_owned();
    let own = session_of(&world, Person::Reader).await;
    let renamed = token.replacen(&header(&token), &header(&own), 1);
    let found = verify_at_riverbend(&world, published(&world).await, &renamed).await;
    assert_eq!(found, Err(SessionRefusal::BadSignature));
}

/// RFC 8725 §2.8, §3.12; RFC 9068 §4.
#[tokio::test]
async fn no_token_of_entra_is_a_session() {
    let world = World::new().await;
    for version in [Version::V1, Version::V2] {
        for kind in [Kind::Access, Kind::Id] {
            let token = world.token(&TokenSpec { version, kind, ..ask(Person::Editor) });
            let found = verify_at_riverbend(&world, published(&world).await, &token).await;
            assert_eq!(found, Err(SessionRefusal::NotASession), "{version:?} {kind:?}");
        }
    }
}

/// A key is published for three hours before it signs and for 26 after, so that a key set fetched in that time verifies
/// every valid session.
#[tokio::test]
async fn a_cached_key_set_verifies_what_the_next_key_signs() {
    let world = World::new().await;
    let before_publication = published(&world).await;
    let hours = async |count: u64| {
        world.clock.advance(count * HOUR);
        world.rotate().await;
    };
    hours(7 * 24 - 3).await;
    let while_pending = published(&world).await;
    let by_old_key = session_of(&world, Person::Reader).await;
    assert!(verify_at_riverbend(&world, before_publication.clone(), &by_old_key).await.is_ok());

    hours(3).await;
    let by_new_key = session_of(&world, Person::Reader).await;
    let after_promotion = published(&world).await;
    for keys in [while_pending, after_promotion] {
        assert!(verify_at_riverbend(&world, keys, &by_new_key).await.is_ok());
    }
    let found = verify_at_riverbend(&world, before_publication, &by_new_key).await;
    assert_eq!(found, Err(SessionRefusal::UnknownKey), "the cached set is too old");
}

#[tokio::test]
async fn the_newest_key_set_verifies_sessions_of_the_old_key_until_they_expire() {
    let world = World::new().await;
    world.clock.advance((7 * 24 - 3) * HOUR);
    world.rotate().await;
    world.clock.advance(3 * HOUR - 1);
    let by_old_key = session_of(&world, Person::Reader).await;
    world.clock.advance(1);
    world.rotate().await;
    for (seconds, outcome) in [(0, None), (598, None), (1, Some(SessionRefusal::Expired))] {
        world.clock.advance(seconds);
        world.rotate().await;
        let found = verify_at_riverbend(&world, published(&world).await, &by_old_key).await;
        assert_eq!(found.err(), outcome, "{seconds}");
    }
    world.clock.advance(26 * HOUR);
    world.rotate().await;
    let found = verify_at_riverbend(&world, published(&world).await, &by_old_key).await;
    assert_eq!(found, Err(SessionRefusal::UnknownKey), "the old key is no longer published");
}
