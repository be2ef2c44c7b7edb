//! Allowed requests, and every reason for a refusal.

use std::sync::LazyLock;

use axum::body::Body;
use entra_emulator::{Kind, Person, TokenSpec, Version};
use http::{Method, Request};
use pozi_auth::keyring::SigningAlgorithm;
use pozi_local::samples;
use pozi_tests::{World, part};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::site::Site;

const GET: (&str, &str) = ("x-pozi-method", "GET");
const POST: (&str, &str) = ("x-pozi-method", "POST");
const WRITE: (&str, &str) = ("x-pozi-access", "write");
const DOWNLOAD: (&str, &str) = ("x-pozi-access", "download");
const PLANNING: (&str, &str) = ("x-pozi-catalogue", "planning");
const ASSETS: (&str, &str) = ("x-pozi-catalogue", "assets");

#[tokio::test]
async fn allows_a_sessions_catalogues_and_returns_its_subject_and_scope() {
    let site = Site::new().await;
    let session = site.session(Person::Reader).await;
    let answer = site.reads("planning", &session).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (204, &b""[..]));
    let claims = part(&session, 1);
    assert_eq!(answer.header("x-pozi-subject"), claims["sub"]);
    assert_eq!(answer.header("x-pozi-scope"), claims["scope"]);
    assert_eq!(answer.header("cache-control"), "no-store");

    let closed = site.reads("assets", &session).await;
    assert_eq!((closed.status.as_u16(), closed.json["reason"].as_str()), (403, Some("scope")));
    let challenge = closed.header("www-authenticate");
    assert_eq!(challenge, r#"Bearer realm="pozi", error="insufficient_scope", scope="assets:read""#);
    assert!(closed.header("x-pozi-subject").is_empty());
}

/// RFC 6750 §3.1; RFC 9700 §2.3.
#[tokio::test]
async fn reading_never_becomes_writing() {
    let site = Site::new().await;
    let (reader, editor) = (site.session(Person::Reader).await, site.session(Person::Editor).await);
    for (session, headers, status) in [
        (&reader, vec![PLANNING, GET], 204),
        (&reader, vec![PLANNING, ("x-pozi-method", "HEAD")], 204),
        (&reader, vec![PLANNING, GET, ("x-pozi-access", "read")], 204),
        (&reader, vec![PLANNING, GET, DOWNLOAD], 204),
        (&reader, vec![ASSETS, GET, DOWNLOAD], 403),
        (&reader, vec![PLANNING, POST, DOWNLOAD], 403),
        (&reader, vec![PLANNING, POST, WRITE], 403),
        (&reader, vec![PLANNING, GET, WRITE], 403),
        (&editor, vec![ASSETS, POST, WRITE], 204),
        (&editor, vec![ASSETS, GET, WRITE], 204),
        (&editor, vec![ASSETS, GET], 204),
        (&editor, vec![PLANNING, POST, WRITE], 403),
    ] {
        let headers = [headers, vec![("x-pozi-session", session)]].concat();
        assert_eq!(site.ask(&headers).await.status, status, "{:?}", &headers[..headers.len() - 1]);
    }
    for method in [
        "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "Get", "GET ", " GET", "GETX",
        "GET,POST",
    ] {
        let answer = site.ask(&[ASSETS, ("x-pozi-method", method), ("x-pozi-session", &editor)]).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json["reason"]),
            (403, &json!("method_not_for_reading")),
            "{method}"
        );
    }
}

/// Each error has its own reason, although the session would allow the request.
/// RFC 9700 §4.13.
#[tokio::test]
async fn refuses_malformed_questions() {
    let site = Site::new().await;
    let session = site.session(Person::Editor).await;
    let own = ("x-pozi-session", session.as_str());
    for (headers, status, reason) in [
        (vec![GET], 403, "no_catalogue"),
        (vec![("x-pozi-catalogue", ""), GET], 403, "unknown_catalogue"),
        (vec![("x-pozi-catalogue", "Planning"), GET], 403, "unknown_catalogue"),
        (vec![("x-pozi-catalogue", "planning "), GET], 403, "unknown_catalogue"),
        (vec![("x-pozi-catalogue", "planning,assets"), GET], 403, "unknown_catalogue"),
        (vec![("x-pozi-catalogue", "../planning"), GET], 403, "unknown_catalogue"),
        (vec![("x-pozi-catalogue", "saltmarsh"), GET], 403, "unknown_catalogue"),
        (vec![PLANNING, PLANNING, GET], 403, "repeated_header"),
        (vec![PLANNING, ASSETS, GET], 403, "repeated_header"),
        (vec![PLANNING, GET, GET], 403, "repeated_header"),
        (vec![PLANNING, GET, POST], 403, "repeated_header"),
        (vec![ASSETS, GET, WRITE, WRITE], 403, "repeated_header"),
        (vec![ASSETS, POST, WRITE, ("x-pozi-access", "read")], 403, "repeated_header"),
        (vec![PLANNING], 403, "no_method"),
        (vec![PLANNING, ("x-pozi-method", "")], 403, "no_method"),
        (vec![ASSETS, WRITE], 403, "no_method"),
        (vec![PLANNING, GET, ("x-pozi-access", "")], 403, "unknown_access"),
        (vec![PLANNING, GET, ("x-pozi-access", "Write")], 403, "unknown_access"),
        (vec![PLANNING, GET, own], 401, "repeated_header"),
    ] {
        let answer = site.ask(&[headers.clone(), vec![own]].concat()).await;
        let found = (answer.status.as_u16(), answer.json["reason"].as_str().unwrap());
        assert_eq!(found, (status, reason), "{headers:?}");
        assert_eq!(answer.header("www-authenticate").is_empty(), status == 403);
    }
}

/// RFC 6750 §2, §2.1; RFC 9110 §5.3, §11.1.
#[tokio::test]
async fn the_session_comes_in_its_own_header_first_and_else_as_a_bearer_token() {
    let site = Site::new().await;
    let session = site.session(Person::Reader).await;
    let [bearer, lower, spaced] =
        ["Bearer", "bearer", "Bearer  "].map(|scheme| format!("{scheme} {session}"));
    for (headers, status, reason) in [
        (vec![("authorization", bearer.as_str())], 204, ""),
        (vec![("authorization", &lower)], 204, ""),
        (vec![("authorization", &spaced)], 204, ""),
        (vec![("x-pozi-session", &session), ("authorization", "Bearer of.application.proxy")], 204, ""),
        (vec![("x-pozi-session", ""), ("authorization", &bearer)], 204, ""),
        (vec![("x-pozi-session", "a.b.c"), ("authorization", &bearer)], 401, "malformed"),
        (vec![("x-pozi-session", &bearer)], 401, "malformed"),
        (vec![("authorization", &bearer), ("authorization", &bearer)], 401, "repeated_header"),
        (vec![("authorization", &session)], 401, "no_session"),
        (vec![("authorization", "Negotiate abc")], 401, "no_session"),
        (vec![("authorization", "Bearer ")], 401, "no_session"),
        (vec![("cookie", &session)], 401, "no_session"),
        (vec![], 401, "no_session"),
    ] {
        let answer = site.ask(&[vec![PLANNING, GET], headers].concat()).await;
        let found = (answer.status.as_u16(), answer.json["reason"].as_str().unwrap_or_default());
        assert_eq!(found, (status, reason));
        let challenge = answer.header("www-authenticate");
        match reason {
            "" => assert!(challenge.is_empty()),
            "no_session" => {
                assert_eq!(
                    challenge, r#"Bearer realm="pozi""#,
                    "no error code without a session (RFC 6750 §3.1)"
                );
            }
            _ => assert!(challenge.starts_with(r#"Bearer realm="pozi", error="invalid_token", "#)),
        }
    }
}

/// RFC 6750 §3, §3.1; RFC 9068 §4; RFC 9110 §15.5.2; RFC 9700 §2.3, §4.10.2.
#[tokio::test]
async fn refuses_each_invalid_session_with_401_and_its_own_reason() {
    let site = Site::new().await;
    let good = site.session(Person::Reader).await;
    let [header, claims] = [0, 1].map(|index| part(&good, index));
    let with = |value: &Value, name: &str, member: Value| {
        let mut value = value.clone();
        value[name] = member;
        value
    };
    let mut cases = vec![
        (site.session_at("saltmarsh", Person::Reader).await, "audience_mismatch"),
        ("a.b".to_owned(), "malformed"),
        (format!("{good},{good}"), "malformed"),
        (format!("{}.", good.rsplit_once('.').unwrap().0), "bad_signature"),
    ];
    for kind in [Kind::Access, Kind::Id] {
        let ask = TokenSpec { kind, person: Person::Editor, version: Version::V2, ..TokenSpec::default() };
        cases.push((site.world.token(&ask), "not_a_session"));
    }
    for (header, claims, reason) in [
        (with(&header, "typ", json!("JWT")), claims.clone(), "not_a_session"),
        (with(&header, "alg", json!("none")), claims.clone(), "unsupported_algorithm"),
        (with(&header, "alg", json!("HS256")), claims.clone(), "unsupported_algorithm"),
        (with(&header, "crit", json!(["x"])), claims.clone(), "critical_header"),
        (with(&header, "kid", json!("x")), claims.clone(), "unknown_key"),
        (header.clone(), with(&claims, "iss", json!("https://other.example")), "issuer_mismatch"),
        (
            header.clone(),
            with(&claims, "tid", json!("28b1e556-f621-4edd-873b-d1d60bc6d8de")),
            "tenant_mismatch",
        ),
        (header.clone(), with(&claims, "exp", json!(1)), "expired"),
        (header.clone(), with(&claims, "scope", json!("planning:all")), "malformed_scope"),
        (header.clone(), with(&claims, "scope", Value::Null), "claim"),
    ] {
        cases.push((site.world.signed(&header, &claims).await, reason));
    }
    let other = Site::of(World::new().await);
    cases.push((other.session(Person::Reader).await, "unknown_key"));
    for (token, reason) in cases {
        let answer = site.reads("planning", &token).await;
        assert_eq!((answer.status.as_u16(), answer.json["reason"].as_str().unwrap()), (401, reason));
        assert!(answer.header("www-authenticate").contains(r#"error="invalid_token""#));
    }
    site.world.clock.advance(599);
    assert_eq!(site.reads("planning", &good).await.status, 204);
    site.world.clock.advance(1);
    assert_eq!(site.reads("planning", &good).await.json["reason"], "expired");
}

#[tokio::test]
async fn ignores_the_method_and_body_of_the_question_itself() {
    let site = Site::new().await;
    let session = site.session(Person::Reader).await;
    for method in [Method::GET, Method::POST, Method::PUT, Method::OPTIONS, Method::DELETE] {
        let request = Request::builder()
            .method(method.clone())
            .uri("/decide?X-Pozi-Catalogue=assets")
            .header("x-pozi-catalogue", "planning")
            .header("x-pozi-method", "GET")
            .header("x-pozi-session", &session)
            .body(Body::from("<Transaction/>"));
        assert_eq!(site.send(request.unwrap()).await.status, 204, "{method}");
    }
}

static WITHOUT_KEYS: LazyLock<Site> =
    LazyLock::new(|| Site::of(World::without_ring(&samples::site_files(), SigningAlgorithm::Es256)));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Random bytes in headers never open anything without a session, and never crash the gate.
    /// RFC 9700 §4.13.
    #[test]
    fn hostile_headers_open_nothing(
        headers in prop::collection::vec((0..6_usize, "[\\x20-\\x7e\\x80-\\xff\t]{0,40}|planning|GET|read|download|write|Bearer [a-z.]{0,9}"), 0..9)
    ) {
        const NAMES: [&str; 6] =
            ["x-pozi-catalogue", "x-pozi-method", "x-pozi-access", "x-pozi-session", "authorization", "x-other"];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let headers = headers.iter().map(|(name, value)| (NAMES[*name], value.as_bytes()));
        let answer = runtime.block_on(WITHOUT_KEYS.ask_bytes(headers));
        prop_assert!([401, 403, 503].contains(&answer.status.as_u16()), "{}", answer.status);
    }
}
