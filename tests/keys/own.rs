//! The service's own keys: published before they sign and until every session has expired, and only the public keys.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::TokenSpec;
use pozi_auth::{
    keyring::{
        KeyId, RING_LIFETIMES, RotationRequest,
        SigningAlgorithm::{self, Es256, Rs256},
        SoftwareKeys, carry_out,
    },
    timestamp::Timestamp,
};
use pozi_local::samples;
use pozi_tests::{NOW, World, part, verified_by};
use serde_json::{Value, json};

pub(super) const JWKS: &str = "/.well-known/jwks.json";

async fn world_of(algorithm: SigningAlgorithm) -> World {
    World::with(&samples::site_files(), algorithm).await
}

pub(super) async fn key_set(world: &World) -> Value {
    let answer = world.get(JWKS, &[]).await;
    assert_eq!(answer.status, 200);
    answer.json
}

pub(super) fn entries(key_set: &Value) -> &[Value] {
    key_set["keys"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Walks through a rotation in steps of ten minutes, the lifetime of riverbend's sessions. A consumer may have fetched the
/// key set up to two hours before it sees the session (the built-in JWT authorizer of AWS HTTP APIs).
#[tokio::test]
async fn every_session_verifies_with_every_key_set_that_a_consumer_may_have_cached() {
    const STEP: u64 = 600;
    const CACHED: usize = 2 * 3_600 / 600;
    const STEPS: u64 = (24 * 7 + 40) * 6;
    let world = World::new().await;
    let mut served: Vec<Value> = Vec::new();
    let mut sessions: Vec<String> = Vec::new();
    let mut token = (String::new(), 0);
    for step in 0..STEPS {
        let now = NOW + step * STEP;
        world.clock.set(now);
        world.rotate().await;
        if token.1 < now + 2 * STEP {
            token.0 = world.token(&TokenSpec::default());
            token.1 = part(&token.0, 1)["exp"].as_u64().unwrap();
        }
        let answer = world.exchange(&token.0, &[]).await;
        assert_eq!(answer.json["expires_in"], STEP, "{}", answer.json);
        sessions.push(answer.session().to_owned());
        served.push(key_set(&world).await);
    }
    let mut signers = Vec::new();
    for (minted, session) in sessions.iter().enumerate() {
        let key = verified_by(session, &served[minted]).expect("the current key set verifies it");
        let held = &served[minted.saturating_sub(CACHED)..served.len().min(minted + 2)];
        assert!(
            held.iter().all(|set| entries(set).contains(key)),
            "a consumer lacked the key of step {minted}"
        );
        if signers.last() != Some(&key["kid"]) {
            signers.push(key["kid"].clone());
        }
    }
    assert_eq!(signers.len(), 2, "one key replaced another");
    let sizes: BTreeSet<_> = served.iter().map(|set| entries(set).len()).collect();
    assert_eq!(sizes, BTreeSet::from([1, 2]), "around the change both keys are published");
    assert_eq!(entries(served.last().unwrap()).len(), 1, "the old key is removed in the end");
}

/// RFC 9111 §4.2.1.
#[tokio::test]
async fn a_key_is_published_for_three_hours_before_it_signs() {
    let world = World::new().await;
    let mut first_seen: Option<(u64, Value)> = None;
    for minutes in (0..24 * 8 * 60).step_by(10) {
        world.clock.set(NOW + minutes * 60);
        world.rotate().await;
        let set = key_set(&world).await;
        if let (None, [_, new]) = (&first_seen, entries(&set)) {
            first_seen = Some((minutes, new["kid"].clone()));
        }
        if let Some((seen, kid)) = &first_seen {
            let answer = world.exchange(&world.token(&TokenSpec::default()), &[]).await;
            if part(answer.session(), 0)["kid"] == *kid {
                assert!(minutes - seen >= 180, "published for only {} min", minutes - seen);
                return;
            }
        }
    }
    panic!("no key was ever replaced");
}

/// RFC 7517 §4.1, §4.2, §4.3, §4.4, §4.5, §5, §9.2; RFC 7518 §6.2.1, §6.2.2, §6.3.1; RFC 7638 §3.2, §3.3;
/// RFC 8414 §2.
#[tokio::test]
async fn a_key_id_is_the_rfc_7638_thumbprint_and_only_public_members_are_served() {
    for (algorithm, required, members) in [
        (
            Es256,
            ["crv", "kty", "x", "y"].as_slice(),
            ["alg", "crv", "kid", "kty", "use", "x", "y"].as_slice(),
        ),
        (Rs256, ["e", "kty", "n"].as_slice(), ["alg", "e", "kid", "kty", "n", "use"].as_slice()),
    ] {
        let world = world_of(algorithm).await;
        world.clock.advance(24 * 7 * 3_600 - 3 * 3_600);
        world.rotate().await;
        let set = key_set(&world).await;
        assert_eq!(entries(&set).len(), 2, "an active key and a pending one");
        assert_eq!(set.as_object().map(serde_json::Map::len), Some(1));
        for key in entries(&set) {
            let named: Vec<_> = key.as_object().unwrap().keys().collect();
            assert_eq!(named, members);
            assert_eq!((&key["use"], &key["alg"]), (&json!("sig"), &json!(algorithm.name())));
            // The required members in lexicographic order, without blanks (RFC 7638 §3).
            let hashed: Vec<_> = required.iter().map(|name| format!("\"{name}\":{}", key[*name])).collect();
            let hash = digest(&SHA256, format!("{{{}}}", hashed.join(",")).as_bytes());
            assert_eq!(key["kid"], URL_SAFE_NO_PAD.encode(hash));
        }
    }
}

/// What a running instance does that knows of no revocation: a minute later it signs once more with the old key, while it
/// reads the ring again.
#[tokio::test]
async fn after_a_revocation_the_exchange_signs_with_another_key_once_it_has_read_the_ring() {
    for algorithm in [Es256, Rs256] {
        let world = world_of(algorithm).await;
        let kid = |session: &str| part(session, 0)["kid"].clone();
        let session = world.exchange(&world.token(&TokenSpec::default()), &[]).await.session().to_owned();
        let key: KeyId = serde_json::from_value(kid(&session)).unwrap();
        let now = Timestamp::from_unix_seconds(world.clock.unix_seconds());
        let revoke = RotationRequest::Revoke(key.clone());
        let done = carry_out(&world.ring, &SoftwareKeys, &world.policy, &revoke, now).await.unwrap();
        let new = done.ring.active().unwrap().id.as_str();

        world.clock.advance(RING_LIFETIMES.fresh.as_secs() - 1);
        let late = world.exchange(&world.token(&TokenSpec::default()), &[]).await.session().to_owned();
        assert_eq!(kid(&late), key.as_str());
        world.clock.advance(1);
        let last = world.exchange(&world.token(&TokenSpec::default()), &[]).await.session().to_owned();
        assert_eq!(kid(&last), key.as_str());
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let next = world.exchange(&world.token(&TokenSpec::default()), &[]).await.session().to_owned();
        assert_eq!(kid(&next), new);
        let published = key_set(&world).await;
        assert_eq!(entries(&published).len(), 1);
        assert_eq!(entries(&published)[0]["kid"], new);
        assert!(verified_by(&next, &published).is_some());
        for ended in [&session, &late, &last] {
            assert!(verified_by(ended, &published).is_none(), "an ended session verifies");
        }
    }
}
