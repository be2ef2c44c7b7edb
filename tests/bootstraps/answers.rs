//! What the functions answer.

use std::time::Instant;

use pozi_auth::{config::Signing, keyring::SigningAlgorithm};
use pozi_rotate_keys::RunRequest;
use pozi_tests::{EmulatedAws, Fleet, ISSUER, Runtime, event, filled, part, sent_back, verified_by};
use serde_json::{Value, json};

use super::{bootstrap, form, tell, with};

const TOKEN: [&str; 4] = ["rest-api-token", "http-api-token", "http-api-stage-token", "function-url-token"];

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

/// An answer with an exchange's session, which is never the same twice, taken out, and the session.
fn without_session(mut answer: Value) -> (Value, String) {
    let mut exchanged = body(&answer);
    let session = exchanged["access_token"].take().as_str().unwrap().to_owned();
    answer["body"] = exchanged;
    (answer, session)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_event_is_exchanged_as_the_router_does() {
    let Some((fleet, runtime)) = with("token-exchange").await else { return };
    let router = fleet.exchange();
    let keys = body(&sent_back(fleet.jwks(), &event("http-api-jwks")).await);
    for name in TOKEN {
        for in_base64 in [false, true] {
            let event = filled(event(name), &form(&fleet, &[]), in_base64);
            let (answer, session) = without_session(runtime.invoke(&event).await.unwrap());
            let (expected, another) = without_session(sent_back(router.clone(), &event).await);
            assert_eq!(answer, expected, "{name}");
            assert_eq!(answer["body"]["scope"], "heritage:read planning:read", "{name}");
            assert!(verified_by(&session, &keys).is_some(), "{name}");
            assert_eq!(part(&session, 1)["iss"], ISSUER);
            assert_ne!(session, another);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_preflights_are_the_routers_to_the_byte() {
    let Some((fleet, runtime)) = with("token-exchange").await else { return };
    let router = fleet.exchange();
    let mut events = vec![event("rest-api-preflight"), event("http-api-preflight"), event("http-api-jwks")];
    for name in TOKEN {
        events.push(filled(event(name), &form(&fleet, &[("audience", "lakeside")]), true));
        events.push(filled(event(name), "grant_type=x", false));
    }
    for event in events {
        assert_eq!(runtime.invoke(&event).await.unwrap(), sent_back(router.clone(), &event).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_set_is_the_routers_to_the_byte() {
    let Some((fleet, runtime)) = with("jwks").await else { return };
    let router = fleet.jwks();
    for name in ["rest-api-jwks", "http-api-jwks", "function-url-jwks"] {
        let event = event(name);
        let answer = runtime.invoke(&event).await.unwrap();
        assert_eq!(answer, sent_back(router.clone(), &event).await, "{name}");
        assert_eq!(body(&answer)["keys"].as_array().map(Vec::len), Some(1), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_does_what_a_run_does() {
    let Some((fleet, runtime)) = with("rotate-keys").await else { return };
    let done = runtime.invoke(&event("schedule")).await.unwrap();
    let expected = fleet.rotate(RunRequest::default()).await.unwrap();
    assert_eq!(done, serde_json::to_value(expected).unwrap());
    assert_eq!(done["keys"], json!([]), "the first key signs, and the next is not due");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_asks_for_it_gets_a_first_ring() {
    let Some(bootstrap) = bootstrap("rotate-keys") else { return };
    let Some(aws) = EmulatedAws::running() else { return };
    let signing = Signing::Sealed { kms_key: aws.sealing_key().await };
    let Some(bare) = Fleet::bare(signing, SigningAlgorithm::Es256).await else { return };
    let runtime = Runtime::of(&bootstrap, &bare.environment()).await;
    let problem = runtime.invoke(&event("schedule")).await.unwrap_err();
    let told = problem["errorMessage"].as_str().unwrap();
    assert!(told.starts_with("the signing keys were not rotated: "), "{told}");
    let done = runtime.invoke(&event("establish")).await.unwrap();
    assert_eq!(done["keys"], json!(["a new key is published"]));
    assert_eq!(runtime.invoke(&event("schedule")).await.unwrap()["keys"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cold_start_is_told() {
    for function in ["token-exchange", "jwks", "rotate-keys"] {
        let Some(bootstrap) = bootstrap(function) else { return };
        let Some(fleet) = Fleet::sealed().await else { return };
        let event = match function {
            "token-exchange" => filled(event("http-api-token"), &form(&fleet, &[]), true),
            "jwks" => event("http-api-jwks"),
            _ => event("schedule"),
        };
        let spawned = Instant::now();
        let runtime = Runtime::of(&bootstrap, &fleet.environment()).await;
        let answer = runtime.invoke(&event).await.unwrap();
        let cold = spawned.elapsed();
        assert!(answer["statusCode"] == 200 || function == "rotate-keys", "{function}: {answer}");
        let again = Instant::now();
        runtime.invoke(&event).await.unwrap();
        let (cold, warm) = (cold.as_secs_f64() * 1e3, again.elapsed().as_secs_f64() * 1e3);
        tell(&format!(
            "{function}: {cold:.1} ms from its start to its first answer, {warm:.1} ms to the next\n"
        ));
    }
}
