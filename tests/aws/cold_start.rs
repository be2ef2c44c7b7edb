//! How long a person waits for an instance that was not there a moment ago. No clock says so: answers are held until all
//! that should be waited for at once is, and each time that they are let go is one wait.

use axum::Router;
use pozi_auth::keyring::SigningAlgorithm;
use pozi_tests::{Fleet, exchanged};

/// Waits for this, one after the other: what is asked for at once, in the order of the alphabet.
async fn waits(fleet: &Fleet, each: &[&[&str]]) {
    for at_once in each {
        fleet.aws.release(at_once).await;
    }
}

/// A new instance, whose answers from AWS are held, and which has waited for this since its start.
async fn started(fleet: &Fleet, each: &[&[&str]]) -> Router {
    fleet.aws.hold_answers();
    let instance = fleet.exchange();
    waits(fleet, each).await;
    instance
}

/// Exchanges a token at an instance, which waits for this and for nothing else, and not at all the next time.
async fn exchanges_after(fleet: &Fleet, instance: Router, each: &[&[&str]]) {
    let token = fleet.token();
    let (answer, ()) = tokio::join!(exchanged(&instance, &token), waits(fleet, each));
    assert_eq!(answer.status, 200, "{}", answer.json);
    fleet.aws.release_all();
    fleet.aws.take_seen();

    let answer = exchanged(&instance, &token).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let warm = fleet.aws.take_seen();
    assert!(warm.iter().all(|seen| seen.what == "Sign"), "a warm instance asks nobody: {warm:?}");
    assert_eq!(fleet.entra.take_seen().len(), 0, "and Entra is never asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_has_started_waits_once_and_a_warm_one_never() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let instance = started(&fleet, &[&["GetItem"], &["Decrypt"]]).await;
    // Sites and key sets are one read.
    exchanges_after(&fleet, instance, &[&["Query"]]).await;
}

/// What was sealed must be read before it can be opened: these two waits follow each other, beside all others.
#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_comes_with_the_start_waits_for_the_key_alone() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let instance = started(&fleet, &[]).await;
    // The ring, and beside it the sites and key sets; then the key.
    exchanges_after(&fleet, instance, &[&["GetItem", "Query"], &["Decrypt"]]).await;
}

/// The ring says which key signs, and there is nothing to open.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_never_leave_kms_cost_a_call_for_each_signature() {
    let Some(fleet) = Fleet::in_kms(SigningAlgorithm::Es256).await else { return };
    let instance = started(&fleet, &[&["GetItem"]]).await;
    exchanges_after(&fleet, instance, &[&["Query"], &["Sign"]]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_set_is_one_wait_away_and_then_none() {
    let Some(fleet) = Fleet::sealed().await else { return };
    fleet.aws.hold_answers();
    let instance = fleet.jwks();
    let asked = || super::gotten(&instance, "/.well-known/jwks.json");
    let (answer, ()) = tokio::join!(asked(), waits(&fleet, &[&["GetItem"]]));
    assert_eq!(answer.status, 200);
    let [seen] = &fleet.aws.take_seen()[..] else { panic!("it is one read") };
    assert!(!String::from_utf8_lossy(&seen.body).contains("pk, sk, revision, ring"));
    assert_eq!(asked().await.status, 200);
    assert_eq!(fleet.aws.take_seen().len(), 0);
}
