//! The subject token: every fault is refused, and every valid form accepted.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{
    Person, TokenSpec,
    Version::{V1, V2},
};
use pozi_tests::{NOW, World, invalid_tokens};
use serde_json::json;

use super::{ask, assert_invalid};

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

/// Claims and header members that the service does not use have no effect.
#[tokio::test]
async fn unused_claims_and_header_members_are_ignored() {
    let world = World::new().await;
    let evil = "https://evil.example/keys";
    for (header, claims) in [
        (json!({"jku": evil, "x5u": evil, "jwk": {"kty": "RSA"}, "x5c": ["AAAA"]}), json!({})),
        (json!({"typ": "jwt"}), json!({})),
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
