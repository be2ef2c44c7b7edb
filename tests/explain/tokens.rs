//! Tokens: the explanation is the exchange's answer.

use entra_emulator::{Behaviour, Person, TokenSpec, Version};
use pozi_operator::{Exit, Output};
use pozi_tests::invalid_tokens;
use serde_json::json;

use super::Desk;

/// Returns the scope that an explanation names; empty if it is no session.
fn scope(output: &Output) -> &str {
    output.json()["scope"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_token_is_explained_as_the_exchange_answers_it() {
    let desk = Desk::new().await;
    for person in
        [Person::Reader, Person::Editor, Person::NoGroups, Person::Guest, Person::Overage, Person::AppOnly]
    {
        for version in [Version::V1, Version::V2] {
            let token = desk.service.token(&TokenSpec { person, version, ..TokenSpec::default() });
            let answer = desk.exchange(&token).await;
            let output = desk.explain_token(&token).await;
            assert_eq!(scope(&output), answer.scope(), "{person} {version}");
            assert_eq!(
                output.json()["reason"].as_str().unwrap_or_default(),
                answer.refusal().1,
                "{person} {version}"
            );
            let exit = if answer.status == 200 { Exit::Done } else { Exit::Wrong };
            assert_eq!(output.exit(), exit, "{person} {version}");
        }
    }
}

#[tokio::test]
async fn every_invalid_token_is_refused_for_the_exchanges_reason_with_what_was_expected_and_found() {
    let desk = Desk::new().await;
    let mut count = 0;
    for invalid in invalid_tokens(&desk.service) {
        let output = desk.explain_token(&invalid.token).await;
        let answer = desk.exchange(&invalid.token).await;
        assert_eq!(output.json()["reason"], answer.refusal().1, "{}", invalid.what);
        // The exchange says besides when it fetches keys again.
        if invalid.reason != "unknown_key" {
            assert_eq!(output.json()["sentence"], answer.json["error_description"], "{}", invalid.what);
        }
        assert!(output.json()["detail"].as_str().unwrap().len() > 8, "{}", invalid.what);
        assert_eq!(output.exit(), Exit::Wrong);
        count += 1;
    }
    assert!(count > 90, "{count}");
}

#[tokio::test]
async fn a_token_that_cannot_be_verified_is_no_answer_about_access() {
    let desk = Desk::new().await;
    let editor = TokenSpec { person: Person::Editor, ..TokenSpec::default() };
    for behaviour in [Behaviour::Down, Behaviour::Rubbish] {
        desk.service.entra.behave(behaviour);
        let output = desk.explain_token(&desk.service.token(&editor)).await;
        assert_eq!((&output.json()["decision"], output.exit()), (&json!("not-verified"), Exit::Wrong));
        assert_eq!(scope(&output), "");
        assert_eq!(output.json()["catalogues"], json!(null), "no program takes it for an answer");
        assert_eq!(output.json()["unverified_catalogues"][0]["read"]["opens"], true);
        let text = output.plain();
        for words in [
            "not verified: Entra's keys for the tenant cannot be fetched",
            "This is no answer about access",
            "only if Entra did issue this token",
        ] {
            assert!(text.contains(words), "{text}");
        }
        assert!(!text.contains("granted"), "{text}");
    }
}

#[tokio::test]
async fn facts_differ_where_the_exchange_refuses() {
    let desk = Desk::new().await;
    let other = "11111111-2222-4333-8444-555555555555";
    for (claim, value, reason) in [
        ("tid", json!(other), "unknown_tenant"),
        ("iss", json!("https://evil.example/"), "issuer_mismatch"),
        ("aud", json!(other), "audience_mismatch"),
        ("appid", json!(other), "client_not_allowed"),
        ("scp", json!("User.Read"), "scope_missing"),
        ("iat", json!(pozi_tests::NOW - 9_000), "token_too_old"),
        ("exp", json!(pozi_tests::NOW - 5), "expired"),
        ("ver", json!("3.0"), "malformed"),
    ] {
        let output = desk.explain_token(&desk.token(|claims| claims[claim] = value)).await;
        assert_eq!(output.json()["reason"], reason);
        let claims = output.json()["token"]["claims"].as_array().unwrap();
        let differing: Vec<_> =
            claims.iter().filter(|fact| fact["differs"] == true).map(|fact| &fact["claim"]).collect();
        assert_eq!(differing, [claim], "{}", output.plain());
    }
    let valid = desk.explain_token(&desk.token(|_| ())).await;
    assert!(!valid.plain().contains("expected:"), "{}", valid.plain());
}

/// What anyone can write into a token neither floods a terminal nor moves its cursor.
#[tokio::test]
async fn hostile_text_in_a_token_is_shown_shortened_and_without_control_characters() {
    let desk = Desk::new().await;
    for text in ["\u{1b}[2J\u{7}x\ny", &"y".repeat(5_000), "a \u{9b}31m b"] {
        for claim in ["aud", "iss", "scp", "ver", "tid", "appid"] {
            let output = desk.explain_token(&desk.token(|claims| claims[claim] = json!(text))).await;
            assert!(output.plain().len() < 4_000, "{claim}");
        }
    }
}

#[tokio::test]
async fn a_token_file_that_cannot_be_read_says_so() {
    let desk = Desk::new().await;
    let error = desk.explain(&["--token", "/nowhere/token"]).await.unwrap_err();
    assert!(error.starts_with("the token cannot be read from /nowhere/token: "), "{error}");
    for words in [&["--groups", "none", "--token", "-"][..], &[], &["--graph"], &["--person", "x", "--graph"]]
    {
        assert!(desk.explain(words).await.is_err(), "{words:?}");
    }
}
