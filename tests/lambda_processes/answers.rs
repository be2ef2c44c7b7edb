//! The functions' answers.

use std::time::Instant;

use pozi_auth::{
    config::Signing,
    keyring::{RotationRequest, SigningAlgorithm},
};
use pozi_tests::{
    EmulatedAws, Fleet, ISSUER, Runtime, bootstrap, event, lambda_response, part, verified_by, with_form,
};
use serde_json::{Value, json};

use super::{form, print, start};

const TOKEN: [&str; 4] = ["rest-api-token", "http-api-token", "http-api-stage-token", "function-url-token"];

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

/// Takes the session, which differs every time, out of an answer, and returns both.
fn without_session(mut answer: Value) -> (Value, String) {
    let mut exchanged = body(&answer);
    let session = exchanged["access_token"].take().as_str().unwrap().to_owned();
    answer["body"] = exchanged;
    (answer, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_event_is_exchanged_as_by_the_router() {
    let Some((fleet, runtime)) = start("token-exchange").await else { return };
    let router = fleet.exchange();
    let keys = body(&lambda_response(fleet.jwks(), &event("http-api-jwks")).await);
    for name in TOKEN {
        for in_base64 in [false, true] {
            let event = with_form(event(name), &form(&fleet, &[]), in_base64);
            let (answer, session) = without_session(runtime.invoke(&event).await.unwrap());
            let (expected, another) = without_session(lambda_response(router.clone(), &event).await);
            assert_eq!(answer, expected, "{name}");
            assert_eq!(answer["body"]["scope"], "heritage:read planning:read", "{name}");
            assert!(verified_by(&session, &keys).is_some(), "{name}");
            assert_eq!(part(&session, 1)["iss"], ISSUER);
            assert_ne!(session, another);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_preflights_equal_the_routers_byte_for_byte() {
    let Some((fleet, runtime)) = start("token-exchange").await else { return };
    let router = fleet.exchange();
    let mut events = vec![event("rest-api-preflight"), event("http-api-preflight"), event("http-api-jwks")];
    for name in TOKEN {
        events.push(with_form(event(name), &form(&fleet, &[("audience", "lakeside")]), true));
        events.push(with_form(event(name), "grant_type=x", false));
    }
    for event in events {
        assert_eq!(runtime.invoke(&event).await.unwrap(), lambda_response(router.clone(), &event).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_set_equals_the_routers_byte_for_byte() {
    let Some((fleet, runtime)) = start("jwks").await else { return };
    let router = fleet.jwks();
    for name in ["rest-api-jwks", "http-api-jwks", "function-url-jwks"] {
        let event = event(name);
        let answer = runtime.invoke(&event).await.unwrap();
        assert_eq!(answer, lambda_response(router.clone(), &event).await, "{name}");
        assert_eq!(body(&answer)["keys"].as_array().map(Vec::len), Some(1), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_event_runs_a_rotation() {
    let Some((fleet, runtime)) = start("rotate-keys").await else { return };
    let done = runtime.invoke(&event("schedule")).await.unwrap();
    let expected = fleet.rotate(&RotationRequest::Due).await.unwrap();
    assert_eq!(done, serde_json::to_value(expected).unwrap());
    assert_eq!(done["keys"], json!([]), "the next key is not due yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_ring_is_created_only_on_request() {
    let Some(bootstrap) = bootstrap("rotate-keys") else { return };
    let Some(aws) = EmulatedAws::running() else { return };
    let signing = Signing::Sealed { kms_key: aws.sealing_key().await };
    let Some(bare) = Fleet::bare(signing, SigningAlgorithm::Es256).await else { return };
    let runtime = Runtime::start(&bootstrap, &bare.environment()).await;
    let error = runtime.invoke(&event("schedule")).await.unwrap_err();
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.starts_with("the signing keys were not rotated: "), "{message}");
    let done = runtime.invoke(&event("establish")).await.unwrap();
    assert_eq!(done["keys"], json!(["a new key is published"]));
    assert_eq!(runtime.invoke(&event("schedule")).await.unwrap()["keys"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_start_is_measured() {
    for function in ["token-exchange", "jwks", "rotate-keys"] {
        let Some(bootstrap) = bootstrap(function) else { return };
        let Some(fleet) = Fleet::sealed().await else { return };
        let event = match function {
            "token-exchange" => with_form(event("http-api-token"), &form(&fleet, &[]), true),
            "jwks" => event("http-api-jwks"),
            _ => event("schedule"),
        };
        let spawned = Instant::now();
        let runtime = Runtime::start(&bootstrap, &fleet.environment()).await;
        let answer = runtime.invoke(&event).await.unwrap();
        let cold = spawned.elapsed();
        assert!(answer["statusCode"] == 200 || function == "rotate-keys", "{function}: {answer}");
        let again = Instant::now();
        runtime.invoke(&event).await.unwrap();
        let (cold, warm) = (cold.as_secs_f64() * 1e3, again.elapsed().as_secs_f64() * 1e3);
        print(&format!(
            "{function}: {cold:.1} ms from its start to its first answer, {warm:.1} ms to the next\n"
        ));
    }
}
