//! The service's own keys: published before they sign and until every session has expired, and only the public keys.

use std::{collections::BTreeSet, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::TokenSpec;
use http::Request;
use pozi_auth::{
    keyring::{
        KeyId, PUBLISHED_LIFETIMES, RING_LIFETIMES, RotationRequest,
        SigningAlgorithm::{self, Es256, Rs256},
        SoftwareKeys, carry_out,
    },
    session::Issuer,
    timestamp::Timestamp,
};
use pozi_local::samples;
use pozi_tests::{NOW, World, part, send, verified_by};
use serde_json::{Value, json};

const JWKS: &str = "/.well-known/jwks.json";
const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

async fn world_of(algorithm: SigningAlgorithm) -> World {
    World::with(&samples::site_files(), algorithm).await
}

async fn key_set(world: &World) -> Value {
    let answer = world.get(JWKS, &[]).await;
    assert_eq!(answer.status, 200);
    answer.json
}

fn entries(key_set: &Value) -> &[Value] {
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

/// RFC 8414 §3.1, §3.2; RFC 9110 §8.8.3, §13.1.2, §15.4.5; RFC 9111 §4.2.1, §4.2.4, §5.2.2.9; RFC 9700 §2.6;
/// RFC 10017 §6.3.3.4.
#[tokio::test]
async fn an_unchanged_document_is_answered_with_304() {
    let world = World::new().await;
    for path in [JWKS, OAUTH, OPENID] {
        let whole = world.get(path, &[("origin", "https://anywhere.example")]).await;
        assert_eq!(whole.header("content-type"), "application/json");
        assert_eq!(whole.header("access-control-allow-origin"), "*");
        let etag = whole.header("etag").to_owned();
        assert!(
            etag.starts_with('"') && etag.ends_with('"') && etag.len() > 20,
            "not a strong validator: {etag}"
        );
        for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
            let again = world.get(path, &[("if-none-match", &known)]).await;
            assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{path} {known}");
            assert_eq!(
                (again.header("etag"), again.header("access-control-allow-origin")),
                (etag.as_str(), "*")
            );
        }
        let again = world.get(path, &[("if-none-match", &etag)]).await;
        for name in ["cache-control", "content-location", "etag", "expires", "vary"] {
            assert_eq!(again.header(name), whole.header(name), "{path} {name}");
        }
        let cache = whole.header("cache-control");
        assert_eq!(cache, "public, max-age=300, s-maxage=5, stale-if-error=86400");
        let other = world.get(path, &[("if-none-match", "\"other\"")]).await;
        assert_eq!((other.status.as_u16(), other.body), (200, whole.body));
    }
}

/// RFC 9110 §9.3.2.
#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let world = World::new().await;
    for path in [JWKS, OAUTH, OPENID, "/nowhere"] {
        let get = world.get(path, &[]).await;
        let head = world.send(Request::head(path).body(Body::empty()).unwrap()).await;
        assert_eq!((head.status, head.body.len()), (get.status, 0), "{path}");
        for name in ["cache-control", "content-type", "etag", "vary"] {
            assert_eq!(head.header(name), get.header(name), "{path} {name}");
        }
    }
}

/// RFC 9110 §8.8.1.
#[tokio::test]
async fn a_changed_key_set_has_another_etag() {
    let world = World::new().await;
    let before = world.get(JWKS, &[]).await;
    world.clock.advance(24 * 7 * 3_600 - 3 * 3_600);
    world.rotate().await;
    let after = world.get(JWKS, &[("if-none-match", before.header("etag"))]).await;
    assert_eq!(after.status, 200);
    assert_ne!(before.header("etag"), after.header("etag"));
    assert_eq!(entries(&before.json), &entries(&after.json)[..1]);
}

/// RFC 6749 §3.2; RFC 8414 §2, §3, §3.2, §3.3; RFC 9068 §4; RFC 9700 §2.6; RFC 10017 §6.3.3.1.
#[tokio::test]
async fn the_metadata_gives_the_issuer_and_the_addresses() {
    let world = World::new().await;
    let issuer = world.issuer.as_str();
    assert!(!issuer.ends_with('/'));
    let authorization_server = json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/oauth2/token"),
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "pozi_revocations_uri": format!("{issuer}/.well-known/pozi-revocations"),
        "grant_types_supported": ["urn:ietf:params:oauth:grant-type:token-exchange"],
        "token_endpoint_auth_methods_supported": ["none"],
        "response_types_supported": ["none"],
    });
    assert_eq!(world.get(OAUTH, &[]).await.json, authorization_server);
    let mut openid = authorization_server;
    openid["authorization_endpoint"] = json!(format!("{issuer}/oauth2/authorize"));
    openid["subject_types_supported"] = json!(["public"]);
    openid["id_token_signing_alg_values_supported"] = json!(["ES256", "RS256"]);
    assert_eq!(world.get(OPENID, &[]).await.json, openid);

    // The addresses work, and the issuer is the one in the tokens.
    let path = |name: &str| openid[name].as_str().unwrap().strip_prefix(issuer).unwrap().to_owned();
    assert_eq!(path("token_endpoint"), "/oauth2/token");
    let answer = world.exchange(&world.token(&TokenSpec::default()), &[]).await;
    assert_eq!(part(answer.session(), 1)["iss"], openid["issuer"]);
    let keys = world.get(&path("jwks_uri"), &[]).await.json;
    assert!(verified_by(answer.session(), &keys).is_some());
}

/// OpenID Connect Discovery 1.0 §3, as a strict client reads it.
/// RFC 8414 §2; RFC 9068 §4; RFC 9700 §2.1.
#[tokio::test]
async fn the_openid_metadata_has_every_required_member() {
    for issuer in ["https://auth.example", "https://auth.example/councils/pozi"] {
        let world = World::of_issuer(issuer).await;
        let base = issuer.strip_prefix("https://auth.example").unwrap();
        let metadata = world.get(&format!("{base}{OPENID}"), &[]).await.json;
        assert_eq!(metadata["issuer"], issuer);
        for url in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
            assert!(metadata[url].as_str().unwrap().starts_with(&format!("{issuer}/")), "{url}");
        }
        for list in
            ["response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"]
        {
            assert!(!metadata[list].as_array().unwrap().is_empty(), "{list}");
        }
        let algorithms = metadata["id_token_signing_alg_values_supported"].as_array().unwrap();
        assert!(algorithms.contains(&json!("RS256")));

        // The authorization endpoint exists, and sends nobody anywhere (RFC 6749 §4.1.2.1).
        let endpoint = metadata["authorization_endpoint"].as_str().unwrap();
        let path = endpoint.strip_prefix("https://auth.example").unwrap();
        let query = "response_type=code&client_id=spa&redirect_uri=https://evil.example/";
        let answer = world.get(&format!("{path}?{query}"), &[]).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.refusal(), ("unsupported_response_type", "no_authorization_endpoint"));
        assert_eq!(answer.header("location"), "");
    }
}

/// RFC 8414 §3.1: the well-known path comes before the issuer's path.
/// RFC 8414 §3, §3.3.
#[tokio::test]
async fn the_metadata_of_an_issuer_with_a_path_is_below_the_well_known_path() {
    let world = World::new().await;
    let issuer: Issuer = "https://auth.example/councils/pozi".parse().unwrap();
    let ring = Arc::new(world.ring.clone());
    let router =
        pozi_jwks::router(&issuer, world.clock.clone(), ring, PUBLISHED_LIFETIMES, pozi_jwks::MAX_AGE);
    for (below, status) in
        [("/councils/pozi", 200), ("/councils/pozi/", 404), ("/councils", 404), ("/councils/other", 404)]
    {
        let request = Request::get(format!("{OAUTH}{below}")).body(Body::empty()).unwrap();
        let answer = send(router.clone(), request).await;
        assert_eq!(answer.status, status, "{below}");
        let named = if status == 200 { json!(issuer.as_str()) } else { Value::Null };
        assert_eq!(answer.json["issuer"], named, "{below}");
    }
    assert_eq!(
        world.get(&format!("{OAUTH}/councils/pozi"), &[]).await.status,
        404,
        "this issuer has no path"
    );
}

#[tokio::test]
async fn without_a_stored_key_ring_only_the_metadata_is_available() {
    let world = World::without_ring(&samples::site_files(), Es256);
    let answer = world.get(JWKS, &[]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.refusal()),
        (503, ("temporarily_unavailable", "signing_unavailable"))
    );
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.header("cache-control"), "no-store", "a refusal is not cached");
    assert_eq!(world.get(OAUTH, &[]).await.status, 200);
    world.rotate().await;
    world.clock.advance(10);
    assert_eq!(entries(&key_set(&world).await).len(), 1);
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
