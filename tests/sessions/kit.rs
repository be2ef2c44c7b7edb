//! Our own verifiers give the verdicts of the kit, which implementers test theirs with.

use std::sync::Arc;

use axum::body::Body;
use http::Request;
use pozi_auth::{
    config::AuthorizerConfig,
    identifiers::TenantId,
    keyring::SigningAlgorithm,
    session::{Issuer, SessionKeySet, SessionVerifier},
    sites::{Access, CatalogueId},
    timestamp::Timestamp,
};
use pozi_authorizer::{Authorizer, Event};
use pozi_gate::{Gate, Routes};
use pozi_local::verifier_kit::{self, AUDIENCE, CATALOGUE, Expected, KitSession, TENANT, VerifierKit};
use pozi_tests::{NOW, SetClock, send};
use serde_json::Value;

const ISSUER: &str = "https://auth.example";
const EVENT: &str = include_str!("../events/authorizer-http-api-2.json");

/// A kit, its key set, and its sessions.
fn kit(algorithm: SigningAlgorithm) -> (SessionKeySet, Vec<KitSession>) {
    let kit = VerifierKit::generate(issuer(), algorithm).unwrap();
    let key_set = SessionKeySet::parse(kit.key_set().to_string().as_bytes()).unwrap();
    (key_set, kit.sessions(Timestamp::from_unix_seconds(NOW)).unwrap())
}

fn issuer() -> Issuer {
    ISSUER.parse().unwrap()
}

fn tenant() -> TenantId {
    TENANT.parse().unwrap()
}

fn catalogue() -> CatalogueId {
    CATALOGUE.parse().unwrap()
}

const BOTH: [SigningAlgorithm; 2] = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256];

#[tokio::test]
async fn the_session_verifier_gives_the_kits_verdicts() {
    for algorithm in BOTH {
        let (keys, sessions) = kit(algorithm);
        let verifier = SessionVerifier::new(issuer(), AUDIENCE.into(), tenant(), keys);
        for case in sessions {
            let outcome = verifier.verify(&case.session, Timestamp::from_unix_seconds(NOW)).await;
            let found = match &outcome {
                Ok(session) if session.allows(&catalogue(), Access::Read) => Expected::Allowed,
                Ok(_) => Expected::NotAllowed,
                Err(_) => Expected::Refused,
            };
            assert_eq!(found, case.expected, "{}: {outcome:?}", case.name);
        }
    }
}

#[tokio::test]
async fn the_gate_gives_the_kits_verdicts() {
    for algorithm in BOTH {
        let (keys, sessions) = kit(algorithm);
        let verifier = SessionVerifier::new(issuer(), AUDIENCE.into(), tenant(), Arc::new(keys));
        let gate = Gate::new(verifier, [(catalogue(), Access::Read)]);
        let router = pozi_gate::router(Routes { gate, clock: SetClock::at(NOW), site: AUDIENCE.into() });
        for case in sessions {
            let request = Request::get("/decide")
                .header("x-pozi-catalogue", CATALOGUE)
                .header("x-pozi-method", "GET")
                .header("x-pozi-session", &case.session);
            let answer = send(router.clone(), request.body(Body::empty()).unwrap()).await;
            let expected = match case.expected {
                Expected::Allowed => 204,
                Expected::NotAllowed => 403,
                Expected::Refused => 401,
            };
            assert_eq!(answer.status, expected, "{}: {:?}", case.name, answer.json);
        }
    }
}

#[tokio::test]
async fn the_authorizer_gives_the_kits_verdicts() {
    for algorithm in BOTH {
        let (keys, sessions) = kit(algorithm);
        let config = AuthorizerConfig::read(|name| {
            let value = match name {
                "POZI_ISSUER" => ISSUER,
                "POZI_AUDIENCE" => AUDIENCE,
                "POZI_TENANT" => TENANT,
                "POZI_RESPONSE" => "simple",
                // The kit has no revocation document.
                "POZI_PAST_REVOCATION_LIMIT" => "serve",
                _ => return None,
            };
            Some(value.to_owned())
        });
        let authorizer = Authorizer::new(config.unwrap(), SetClock::at(NOW), keys);
        for case in sessions {
            let event: Event = serde_json::from_str(&EVENT.replace("@SESSION@", &case.session)).unwrap();
            // An error refuses, too, and is not cached.
            let answer = authorizer.answer(&event).await.map(|answer| serde_json::to_value(answer).unwrap());
            let is_allowed = answer.is_ok_and(|answer| answer["isAuthorized"] == true);
            assert_eq!(is_allowed, case.expected == Expected::Allowed, "{}", case.name);
        }
    }
}

/// Two equal sessions would mean that a case does not have the fault that it is named for.
#[tokio::test]
async fn the_kit_has_many_sessions_that_differ_and_are_served_with_their_key_set() {
    let kit = VerifierKit::generate(issuer(), SigningAlgorithm::Es256).unwrap();
    let router = verifier_kit::router(kit, SetClock::at(NOW));
    let get = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        send(router.clone(), request).await.json
    };
    let document = get("/local/verifier-kit.json").await;
    let sessions = document["sessions"].as_array().unwrap();
    for member in ["name", "session"] {
        let mut values: Vec<_> = sessions.iter().map(|case| case[member].as_str().unwrap()).collect();
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), sessions.len(), "two cases have the same {member}");
    }
    let count = |expected: &str| sessions.iter().filter(|case| case["expected"] == expected).count();
    let counts = [count("allowed"), count("not allowed"), count("refused")];
    assert!(counts.iter().sum::<usize>() == sessions.len() && sessions.len() >= 30, "{counts:?}");
    for rule in 1..=8 {
        assert!(sessions.iter().any(|case| case["rule"] == rule), "no session for rule {rule}");
    }
    let key_set: Value = get("/local/verifier-kit/.well-known/jwks.json").await;
    assert_eq!(key_set, document["key_set"]);
    assert_eq!(key_set["keys"].as_array().unwrap().len(), 2);
}
