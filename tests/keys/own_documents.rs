//! The documents in which the service publishes its keys and addresses: how they are cached, and what the metadata says.

use std::sync::Arc;

use axum::body::Body;
use entra_emulator::TokenSpec;
use http::Request;
use pozi_auth::{
    keyring::{PUBLISHED_LIFETIMES, SigningAlgorithm::Es256},
    session::Issuer,
};
use pozi_local::samples;
use pozi_tests::{World, part, send, verified_by};
use serde_json::{Value, json};

use super::own::{JWKS, entries, key_set};

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

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
