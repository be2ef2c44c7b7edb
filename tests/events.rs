//! Events as AWS sends them, from REST APIs, HTTP APIs and function URLs, through the adapter that Lambda functions run.

#![expect(clippy::expect_used, reason = "a helper that cannot go on fails its test")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use entra_emulator::TokenSpec;
use lambda_http::Request;
use pozi_auth::adapters::lambda;
use pozi_tests::{Answer, World, event, exchange_form, lambda_response, part, with_form};
use serde_json::{Value, json};
use tower::ServiceExt;

const TOKEN: [&str; 4] = ["rest-api-token", "http-api-token", "http-api-stage-token", "function-url-token"];
const PREFLIGHT: [&str; 2] = ["rest-api-preflight", "http-api-preflight"];
const JWKS: [&str; 3] = ["rest-api-jwks", "http-api-jwks", "function-url-jwks"];

fn request(event: &Value) -> Request {
    lambda_http::request::from_str(&event.to_string()).expect("the runtime knows the event")
}

async fn answer(world: &World, event: &Value) -> Answer {
    let response = lambda::service(world.router()).oneshot(request(event)).await;
    Answer::of(response.unwrap_or_else(|never| match never {})).await
}

fn form(world: &World, more: &[(&str, &str)]) -> String {
    exchange_form(&world.token(&TokenSpec::default()), more)
}

#[tokio::test]
async fn every_kind_of_event_is_exchanged_with_or_without_base64() {
    let world = World::new().await;
    for name in TOKEN {
        for in_base64 in [false, true] {
            let answer = answer(&world, &with_form(event(name), &form(&world, &[]), in_base64)).await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.json);
            assert_eq!(part(answer.session(), 1)["iss"], world.issuer.as_str());
            assert_eq!(answer.header("access-control-allow-origin"), "*");
        }
    }
}

/// A custom domain hides the stage. A named stage is in the path of an HTTP API's events and never of a REST API's; local
/// tools leave it out. A stage may have the name of a path of ours.
#[tokio::test]
async fn the_stage_makes_no_difference_to_the_path() {
    let world = World::new().await;
    for name in TOKEN {
        let is_rest = with_form(event(name), &form(&world, &[]), true)["version"] != "2.0";
        for (stage, prefix) in [
            (json!("Prod"), ""),
            if is_rest { (json!("Prod"), "") } else { (json!("Prod"), "/Prod") },
            if is_rest { (json!("oauth2"), "") } else { (json!("oauth2"), "/oauth2") },
            (json!("oauth2"), ""),
            (json!("$default"), ""),
            (json!("oauth2x"), ""),
            (json!(null), ""),
        ] {
            let mut event = with_form(event(name), &form(&world, &[]), true);
            let path = format!("{prefix}/oauth2/token");
            if event["version"] == "2.0" {
                event["rawPath"] = path.clone().into();
                event["requestContext"]["http"]["path"] = path.into();
            } else {
                event["path"] = path.into();
            }
            event["requestContext"]["stage"] = stage.clone();
            let answer = answer(&world, &event).await;
            assert_eq!(answer.status, 200, "{name}, stage {stage} after {prefix:?}: {}", answer.json);
        }
    }
}

/// The URL of the service as clients know it, a kind of event, its stage, and the base of the path in it. With a custom domain,
/// events of REST APIs have the path of its mapping, and those of HTTP APIs the stage instead.
/// Sources: events in serverless-express issue 465, powertools-lambda-python pull request 579, and localstack pull request 12296.
const BASES: [(&str, &str, &str, &str); 12] = [
    ("https://api0000000.execute-api.example/live", "rest-api", "live", ""),
    ("https://api0000000.execute-api.example/live/pozi", "rest-api", "live", "/pozi"),
    ("https://auth.example/pozi", "rest-api", "live", "/pozi"),
    ("https://auth.example/pozi/live", "rest-api", "live", "/pozi/live"),
    ("https://auth.example/oauth2", "rest-api", "oauth2", "/oauth2"),
    ("https://api0000000.execute-api.example/live", "http-api", "live", "/live"),
    ("https://api0000000.execute-api.example/live/pozi", "http-api", "live", "/live/pozi"),
    ("https://auth.example/pozi", "http-api", "live", "/live"),
    ("https://auth.example/pozi", "http-api", "live", "/pozi"),
    ("https://auth.example/pozi", "http-api", "$default", "/pozi"),
    ("https://auth.example/pozi", "function-url", "$default", "/pozi"),
    ("https://auth.example/pozi", "function-url", "$default", ""),
];

fn at_path(mut event: Value, stage: &str, path: &str) -> Value {
    if event["version"] == "2.0" {
        event["rawPath"] = path.into();
        event["requestContext"]["http"]["path"] = path.into();
    } else {
        event["path"] = path.into();
    }
    event["requestContext"]["stage"] = stage.into();
    event
}

#[tokio::test]
async fn an_issuer_with_a_path_answers_below_it_in_every_kind_of_event() {
    for (issuer, kind, stage, base) in BASES {
        let world = World::of_issuer(issuer).await;
        let post = with_form(event(&format!("{kind}-token")), &form(&world, &[]), true);
        let get = event(&format!("{kind}-jwks"));
        let case = format!("{issuer} {kind} {base}");
        let token = answer(&world, &at_path(post.clone(), stage, &format!("{base}/oauth2/token"))).await;
        assert_eq!(token.status, 200, "{case}: {}", token.json);
        assert_eq!(part(token.session(), 1)["iss"], issuer);
        let keys =
            answer(&world, &at_path(get.clone(), stage, &format!("{base}/.well-known/jwks.json"))).await;
        assert!(pozi_tests::verified_by(token.session(), &keys.json).is_some(), "{case}");
        for name in ["openid-configuration", "oauth-authorization-server"] {
            let path = format!("{base}/.well-known/{name}");
            let metadata = answer(&world, &at_path(get.clone(), stage, &path)).await.json;
            assert_eq!(metadata["jwks_uri"], format!("{issuer}/.well-known/jwks.json"), "{case}");
        }
        for other in ["/other", "/pozi/pozi", "/live/live/live"] {
            let path = format!("{other}/oauth2/token");
            let answer = answer(&world, &at_path(post.clone(), stage, &path)).await;
            assert_eq!(answer.status, 404, "{case}: {path}");
        }
    }
}

#[tokio::test]
async fn headers_are_read_from_either_member() {
    let world = World::new().await;
    let name = TOKEN[0];
    for left_out in ["headers", "multiValueHeaders"] {
        for (origin, status) in [("https://riverbend.enterprise.example", 200), ("https://evil.example", 400)]
        {
            let mut event = with_form(event(name), &form(&world, &[]), false);
            event["headers"]["origin"] = origin.into();
            event["multiValueHeaders"]["origin"] = json!([origin]);
            event[left_out] = Value::Null;
            let answer = answer(&world, &event).await;
            assert_eq!(answer.status.as_u16(), status, "without {left_out}: {}", answer.json);
        }
    }
}

#[tokio::test]
async fn a_refusal_has_cors_headers() {
    let world = World::new().await;
    for name in TOKEN {
        let event = with_form(event(name), &form(&world, &[("audience", "lakeside")]), true);
        let answer = answer(&world, &event).await;
        assert_eq!(
            (answer.status.as_u16(), answer.refusal()),
            (400, ("invalid_target", "unknown_target")),
            "{name}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
}

#[tokio::test]
async fn preflights_are_answered() {
    let world = World::new().await;
    for name in PREFLIGHT {
        let answer = answer(&world, &event(name)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("access-control-max-age")),
            (200, "7200"),
            "{name}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
}

#[tokio::test]
async fn the_key_set_is_served() {
    let world = World::new().await;
    let session = world.exchange(&world.token(&TokenSpec::default()), &[]).await;
    for name in JWKS {
        let mut event = event(name);
        let keys = answer(&world, &event).await;
        assert!(pozi_tests::verified_by(session.session(), &keys.json).is_some(), "{name}");
        event["headers"]["if-none-match"] = keys.header("etag").into();
        event["multiValueHeaders"]["if-none-match"] = json!([keys.header("etag")]);
        assert_eq!(answer(&world, &event).await.status, 304, "{name}");
        event["rawQueryString"] = "v=1".into();
        event["queryStringParameters"] = json!({"v": "1"});
        assert_eq!(answer(&world, &event).await.status, 304, "{name}: a query changes nothing");
    }
}

#[tokio::test]
async fn responses_are_text_with_their_headers() {
    let world = World::new().await;
    for name in TOKEN {
        let sent = lambda_response(world.router(), &with_form(event(name), &form(&world, &[]), true)).await;
        assert_eq!(
            (&sent["statusCode"], &sent["isBase64Encoded"]),
            (&json!(200), &json!(false)),
            "{name}: {sent}"
        );
        let body: Value = serde_json::from_str(sent["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["token_type"], "Bearer");
        let cache = [&sent["headers"]["cache-control"], &sent["multiValueHeaders"]["cache-control"][0]];
        assert!(cache.contains(&&json!("no-store")), "{name}: {sent}");
    }
}

#[tokio::test]
async fn malformed_events_are_refused() {
    let world = World::new().await;
    for name in TOKEN {
        let valid = with_form(event(name), &form(&world, &[]), false);
        let is_v2 = valid["version"] == "2.0";
        let changed = |change: &dyn Fn(&mut Value)| {
            let mut event = valid.clone();
            change(&mut event);
            event
        };
        let at = |path: &str| changed(&|event| event[if is_v2 { "rawPath" } else { "path" }] = path.into());
        let body = |body: Value| changed(&|event| event["body"] = body.clone());
        for (event, reason) in [
            (body(json!("")), "missing_parameter"),
            (body(Value::Null), "missing_parameter"),
            (body(json!("\u{0}é%zz&&==&")), "missing_parameter"),
            (body(json!("x".repeat(64 * 1024 + 1))), "body_too_large"),
            (changed(&|event| event["headers"] = json!({})).without_lists(), "unsupported_media_type"),
            (at(""), "not_found"),
            (at("/"), "not_found"),
            (at("//"), "not_found"),
            (at("/oauth2/token/"), "not_found"),
            (at("/../oauth2/token"), "not_found"),
            (at("/%00%ff/<é>\"{}|\\^`"), "not_found"),
            (at(&"/x".repeat(5_000)), "not_found"),
        ] {
            let answer = answer(&world, &event).await;
            assert_eq!(
                answer.refusal().1,
                reason,
                "{name}: {}",
                event[if is_v2 { "rawPath" } else { "path" }]
            );
        }
    }
}

trait WithoutLists {
    fn without_lists(self) -> Self;
}

impl WithoutLists for Value {
    /// Empties the second member with headers, which events of REST APIs have.
    fn without_lists(mut self) -> Self {
        if self.get("multiValueHeaders").is_some() {
            self["multiValueHeaders"] = json!({});
        }
        self
    }
}

/// The runtime panics while it converts such an event, before our code runs; it catches the panic and reports an error for
/// that invocation. No caller can cause the first, since API Gateway encodes the body; the second depends on what API
/// Gateway accepts in a query.
#[tokio::test]
async fn an_event_that_the_runtime_cannot_convert_fails_one_invocation() {
    let world = World::new().await;
    for name in TOKEN {
        let mut body = with_form(event(name), "not base64!", false);
        body["isBase64Encoded"] = true.into();
        let mut query = with_form(event(name), "grant_type=x", false);
        query["rawQueryString"] = "a=\"b\"".into();
        // Events of REST APIs have a parsed query, which the runtime encodes again.
        let has_query = query.get("rawPath").is_some();
        for (broken, panics) in [(body, true), (query, has_query)] {
            let converted = catch_unwind(AssertUnwindSafe(|| drop(request(&broken))));
            assert_eq!(
                converted.is_err(),
                panics,
                "{name}: the runtime has changed; so must the comment above"
            );
        }
        let next = answer(&world, &with_form(event(name), &form(&world, &[]), true)).await;
        assert_eq!(next.status, 200, "{name}");
    }
}
