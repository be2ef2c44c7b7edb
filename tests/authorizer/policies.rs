//! The authorizer's policies, evaluated as API Gateway does, also when they were cached for another request.

use entra_emulator::Person;
use pozi_auth::config::ResponseKind;
use pozi_authorizer::AuthorizerError;
use pozi_tests::part;
use serde_json::{Value, json};

use super::{ALL, Api, HTTP_1, HTTP_2, REQUEST, RIVERBEND, STAGE, TOKEN};

/// Whether `policy` allows `arn` at `now`, as IAM evaluates it: `*` matches any text, slashes included.
fn allows(policy: &Value, arn: &str, now: u64) -> bool {
    let statement = &policy["policyDocument"]["Statement"][0];
    let until = &statement["Condition"]["DateLessThan"]["aws:EpochTime"];
    let is_current = until.is_null() || now < until.as_str().unwrap().parse().unwrap();
    let mut resources = statement["Resource"].as_array().into_iter().flatten();
    let matched = resources.any(|pattern| matches(pattern.as_str().unwrap(), arn));
    statement["Effect"] == "Allow" && is_current && matched
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.is_char_boundary(at) && matches(tail, &rest[at..]))
        }),
    }
}

/// The event of a request for `path` (with its method first), as the API of `event` sends it: with decoded path parameters.
fn at(event: &str, session: &str, path: &str) -> Value {
    let mut event: Value = serde_json::from_str(&event.replace("@SESSION@", session)).unwrap();
    let arn = if event["version"] == "2.0" { "routeArn" } else { "methodArn" };
    event[arn] = json!(format!("{STAGE}/{path}"));
    let (_, path) = path.split_once('/').unwrap();
    let mut parameters = json!({"catalogue": path.split('/').nth(1).unwrap_or_default()});
    if let Some(proxy) = path.splitn(3, '/').nth(2) {
        parameters["proxy"] = json!(proxy.replace("%20", " "));
    }
    for (member, value) in [
        ("path", json!(format!("/{path}"))),
        ("rawPath", json!(format!("/live/{path}"))),
        ("pathParameters", parameters),
    ] {
        if !event[member].is_null() {
            event[member] = value;
        }
    }
    event
}

#[tokio::test]
async fn a_policy_names_its_subject_and_has_the_sessions_claims_about_the_catalogue() {
    let api = Api::with(ResponseKind::Policy).await;
    for (name, event) in ALL {
        let session = api.session("riverbend", Person::Editor).await;
        let policy = api.answer_to(&at(event, &session, "POST/ows/assets/wfs")).await.unwrap();
        let claims = part(&session, 1);
        assert_eq!(policy["principalId"], claims["sub"], "{name}");
        let context = json!({
            "sub": claims["sub"], "tid": claims["tid"], "scope": "assets:read assets:write", "site": RIVERBEND,
        });
        assert_eq!(policy["context"], context);
        assert_eq!(policy["policyDocument"]["Version"], "2012-10-17");
        assert_eq!(policy["policyDocument"]["Statement"][0]["Action"], "execute-api:Invoke");
    }
}

/// The scope is `assets:read assets:write heritage:read planning:read`.
const REQUESTS: [(&str, bool); 28] = [
    ("GET/ows/planning/wms", true),
    ("HEAD/ows/planning/wms", true),
    ("OPTIONS/ows/planning/wms", true),
    ("GET/ows/planning", true),
    ("GET/ows/planning/", true),
    ("GET/ows/heritage/wfs3/collections", true),
    ("GET/ows/heritage/My%20plan.pdf", true),
    ("POST/ows/assets/wfs", true),
    ("DELETE/ows/assets/wfs3/collections/roads/items/1", true),
    ("POST/ows/planning/wfs", false),
    ("PUT/ows/heritage/x", false),
    ("GET/ows/parks/wms", false),
    ("GET/ows/planning2/wms", false),
    ("GET/ows/planning-secret/wms", false),
    ("GET/ows/Planning/wms", false),
    ("GET/ows/", false),
    ("GET/ows", false),
    ("GET/", false),
    ("GET/planning/wms", false),
    ("GET/x/ows/planning/wms", false),
    ("GET/ows/parks/ows/planning/wms", false),
    ("POST/ows/planning/ows/assets/wfs", false),
    ("GET/ows/parks/GET/ows/planning/wms", false),
    ("CONNECT/ows/assets/wms", false),
    ("*/ows/assets/wms", false),
    ("get/ows/planning/wms", false),
    ("GET/ows/*/wms", false),
    ("GET/ows/planning/*", false),
];

#[tokio::test]
async fn a_policy_allows_what_the_session_opens_and_a_cached_one_no_other_request() {
    let api = Api::with(ResponseKind::Policy).await;
    let session = api.session("riverbend", Person::Editor).await;
    let now = api.world.clock.unix_seconds();
    assert_eq!(part(&session, 1)["scope"], "assets:read assets:write heritage:read planning:read");
    for (name, event) in ALL {
        for (path, allowed) in REQUESTS {
            let policy = api.answer_to(&at(event, &session, path)).await.unwrap();
            for (other, _) in REQUESTS {
                let is_allowed = allows(&policy, &format!("{STAGE}/{other}"), now);
                assert_eq!(is_allowed, allowed && path == other, "{name}: the policy of {path}, for {other}");
            }
            assert!(!allows(&policy, &format!("{STAGE}2/{path}"), now), "another stage");
            assert!(
                !allows(&policy, &format!("{}x/live/{path}", &STAGE[..STAGE.len() - 5]), now),
                "another API"
            );
            assert!(!allows(&policy, &format!("{STAGE}/{path}"), now + 600), "after its end");
        }
    }
}

/// Servers behind the API may decode and resolve a path once more.
#[tokio::test]
async fn a_path_that_may_mean_another_one_is_refused() {
    for kind in [ResponseKind::Policy, ResponseKind::Simple] {
        let api = Api::with(kind).await;
        let session = api.session("riverbend", Person::Editor).await;
        let now = api.world.clock.unix_seconds();
        for tail in [
            "../parks/wms",
            "wms/../../parks/wms",
            "..",
            ".",
            "./wms",
            "%2e%2e/parks/wms",
            "%2E%2E/parks",
            ".%2e/parks",
            "%252e%252e/parks",
            "..%2fparks",
            "..%5cparks",
            "..\\parks",
            "..;/parks",
            "..%20/parks",
            ".%20./parks",
            "%20",
            "x//y",
            "\u{ff0e}\u{ff0e}/parks",
            "%ef%bc%8e%ef%bc%8e/parks",
            "%c0%ae%c0%ae/parks",
            "%zz",
            "%2",
            "wms%00",
            "wms%0a",
            "wms?x",
            "wm*",
            "${aws:SourceIp}",
        ] {
            for (name, event) in ALL {
                let path = format!("GET/ows/planning/{tail}");
                let answer = api.answer_to(&at(event, &session, &path)).await.unwrap();
                let is_allowed = answer["isAuthorized"] == true
                    || allows(&answer, &format!("{STAGE}/{path}"), now)
                    || answer["policyDocument"]["Statement"][0]["Effect"] == "Allow";
                assert!(!is_allowed, "{name}: {tail}");
            }
        }
    }
}

/// The places of an event may contradict each other if the API rewrites paths. The integration may use any of them.
#[tokio::test]
async fn a_request_whose_places_disagree_is_refused() {
    let api = Api::with(ResponseKind::Policy).await;
    let session = api.session("riverbend", Person::Editor).await;
    for (name, event) in [HTTP_2, HTTP_1, REQUEST] {
        for (member, value) in [
            ("pathParameters", json!({"catalogue": "assets", "proxy": "wms"})),
            ("pathParameters", json!({"catalogue": "planning", "proxy": "../assets/wms"})),
            ("path", json!("/ows/planning/../assets/wms")),
            ("rawPath", json!("/ows/planning/%2e%2e/assets/wms")),
        ] {
            let mut event = at(event, &session, "GET/ows/planning/wms");
            event[member] = value;
            let answer = api.answer_to(&event).await.unwrap();
            assert_eq!(answer["policyDocument"]["Statement"][0]["Effect"], "Deny", "{name}: {event}");
        }
    }
}

/// API Gateway refuses a larger policy, and a resource of more than 512 characters.
#[tokio::test]
async fn a_policy_stays_small_with_two_hundred_catalogues() {
    let api = Api::with(ResponseKind::Policy).await;
    let good = api.session("riverbend", Person::Reader).await;
    let (header, mut claims) = (part(&good, 0), part(&good, 1));
    // Longer names: a session of more than 16 KiB is refused anyway.
    let long: Vec<_> = (0..110).map(|index| format!("{0}:read {0}:write", name_of(index))).collect();
    claims["scope"] = json!(long.join(" "));
    let session = api.world.signed(&header, &claims).await;
    let short: Vec<_> = (0..200).map(|index| format!("c{index:03}:read c{index:03}:write")).collect();
    claims["scope"] = json!(short.join(" "));
    let many = api.world.signed(&header, &claims).await;
    for (name, event) in ALL {
        for (session, catalogue) in [(&session, name_of(109)), (&many, "c199".to_owned())] {
            let answer =
                api.answer_to(&at(event, session, &format!("POST/ows/{catalogue}/wfs"))).await.unwrap();
            assert_eq!(answer["policyDocument"]["Statement"][0]["Effect"], "Allow", "{name}");
            assert!(answer.to_string().len() < 2_048, "{name}: {answer}");
        }
    }
    let session = api.session("riverbend", Person::Reader).await;
    let now = api.world.clock.unix_seconds();
    for (length, allowed) in [(400, true), (512, false)] {
        let path = format!("GET/ows/planning/{}", "x".repeat(length));
        let answer = api.answer_to(&at(REQUEST.1, &session, &path)).await.unwrap();
        assert_eq!(allows(&answer, &format!("{STAGE}/{path}"), now), allowed, "{length}");
    }
}

fn name_of(index: usize) -> String {
    format!("{index:03}-{}", "x".repeat(40))
}

/// A cached Deny would outlast the moment in which the key was unknown, or the clock behind.
#[tokio::test]
async fn a_session_that_may_become_valid_is_never_refused_for_later() {
    for kind in [ResponseKind::Policy, ResponseKind::Simple] {
        let api = Api::with(kind).await;
        let good = api.session("riverbend", Person::Reader).await;
        let (mut header, mut claims) = (part(&good, 0), part(&good, 1));
        let early = {
            claims["iat"] = json!(api.world.clock.unix_seconds() + 3_600);
            claims["exp"] = json!(api.world.clock.unix_seconds() + 4_200);
            api.world.signed(&header, &claims).await
        };
        header["kid"] = json!("not published yet");
        let unknown = api.world.signed(&header, &part(&good, 1)).await;
        for session in [early, unknown] {
            for (name, event) in [HTTP_2, HTTP_1] {
                let answer = api.answer(event, &session).await;
                assert_eq!(answer, Err(AuthorizerError::Undecided), "{name}");
            }
            for (name, event) in [REQUEST, TOKEN] {
                let answer = api.answer(event, &session).await;
                assert_eq!(answer, Err(AuthorizerError::Unauthorized), "{name}");
            }
        }
    }
}

/// With another header as the cache's key, API Gateway would give one caller's answer to the next.
#[tokio::test]
async fn an_api_whose_identity_source_is_not_the_session_is_refused() {
    for kind in [ResponseKind::Policy, ResponseKind::Simple] {
        let api = Api::with(kind).await;
        let session = api.session("riverbend", Person::Reader).await;
        for ((name, event), source) in [
            (HTTP_2, json!(["Bearer x"])),
            (HTTP_2, json!(["/ows/planning/wms", "GET"])),
            (HTTP_1, json!("Bearer x")),
            (HTTP_1, json!("/ows/planning/wms,GET")),
        ] {
            let mut event: Value = serde_json::from_str(&event.replace("@SESSION@", &session)).unwrap();
            event["identitySource"] = source;
            assert_eq!(api.answer_to(&event).await, Err(AuthorizerError::IdentitySource), "{name}");
        }
        for ((name, event), source) in [
            (HTTP_2, json!([session, "/ows/planning/wms", "GET"])),
            (HTTP_2, json!([])),
            (HTTP_2, json!(null)),
            (HTTP_1, json!(format!("{session},/ows/planning/wms,GET"))),
        ] {
            let mut event: Value = serde_json::from_str(&event.replace("@SESSION@", &session)).unwrap();
            event["identitySource"] = source;
            assert!(api.answer_to(&event).await.is_ok(), "{name}");
        }
    }
}
