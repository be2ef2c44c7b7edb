//! The subject token: every fault is refused, and every valid form accepted.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{
    Person, TokenSpec,
    Version::{V1, V2},
};
use pozi_auth::keyring::SigningAlgorithm;
use pozi_tests::{NOW, World, invalid_tokens};
use serde_json::json;

use super::{ask, assert_invalid, riverbend_with};

/// RFC 7519 §7.2; RFC 8693 §2.1, §2.2.2; RFC 8725 §3.2, §3.8, §3.10.
#[tokio::test]
async fn a_token_with_a_single_fault_is_refused_for_that_fault() {
    let world = World::new().await;
    for invalid in invalid_tokens(&world) {
        let answer = world.exchange(&invalid.token, invalid.more).await;
        assert_eq!(answer.refusal(), ("invalid_request", invalid.reason), "{}", invalid.what);
        assert_invalid(&answer, invalid.reason);
    }
    let valid = world.exchange(&world.token(&TokenSpec::default()), &[]).await;
    assert_eq!(valid.status, 200, "invalid tokens do not affect a valid one");
}

/// RFC 8725 §3.12.
#[tokio::test]
async fn a_session_is_not_exchanged_again() {
    let world = World::new().await;
    let granted = world.exchange(&world.token(&TokenSpec::default()), &[]).await;
    assert_invalid(&world.exchange(granted.session(), &[]).await, "pozi_token");
}

#[tokio::test]
async fn a_token_with_any_bit_changed_is_refused() {
    let world = World::new().await;
    for version in [V1, V2] {
        let token = world.token(&ask("riverbend", Person::Reader, version));
        let parts: Vec<_> = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        let mut tried = 0;
        for (index, part) in parts.iter().enumerate() {
            for byte in (0..part.len()).step_by(3) {
                let mut changed = parts.clone();
                changed[index][byte] ^= 1 << (byte % 8);
                let token =
                    changed.iter().map(|part| URL_SAFE_NO_PAD.encode(part)).collect::<Vec<_>>().join(".");
                let answer = world.exchange(&token, &[]).await;
                assert_eq!(answer.status, 400, "byte {byte} of part {index}");
                tried += 1;
            }
        }
        assert!(tried > 300, "{tried}");
    }
}

#[tokio::test]
async fn every_form_of_the_audience_that_entra_writes_is_accepted() {
    let world = World::new().await;
    let registration = world.entra.registrations()[0].clone();
    let (uri, client) = (registration.app_id_uri, registration.client_id.to_string());
    for (version, audience) in [
        (V1, uri.clone()),
        (V1, format!("{uri}/")),
        (V1, client.clone()),
        (V1, client.to_uppercase()),
        (V1, format!("spn:{client}")),
        (V1, format!("spn:{}", client.to_uppercase())),
        (V2, client.clone()),
        (V2, client.to_uppercase()),
        (V2, uri),
    ] {
        let mut claims = world.entra.claims(&ask("", Person::Reader, version), NOW).unwrap();
        claims["aud"] = json!(audience);
        let answer = world.exchange(&world.entra.sign(&world.entra.header(version), &claims), &[]).await;
        assert_eq!(answer.status, 200, "{audience}: {}", answer.json);
    }
}

#[tokio::test]
async fn entras_clock_may_be_at_most_a_minute_ahead() {
    let world = World::new().await;
    for version in [V1, V2] {
        for claim in ["nbf", "iat"] {
            for (ahead, reason) in [(59, None), (60, None), (61, Some("not_yet_valid"))] {
                let mut claims = world.entra.claims(&ask("", Person::Reader, version), NOW).unwrap();
                claims[claim] = json!(NOW + ahead);
                let answer =
                    world.exchange(&world.entra.sign(&world.entra.header(version), &claims), &[]).await;
                match reason {
                    None => assert_eq!(answer.status, 200, "{claim} {ahead} s ahead: {}", answer.json),
                    Some(reason) => assert_invalid(&answer, reason),
                }
            }
        }
    }
}

#[tokio::test]
async fn a_token_is_accepted_until_the_second_before_it_expires() {
    let world = World::new().await;
    let token = world.token(&TokenSpec::default());
    let ends = pozi_tests::part(&token, 1)["exp"].as_u64().unwrap();
    world.clock.set(ends - 1);
    let last = world.exchange(&token, &[]).await;
    assert_eq!(last.json["expires_in"], 1);
    world.clock.set(ends);
    assert_invalid(&world.exchange(&token, &[]).await, "expired");
}

/// Nobody can verify these claims, so the answer says only that the token expired; and it costs nothing.
#[tokio::test]
async fn an_expired_token_says_so_without_a_fetch_whether_or_not_its_key_is_known() {
    let world = World::new().await;
    let token = world.token(&TokenSpec::default());
    let mut header = world.entra.header(V1);
    header["kid"] = json!("gone");
    let claims = world.entra.claims(&TokenSpec::default(), NOW).unwrap();
    let of_a_former_key = world.entra.sign_text(&header.to_string(), &claims.to_string());
    let unsigned = token.rsplit_once('.').map(|(signed, _)| format!("{signed}.")).unwrap();
    world.clock.advance(2 * 3_600);
    let mut bodies = Vec::new();
    for token in [token, of_a_former_key, unsigned] {
        let answer = world.exchange(&token, &[("audience", "lakeside")]).await;
        assert_invalid(&answer, "expired");
        bodies.push(answer.body);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(world.key_sets.calls(), 0);
}

/// Long-lived tokens (Continuous Access Evaluation: up to 28 h) would keep groups alive that the person has left.
#[tokio::test]
async fn a_token_older_than_two_hours_or_than_the_site_says_is_refused() {
    for (setting, oldest) in [
        ("", 2 * 3_600),
        ("max_token_age_minutes = 15", 15 * 60),
        ("max_token_age_minutes = 1680", 28 * 3_600),
    ] {
        let world = World::with(&riverbend_with(setting), SigningAlgorithm::Es256).await;
        for version in [V1, V2] {
            let mut claims = world.entra.claims(&ask("", Person::Reader, version), NOW).unwrap();
            claims["exp"] = json!(NOW + 60);
            let mut aged = |age: u64| {
                claims["iat"] = json!(NOW - age);
                claims["nbf"] = json!(NOW - age);
                world.entra.sign(&world.entra.header(version), &claims)
            };
            let (last, over) = (aged(oldest), aged(oldest + 1));
            assert_eq!(world.exchange(&last, &[]).await.status, 200, "{setting}");
            let answer = world.exchange(&over, &[]).await;
            assert_invalid(&answer, "token_too_old");
            let sentence = answer.json["error_description"].as_str().unwrap();
            assert!(sentence.contains(&format!("at most {} minutes", oldest / 60)), "{sentence}");
        }
    }
}

/// What a token is for matters more than whom it is for.
#[tokio::test]
async fn an_id_or_graph_token_is_named_before_its_audience_is_discussed() {
    let further = "0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6";
    let sites = riverbend_with(&format!("further_client_ids = [\"{further}\"]"));
    let world = World::with(&sites, SigningAlgorithm::Es256).await;
    for version in [V1, V2] {
        let id_token = TokenSpec { kind: entra_emulator::Kind::Id, ..ask("", Person::Reader, version) };
        for audience in [further, "11111111-2222-4333-8444-555555555555", "api://elsewhere"] {
            let mut claims = world.entra.claims(&id_token, NOW).unwrap();
            claims["aud"] = json!(audience);
            let token = world.entra.sign(&world.entra.header(version), &claims);
            assert_invalid(&world.exchange(&token, &[]).await, "id_token");
        }
        for audience in [
            "00000003-0000-0000-c000-000000000000",
            "https://graph.microsoft.com",
            "https://graph.microsoft.com/",
            "https://graph.microsoft.us",
            "https://microsoftgraph.chinacloudapi.cn",
            "00000002-0000-0000-c000-000000000000",
            "https://graph.windows.net/",
        ] {
            let mut claims = world.entra.claims(&ask("", Person::Reader, version), NOW).unwrap();
            (claims["aud"], claims["scp"]) = (json!(audience), json!("openid profile User.Read email"));
            let token = world.entra.sign(&world.entra.header(version), &claims);
            assert_invalid(&world.exchange(&token, &[]).await, "graph_token");
        }
    }
}

/// Claims and header members that the service does not use have no effect.
/// RFC 7515 §4; RFC 7519 §4, §7.2.
#[tokio::test]
async fn unused_claims_and_header_members_are_ignored() {
    let world = World::new().await;
    let evil = "https://evil.example/keys";
    for (header, claims) in [
        (json!({"jku": evil, "x5u": evil, "jwk": {"kty": "RSA"}, "x5c": ["AAAA"]}), json!({})),
        (json!({"typ": "jwt"}), json!({})),
        (json!({"cty": "JWT", "future": 1}), json!({})),
        (
            json!({}),
            json!({"wids": ["62e90394-69f5-4237-9190-012177145e10"], "xms_cc": ["CP1"], "future": null}),
        ),
        (json!({}), json!({"scp": "User.Read user_impersonation openid"})),
        (json!({}), json!({"idtyp": "user"})),
        (json!({}), json!({"aud2": "x", "Tid2": "y"})),
    ] {
        let mut whole = (world.entra.header(V1), world.entra.claims(&TokenSpec::default(), NOW).unwrap());
        for (onto, more) in [(&mut whole.0, header), (&mut whole.1, claims)] {
            onto.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
        }
        let answer = world.exchange(&world.entra.sign(&whole.0, &whole.1), &[]).await;
        assert_eq!(answer.scope(), "heritage:read planning:read", "{whole:?}: {}", answer.json);
    }
    let mut old_header = world.entra.header(V1);
    old_header.as_object_mut().unwrap().remove("kid");
    let claims = world.entra.claims(&TokenSpec::default(), NOW).unwrap();
    let answer = world.exchange(&world.entra.sign(&old_header, &claims), &[]).await;
    assert_eq!(answer.status, 200, "an old token names its key only by x5t: {}", answer.json);
}
