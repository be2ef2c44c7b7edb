//! The session token (RFC 9068), and the answer that contains it (RFC 8693 §2.2.1).

use std::collections::HashSet;

use entra_emulator::{
    Person,
    Version::{V1, V2},
};
use pozi_auth::{json::Members, keyring::SigningAlgorithm};
use pozi_local::samples;
use pozi_tests::{NOW, World, part, verified_by};
use serde_json::{Value, json};

use super::{RIVERBEND, SALTMARSH, ask, assert_common_headers};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// RFC 6749 §3.3, §5.1; RFC 8693 §2.2.1; RFC 8707 §2.2; RFC 10017 §6.3.4.3.
#[tokio::test]
async fn an_answer_describes_its_token() {
    let world = World::new().await;
    let token = world.token(&ask("riverbend", Person::Reader, V1));
    for (parameters, issued) in [
        (vec![], ACCESS_TOKEN),
        (vec![("requested_token_type", ACCESS_TOKEN)], ACCESS_TOKEN),
        (vec![("requested_token_type", JWT)], JWT),
    ] {
        let mut answer = world.exchange(&token, &parameters).await;
        assert_eq!(answer.status, 200);
        assert_common_headers(&answer);
        let session = answer.json["access_token"].take();
        assert_eq!(session.as_str().map(|text| text.split('.').count()), Some(3));
        let expected = json!({
            "access_token": null,
            "issued_token_type": issued,
            "token_type": "Bearer",
            "expires_in": 600,
            "scope": "heritage:read planning:read",
        });
        assert_eq!(answer.json, expected);
    }
    let as_jwt = world.exchange(&token, &[("subject_token_type", "")]).await;
    assert_eq!(as_jwt.status, 200, "an empty second subject_token_type counts as absent");
}

/// RFC 6749 §3.2; RFC 7517 §4, §5.
#[tokio::test]
async fn no_answer_repeats_a_member() {
    let world = World::new().await;
    let token = world.token(&ask("riverbend", Person::Reader, V1));
    for answer in [
        world.exchange(&token, &[]).await,
        world.exchange(&token, &[("scope", "absent:read")]).await,
        world.get("/.well-known/jwks.json", &[]).await,
        world.get("/.well-known/oauth-authorization-server", &[]).await,
        world.get("/.well-known/openid-configuration", &[]).await,
    ] {
        assert!(Members::parse(&answer.body).is_ok(), "{}", answer.json);
    }
}

/// The limit that docs/standards.md promises to those who store or forward sessions.
/// RFC 6749 §5.1.
#[tokio::test]
async fn a_session_has_at_most_a_kibibyte_and_four_thirds_of_issuer_audience_and_scope() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
        let world = World::with(&samples::site_files(), algorithm).await;
        for person in [Person::Reader, Person::Editor] {
            let answer = world.exchange(&world.token(&ask("riverbend", person, V1)), &[]).await;
            let variable = world.issuer.as_str().len() + RIVERBEND.len() + answer.scope().len();
            assert!(answer.session().len() <= 1_024 + variable * 4 / 3, "{}", answer.session().len());
        }
    }
}

/// RFC 7519 §12; RFC 8693 §4.2, §6; RFC 8725 §3.9; RFC 9068 §2.1, §2.2, §2.2.2.
#[tokio::test]
async fn a_session_has_exactly_its_claims_and_nothing_personal() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
        let world = World::with(&samples::site_files(), algorithm).await;
        let key_set = world.get("/.well-known/jwks.json", &[]).await.json;
        for (site, external_url, minutes) in [("riverbend", RIVERBEND, 10), ("saltmarsh", SALTMARSH, 30)] {
            for version in [V1, V2] {
                let ask = ask(site, Person::Editor, version);
                let subject = world.entra.claims(&ask, NOW).unwrap();
                let answer = world.exchange(&world.token(&ask), &[]).await;
                let (header, claims) = (part(answer.session(), 0), part(answer.session(), 1));

                let key = verified_by(answer.session(), &key_set).expect("a published key verifies it");
                assert_eq!(header, json!({"typ": "at+jwt", "alg": algorithm.name(), "kid": key["kid"]}));
                let expected = json!({
                    "iss": world.issuer.as_str(),
                    "aud": external_url,
                    "sub": format!("{}.{}", text(&subject["tid"]), text(&subject["oid"])),
                    "client_id": subject[if version == V1 { "appid" } else { "azp" }],
                    "tid": subject["tid"],
                    "iat": NOW,
                    "exp": NOW + minutes * 60,
                    "jti": claims["jti"],
                    "scope": answer.scope(),
                    "policy_revision": 1,
                });
                assert_eq!(claims, expected);
                assert_eq!(answer.json["expires_in"], minutes * 60);
                assert_nothing_personal(&subject, &claims.to_string());
            }
        }
    }
}

/// Checks that `payload` has no group of `subject`, and no claim that names or locates a person.
fn assert_nothing_personal(subject: &Value, payload: &str) {
    let personal =
        ["name", "given_name", "family_name", "upn", "unique_name", "preferred_username", "ipaddr", "uti"];
    let mut secrets: Vec<_> = personal.iter().filter_map(|name| subject[name].as_str()).collect();
    secrets.extend(subject["groups"].as_array().into_iter().flatten().filter_map(Value::as_str));
    assert!(secrets.len() > 4, "too few personal claims to look for");
    for secret in secrets {
        assert!(!payload.contains(secret), "{secret} is in {payload}");
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// RFC 6749 §5.1; RFC 6750 §5.2, §5.3; RFC 9700 §2.2.1; RFC 10017 §6.3.4.3, §9.1.
#[tokio::test]
async fn a_session_ends_with_the_sites_limit_or_with_the_subject_token_whichever_is_first() {
    let world = World::new().await;
    for (left, lifetime) in [(1, 1), (599, 599), (600, 600), (601, 600), (28 * 3_600, 600)] {
        let mut claims = world.entra.claims(&ask("riverbend", Person::Reader, V1), NOW).unwrap();
        claims["exp"] = json!(NOW + left);
        let answer = world.exchange(&world.entra.sign(&world.entra.header(V1), &claims), &[]).await;
        assert_eq!(answer.json["expires_in"], lifetime);
        assert_eq!(part(answer.session(), 1)["exp"], NOW + lifetime);
    }
}

/// Clients do not authenticate: the signed token alone says whose session it is, and which client's.
/// RFC 8693 §4.3; RFC 9068 §5; RFC 9700 §2.6.
#[tokio::test]
async fn a_request_chooses_neither_the_client_nor_the_subject_of_its_session() {
    let world = World::new().await;
    let spec = ask("riverbend", Person::Reader, V1);
    let subject = world.entra.claims(&spec, NOW).unwrap();
    let person = format!("{}.{}", text(&subject["tid"]), text(&subject["oid"]));
    for parameters in [
        vec![("client_id", "00000000-0000-0000-0000-000000000009"), ("client_secret", "x")],
        vec![("sub", "another"), ("oid", "another"), ("tid", "another"), ("username", "another")],
    ] {
        let answer = world.exchange(&world.token(&spec), &parameters).await;
        let claims = part(answer.session(), 1);
        assert_eq!(claims["client_id"], subject["appid"], "{parameters:?}");
        assert_eq!((&claims["sub"], &claims["tid"]), (&json!(person), &subject["tid"]), "{parameters:?}");
    }
}

/// RFC 7519 §4.1.7; RFC 8693 §2.1.
#[tokio::test]
async fn every_session_has_its_own_id() {
    let world = World::new().await;
    let token = world.token(&ask("riverbend", Person::Reader, V1));
    let mut ids = HashSet::new();
    for _ in 0..20 {
        let answer = world.exchange(&token, &[]).await;
        let id: uuid::Uuid = text(&part(answer.session(), 1)["jti"]).parse().expect("jti is a UUID");
        assert!(ids.insert(id), "{id} came twice");
    }
}
