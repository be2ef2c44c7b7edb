//! How many round trips a cold start takes. Instead of measuring time, the proxy holds AWS's answers until all calls that
//! should run in parallel have arrived, and then releases them together.

use axum::Router;
use pozi_auth::{adapters::SystemClock, keyring::SigningAlgorithm, timestamp::Clock};
use pozi_tests::{Fleet, SetClock, exchanged};

use super::load::instance;

/// Releases the calls of each step, which run in parallel, one step after the other. The calls of a step are sorted.
async fn release_in_order(fleet: &Fleet, steps: &[&[&str]]) {
    for parallel_calls in steps {
        fleet.aws.release(parallel_calls).await;
    }
}

/// Starts an instance whose answers from AWS are held, and releases these steps.
async fn started(fleet: &Fleet, steps: &[&[&str]]) -> Router {
    fleet.aws.hold_answers();
    let instance = fleet.exchange();
    release_in_order(fleet, steps).await;
    instance
}

/// Exchanges a token at an instance, which makes exactly these calls, and none but `Sign` for the next exchange.
async fn exchanges_after(fleet: &Fleet, instance: Router, steps: &[&[&str]]) {
    let token = fleet.token();
    let (answer, ()) = tokio::join!(exchanged(&instance, &token), release_in_order(fleet, steps));
    assert_eq!(answer.status, 200, "{}", answer.json);
    fleet.aws.release_all();
    fleet.aws.take_seen();

    let answer = exchanged(&instance, &token).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let warm = fleet.aws.take_seen();
    assert!(
        warm.iter().all(|seen| seen.what == "Sign"),
        "a warm instance makes other calls than Sign: {warm:?}"
    );
    assert_eq!(fleet.entra.take_seen().len(), 0, "Entra is called");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_started_instance_waits_for_its_sites_and_a_warm_one_never() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let instance = started(&fleet, &[&["GetItem", "GetItem"], &["Decrypt"]]).await;
    // Sites and key sets are read together, and then the sites' claims.
    exchanges_after(&fleet, instance, &[&["Query"], &["BatchGetItem"]]).await;
}

/// A sealed key must be read before it can be opened, so these two calls follow each other. All others run in parallel.
#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_during_the_start_waits_for_the_ring_and_the_key() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let instance = started(&fleet, &[]).await;
    // The ring and what was revoked in parallel with the sites and key sets, then the key in parallel with the claims.
    let steps: [&[&str]; 2] = [&["GetItem", "GetItem", "Query"], &["BatchGetItem", "Decrypt"]];
    exchanges_after(&fleet, instance, &steps).await;
}

/// The ring names the key that signs, and there is no key to open.
#[tokio::test(flavor = "multi_thread")]
async fn keys_in_kms_cost_a_call_per_signature() {
    let Some(fleet) = Fleet::in_kms(SigningAlgorithm::Es256).await else { return };
    let instance = started(&fleet, &[&["GetItem", "GetItem"]]).await;
    exchanges_after(&fleet, instance, &[&["Query"], &["BatchGetItem"], &["Sign"]]).await;
}

/// What was revoked is waited for; the ring and the site's claims, which cost a second call, are read meanwhile for the next
/// exchange. Only after a quarter of an hour does an exchange wait for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_minute_costs_one_wait_and_a_quiet_quarter_of_an_hour_two() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let token = fleet.token();
    for (quiet, waits) in [(65, 1), (14 * 60, 1), (15 * 60, 2)] {
        let clock = SetClock::at(SystemClock.now().unix_seconds());
        let instance = instance(&fleet, &clock);
        assert_eq!(exchanged(&instance, &token).await.status, 200);
        clock.advance(quiet);
        fleet.aws.hold_answers();
        let steps: [&[&str]; 2] = [&["GetItem", "GetItem", "Query"], &["BatchGetItem"]];
        let (waited, rest) = steps.split_at(waits);
        let (answer, ()) = tokio::join!(exchanged(&instance, &token), release_in_order(&fleet, waited));
        assert_eq!(answer.status, 200, "after {quiet} s: {}", answer.json);
        release_in_order(&fleet, rest).await;
        fleet.aws.release_all();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_set_waits_once_and_then_never() {
    let Some(fleet) = Fleet::sealed().await else { return };
    fleet.aws.hold_answers();
    let instance = fleet.jwks();
    let fetch = || super::fetch(&instance, "/.well-known/jwks.json");
    let (answer, ()) = tokio::join!(fetch(), release_in_order(&fleet, &[&["GetItem"]]));
    assert_eq!(answer.status, 200);
    let [seen] = &fleet.aws.take_seen()[..] else { panic!("expected one read") };
    assert!(!String::from_utf8_lossy(&seen.body).contains("pk, sk, revision, ring"));
    assert_eq!(fetch().await.status, 200);
    assert_eq!(fleet.aws.take_seen().len(), 0);
}
