//! Property tests: any input is refused with a proper answer.

use axum::body::Body;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderName, HeaderValue, Method, Request, Uri, header::CONTENT_TYPE};
use pozi_tests::{Answer, World, exchange_form, form_request};
use proptest::{prelude::*, test_runner::TestRunner};
use tokio::runtime::{Builder, Runtime};

/// Returns one world and one runtime for all cases of a property.
fn world() -> (Runtime, World) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    (runtime, world)
}

/// Checks `property` for values of `strategy`.
fn check<S: Strategy>(
    strategy: &S,
    property: impl Fn(&Runtime, &World, S::Value) -> Result<(), TestCaseError>,
) {
    let (runtime, world) = world();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner.run(strategy, |value| property(&runtime, &world, value)).unwrap();
}

fn assert_refusal(answer: &Answer) -> Result<(), TestCaseError> {
    prop_assert!(answer.status.is_client_error(), "{} {}", answer.status, answer.json);
    let members: Vec<_> = answer.json.as_object().into_iter().flat_map(|body| body.keys()).collect();
    prop_assert_eq!(members, ["error", "error_description", "reason"]);
    prop_assert_eq!(answer.header("access-control-allow-origin"), "*");
    prop_assert_eq!(answer.header("cache-control"), "no-store");
    Ok(())
}

#[test]
fn no_bytes_in_the_body_make_it_fail() {
    check(&prop::collection::vec(any::<u8>(), 0..2_000), |runtime, world, body| {
        let request =
            Request::post("/oauth2/token").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        assert_refusal(&runtime.block_on(world.send(request.body(Body::from(body)).unwrap())))
    });
}

#[test]
fn no_value_of_a_parameter_makes_it_fail() {
    let names = prop::sample::select(vec![
        "grant_type",
        "subject_token",
        "subject_token_type",
        "requested_token_type",
        "scope",
        "resource",
        "audience",
        "actor_token",
        "",
    ]);
    let pairs = prop::collection::vec((names, "\\PC{0,40}|[a-z]{1,9}:(read|write)|urn:[a-z:_-]{0,60}"), 0..6);
    let token = "\\PC{0,60}|[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}\\.[A-Za-z0-9_-]{0,60}";
    check(&(pairs, token), |runtime, world, (pairs, token)| {
        let more: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_refusal(&runtime.block_on(world.send(form_request(&exchange_form(&token, &more), &[]))))
    });
}

#[test]
fn no_json_in_a_token_makes_it_fail() {
    let value = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        "[a-zA-Z0-9:/. -]{0,50}".prop_map(|text| format!("\"{text}\"")),
        "[a-z0-9]{0,5}".prop_map(|text| format!("[\"{text}\",{{\"{text}\":[]}}]")),
        Just("\"cd0a0f9d-3505-4176-bcd0-75bdde12fd00\"".to_owned()),
        Just("\"RS256\"".to_owned()),
        Just("\"1.0\"".to_owned()),
    ];
    let name = prop::sample::select(vec![
        "alg",
        "typ",
        "kid",
        "x5t",
        "crit",
        "nonce",
        "iss",
        "aud",
        "tid",
        "oid",
        "sub",
        "ver",
        "scp",
        "appid",
        "azp",
        "exp",
        "nbf",
        "iat",
        "groups",
        "roles",
        "_claim_names",
        "hasgroups",
        "idtyp",
        "uti",
        "TID",
    ]);
    let object = prop::collection::vec((name, value), 0..14).prop_map(|members| {
        let members: Vec<_> =
            members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        URL_SAFE_NO_PAD.encode(format!("{{{}}}", members.join(",")))
    });
    check(&(object.clone(), object), |runtime, world, (header, payload)| {
        let token = format!("{header}.{payload}.c2lnbmF0dXJl");
        assert_refusal(&runtime.block_on(world.exchange(&token, &[])))
    });
}

#[test]
fn no_method_path_or_header_makes_it_fail() {
    let method = prop_oneof![
        prop::sample::select(vec!["GET", "POST", "PUT", "HEAD", "PATCH", "DELETE", "TRACE", "CONNECT"])
            .prop_map(str::to_owned),
        "[A-Z!#$%&'*+.^_`|~-]{1,12}",
    ];
    let path = "/(oauth2|\\.well-known|[!-~]{0,20})?(/(token|jwks\\.json|[!-~]{0,30}))?(\\?[!-~]{0,20})?";
    let header = (
        prop_oneof![
            prop::sample::select(vec![
                "content-type",
                "content-length",
                "origin",
                "host",
                "if-none-match",
                "expect"
            ])
            .prop_map(str::to_owned),
            "[a-z-]{1,20}"
        ],
        prop::collection::vec(any::<u8>(), 0..40),
    );
    check(&(method, path, prop::collection::vec(header, 0..6)), |runtime, world, (method, path, headers)| {
        let (Ok(method), Ok(uri)) = (method.parse::<Method>(), path.parse::<Uri>()) else {
            return Err(TestCaseError::reject("not an HTTP request"));
        };
        // Preflights and the key set are not refused.
        prop_assume!(method != Method::OPTIONS && uri.path() != "/.well-known/jwks.json");
        let mut request = Request::new(Body::from("grant_type=x"));
        (*request.method_mut(), *request.uri_mut()) = (method, uri);
        for (name, value) in headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(&value)) {
                request.headers_mut().append(name, value);
            }
        }
        let is_head = request.method() == Method::HEAD;
        let answer = runtime.block_on(world.send(request));
        if is_head {
            prop_assert!(answer.status.is_client_error() && answer.body.is_empty(), "{}", answer.status);
            return Ok(());
        }
        assert_refusal(&answer)
    });
}
