//! The audit event of an exchange.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use entra_emulator::{Person, TokenSpec, Version};
use pozi_auth::{
    identifiers::TenantId,
    tenants::{RegistryError, SiteRegistry, TenantSites},
    timestamp::Timestamp,
};
use pozi_tests::{NOW, World, event, exchange_form, form_request, lambda_response, part, send, with_form};
use serde_json::{Value, json};

use super::{Lines, audits};

/// Returns the members of an audit event that other log lines do not have.
fn members(audit: &Value) -> BTreeSet<&str> {
    let of_every_line = ["timestamp", "level", "target", "message"];
    let members = audit.as_object().unwrap().keys().map(String::as_str);
    members.filter(|name| !of_every_line.contains(name)).collect()
}

/// Returns the SHA-256 of `text` in hexadecimal.
pub(super) fn hash_of(text: &str) -> String {
    let hash = digest(&SHA256, text.as_bytes());
    hash.as_ref().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// The members of every audit event.
const OF_EVERY_EXCHANGE: [&str; 5] = ["decision", "status", "keys_us", "sign_us", "total_us"];

#[tokio::test]
async fn a_granted_exchange_logs_one_audit_event_with_who_may_do_what() {
    let world = World::new().await;
    let (lines, _guard) = Lines::capture();
    for version in [Version::V1, Version::V2] {
        let token = world.token(&TokenSpec { version, person: Person::Editor, ..TokenSpec::default() });
        let answer = world.exchange(&token, &[]).await;
        let lines = lines.take();
        let [audit] = audits(&lines)[..] else { panic!("not one audit event: {lines:?}") };
        let of_the_site = ["site", "policy_revision", "tenant", "scope", "closed"];
        let further = ["jti", "kid", "subject_sha256", "subject_token_sha256", "uti", "subject_token_kid"];
        let expected = OF_EVERY_EXCHANGE.into_iter().chain(of_the_site).chain(further);
        assert_eq!(members(audit), expected.collect());

        let (session, subject) = (part(answer.session(), 1), part(&token, 1));
        for (name, value) in [
            ("decision", json!("granted")),
            ("status", json!(200)),
            ("message", json!("token exchange")),
            ("level", json!("INFO")),
            ("site", json!("riverbend")),
            ("policy_revision", json!(1)),
            ("tenant", subject["tid"].clone()),
            ("scope", session["scope"].clone()),
            ("closed", json!("planning:write nobody, heritage:write nobody")),
            ("jti", session["jti"].clone()),
            ("kid", part(answer.session(), 0)["kid"].clone()),
            ("subject_sha256", json!(hash_of(session["sub"].as_str().unwrap()))),
            ("subject_token_sha256", json!(hash_of(&token))),
            ("uti", subject["uti"].clone()),
            ("subject_token_kid", json!(world.entra.key_id())),
        ] {
            assert_eq!(audit[name], value, "{name}");
        }
        let micros = |name: &str| audit[name].as_u64().expect("a duration is a number");
        assert!(micros("total_us") > 0 && micros("keys_us") + micros("sign_us") <= micros("total_us"));
    }
}

#[tokio::test]
async fn an_explanation_logs_no_audit_event() {
    let world = World::new().await;
    let (lines, _guard) = Lines::capture();
    let token = world.token(&TokenSpec::default());
    for (token, status) in [(token.as_str(), 200), ("a.b.c", 400)] {
        assert_eq!(world.explain(&format!("subject_token={token}")).await.status, status);
    }
    assert!(audits(&lines.take()).is_empty());
    world.exchange(&token, &[]).await;
    assert_eq!(audits(&lines.take()).len(), 1, "an exchange logs one");
}

#[tokio::test]
async fn a_refused_exchange_logs_one_audit_event_with_the_reason() {
    let world = World::new().await;
    let (lines, _guard) = Lines::capture();
    let good = world.token(&TokenSpec::default());
    let token_members = ["subject_token_sha256", "tenant", "uti", "subject_token_kid"];
    for (more, token, reason, further) in [
        ([("subject_token_type", "x")], good.as_str(), "repeated_parameter", [].as_slice()),
        ([("scope", "")], "a.b.c", "malformed", &token_members[..1]),
        ([("audience", "lakeside")], &good, "unknown_target", &token_members),
        (
            [("scope", "assets:write")],
            &good,
            "scope_not_allowed",
            &[&token_members[..], &["site", "policy_revision", "subject_sha256", "closed"]].concat(),
        ),
    ] {
        let answer = world.exchange(token, &more).await;
        let lines = lines.take();
        let [audit] = audits(&lines)[..] else { panic!("not one audit event: {lines:?}") };
        let of_refusals = ["reason", "detail"];
        let expected = OF_EVERY_EXCHANGE.into_iter().chain(of_refusals).chain(further.iter().copied());
        assert_eq!(members(audit), expected.collect(), "{reason}");
        assert_eq!((&audit["decision"], &audit["reason"]), (&json!("refused"), &json!(reason)));
        assert_eq!(audit["status"], answer.status.as_u16());
        assert_eq!(answer.refusal().1, reason);
    }
}

/// A token, further parameters, the reason of the refusal, and what its log line must name.
type Compared<'a> = (String, &'a [(&'a str, &'a str)], &'a str, [&'a str; 2]);

/// What is compared is logged on both sides, so that an operator need not ask the caller.
#[tokio::test]
async fn a_refusal_that_compares_logs_what_it_expected_and_what_it_found() {
    let world = World::new().await;
    let (lines, _guard) = Lines::capture();
    let signed = |version, members: Value| {
        let ask = TokenSpec { version, ..TokenSpec::default() };
        let mut claims = world.entra.claims(&ask, NOW).unwrap();
        claims.as_object_mut().unwrap().append(&mut members.as_object().unwrap().clone());
        world.entra.sign(&world.entra.header(version), &claims)
    };
    let changed = |members: Value| signed(Version::V1, members);
    let good = changed(json!({}));
    let published = world.entra.key_id();
    let header = world.entra.header(Version::V1).to_string().replace(&published, "rolled");
    let rolled = world.entra.sign_text(&header, &part(&good, 1).to_string());
    let uri = "https://poziserver-riverbend.example/pozi";
    let client = "c3890382-ecc1-4cf0-adc1-1b349bbd71ee";
    let other = "11111111-2222-4333-8444-555555555555";
    let evil = "https://evil.example";
    let riverbend = [("audience", "riverbend")];
    let cases: [Compared<'_>; 16] = [
        (changed(json!({"aud": evil})), &riverbend, "audience_mismatch", [evil, uri]),
        (changed(json!({"aud": evil})), &[], "audience_mismatch", [evil, uri]),
        (changed(json!({"appid": other})), &[], "client_not_allowed", [other, client]),
        (changed(json!({"iss": evil})), &[], "issuer_mismatch", [evil, "https://sts.windows.net/"]),
        (changed(json!({"scp": "User.Read"})), &[], "scope_missing", ["User.Read", "user_impersonation"]),
        (changed(json!({"iat": NOW - 9_000})), &[], "token_too_old", ["9000 s", "7200 s"]),
        (changed(json!({"nbf": NOW + 600})), &[], "not_yet_valid", ["1800000600", "1800000000"]),
        (changed(json!({"ver": "3.0"})), &[], "malformed", ["`3.0`", "`2.0`"]),
        (good.clone(), &[("audience", "lakeside")], "unknown_target", ["lakeside", "riverbend"]),
        (good.clone(), &[("scope", "assets:write")], "scope_not_allowed", ["assets:write", "planning:read"]),
        (
            good.clone(),
            &[("scope", "planning")],
            "malformed_scope",
            ["`planning`", "<catalogue>:<read|write>"],
        ),
        (good.clone(), &[("resource", "riverbend")], "malformed_resource", ["`riverbend`", "absolute URI"]),
        (rolled, &[], "unknown_key", ["`rolled`", &published]),
        (good.clone(), &[("grant_type", "password")], "repeated_parameter", ["repeated", "parameter"]),
        (
            good.clone(),
            &[("requested_token_type", "saml")],
            "unsupported_requested_token_type",
            ["`saml`", "jwt"],
        ),
        (
            changed(json!({"groups": [other]})),
            &[],
            "no_catalogue",
            ["lists 1 group ids", "no rule names one of them"],
        ),
    ];
    for (token, more, reason, texts) in cases {
        let answer = world.exchange(&token, more).await;
        assert_eq!(answer.refusal().1, reason);
        let lines = lines.take();
        let [audit] = audits(&lines)[..] else { panic!("not one audit event: {lines:?}") };
        let detail = audit["detail"].as_str().unwrap();
        assert!(texts.iter().all(|text| detail.contains(text)), "{reason}: {detail}");
    }
}

#[tokio::test]
async fn a_refused_origin_is_logged_beside_those_of_the_site() {
    let world = World::new().await;
    let (lines, _guard) = Lines::capture();
    let evil = "https://evil.example";
    let form = exchange_form(&world.token(&TokenSpec::default()), &[]);
    let answer = world.post(&form, &[("origin", evil)]).await;
    assert_eq!(answer.refusal().1, "origin_not_allowed");
    let detail = audits(&lines.take())[0]["detail"].to_string();
    assert!(detail.contains(evil) && detail.contains("https://riverbend.enterprise.example"), "{detail}");
}

/// A registry that panics or never answers.
#[derive(Clone, Copy)]
enum Registry {
    Panics,
    Hangs,
}

impl SiteRegistry for Registry {
    async fn sites_of(&self, _: TenantId, _: Timestamp) -> Result<Arc<TenantSites>, RegistryError> {
        match self {
            Self::Panics => panic!("the registry panics"),
            Self::Hangs => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn an_exchange_that_panics_or_is_abandoned_logs_an_audit_event_too() {
    let world = World::new().await;
    let token = world.token(&TokenSpec::default());
    for (registry, timeout, decision, reason) in [
        (Registry::Panics, Duration::from_mins(1), "refused", json!("internal_error")),
        (Registry::Hangs, Duration::from_millis(20), "abandoned", Value::Null),
    ] {
        let (lines, _guard) = Lines::capture();
        let router = world.exchange_with(registry, world.key_sets.clone());
        let exchange = send(router, form_request(&exchange_form(&token, &[]), &[]));
        let answered = tokio::time::timeout(timeout, exchange).await.is_ok();
        assert_eq!(answered, decision == "refused");
        let lines = lines.take();
        let audits = audits(&lines);
        assert_eq!(audits.len(), 1, "{lines:?}");
        assert_eq!((&audits[0]["decision"], &audits[0]["reason"]), (&json!(decision), &reason));
        assert!(audits[0]["subject_token_sha256"].is_string() && audits[0]["tenant"].is_string());
    }
}

/// Text in an unverified token cannot add lines to the log, and is shortened there.
#[tokio::test]
async fn text_in_an_unverified_token_neither_forges_nor_floods_the_log() {
    let world = World::new().await;
    let (lines, _guard) = Lines::capture();
    let forged = format!(
        "x\n{{\"target\":\"{}\",\"decision\":\"granted\"}}\r\n\u{1b}[2J",
        pozi_auth::telemetry::AUDIT
    );
    let long = "y".repeat(5_000);
    for text in [forged, long] {
        for (in_header, name) in
            [(true, "kid"), (true, "alg"), (false, "uti"), (false, "aud"), (false, "iss")]
        {
            let mut header = world.entra.header(Version::V1);
            let mut claims = world.entra.claims(&TokenSpec::default(), NOW).unwrap();
            *if in_header { &mut header[name] } else { &mut claims[name] } = json!(text);
            let token = world.entra.sign_text(&header.to_string(), &claims.to_string());
            let answer = world.exchange(&token, &[]).await;
            let lines = lines.take();
            let [audit] = audits(&lines)[..] else { panic!("not one audit event: {lines:?}") };
            assert_eq!(audit["status"], answer.status.as_u16(), "{name}");
            assert!(audit.to_string().len() < 1_500, "{name}: {} characters", audit.to_string().len());
        }
    }
}

#[tokio::test]
async fn the_audit_event_names_the_request_as_the_access_log_does() {
    let world = World::new().await;
    let form = exchange_form(&world.token(&TokenSpec::default()), &[]);
    for name in ["http-api-token", "rest-api-token", "function-url-token"] {
        let event = event(name);
        let in_base64 = event["body"] == "@FORM_BASE64@";
        let (lines, _guard) = Lines::capture();
        lambda_response(world.router(), &with_form(event.clone(), &form, in_base64)).await;
        let lines = lines.take();
        let [audit] = audits(&lines)[..] else { panic!("not one audit event: {lines:?}") };
        assert_eq!(audit["request"], event["requestContext"]["requestId"], "{name}");
        assert!(audit["request"].is_string());
    }
}
