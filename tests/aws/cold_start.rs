//! How long a person waits for an instance that was not there a moment ago: every upstream takes 100 ms, and what is
//! waited for one after the other is counted.

use std::time::{Duration, Instant};

use pozi_auth::keyring::SigningAlgorithm;
use pozi_tests::{Fleet, exchanged, waits_in_sequence};

const DELAY: Duration = Duration::from_millis(100);

/// What an exchange at a new instance asks for, how many waits that is in sequence, and how long it took. The exchange
/// comes so long after the start.
async fn waited(fleet: &Fleet, after: Duration) -> (Vec<String>, usize, Duration) {
    let token = fleet.token();
    fleet.aws.seen();
    let instance = fleet.exchange();
    tokio::time::sleep(after).await;
    let asked = Instant::now();
    let answer = exchanged(&instance, &token).await;
    let took = asked.elapsed();
    assert_eq!(answer.status, 200, "{}", answer.json);
    let seen = [fleet.aws.seen(), fleet.entra.seen()].concat();
    let during: Vec<_> = seen.iter().filter(|seen| seen.went >= asked).cloned().collect();
    let mut what: Vec<_> = seen.into_iter().map(|seen| seen.what).collect();
    what.sort();

    let answer = exchanged(&instance, &token).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let warm = [fleet.aws.seen(), fleet.entra.seen()].concat();
    assert!(warm.iter().all(|seen| seen.what == "Sign"), "a warm instance asks nobody: {warm:?}");
    (what, waits_in_sequence(&during), took)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_has_started_waits_once_and_a_warm_one_never() {
    let Some(fleet) = Fleet::sealed().await else { return };
    fleet.aws.delays(DELAY);
    fleet.entra.delays(DELAY);
    let (asked, waits, took) = waited(&fleet, 5 * DELAY).await;
    println!("started: {waits} wait, {took:?}, for {asked:?}");
    assert_eq!(
        asked,
        ["Decrypt", "GetItem", "Query"],
        "sites and key sets are one read, and Entra is not asked"
    );
    assert_eq!(waits, 1);
}

/// What was sealed must be read before it can be opened: these two waits follow each other, beside all others.
#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_comes_with_the_start_waits_for_the_key_alone() {
    let Some(fleet) = Fleet::sealed().await else { return };
    fleet.aws.delays(DELAY);
    fleet.entra.delays(DELAY);
    let (asked, waits, took) = waited(&fleet, Duration::ZERO).await;
    println!("with the start: {waits} waits, {took:?}, for {asked:?}");
    assert_eq!(asked, ["Decrypt", "GetItem", "Query"]);
    assert_eq!(waits, 2, "the ring, and beside it the sites and key sets; then the key");
}

/// The ring says which key signs, and there is nothing to open.
#[tokio::test(flavor = "multi_thread")]
async fn keys_that_never_leave_kms_cost_a_call_for_each_signature() {
    let Some(fleet) = Fleet::in_kms(SigningAlgorithm::Es256).await else { return };
    fleet.aws.delays(DELAY);
    fleet.entra.delays(DELAY);
    let (asked, waits, took) = waited(&fleet, 5 * DELAY).await;
    println!("in KMS, started: {waits} waits, {took:?}, for {asked:?}");
    assert_eq!(asked, ["GetItem", "Query", "Sign"]);
    assert_eq!(waits, 2, "sites and key sets, then the signature");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_set_is_one_wait_away_and_then_none() {
    let Some(fleet) = Fleet::sealed().await else { return };
    fleet.aws.delays(DELAY);
    let instance = fleet.jwks();
    for waits in [1, 0] {
        assert_eq!(super::gotten(&instance, "/.well-known/jwks.json").await.status, 200);
        let seen = fleet.aws.seen();
        assert_eq!(waits_in_sequence(&seen), waits);
        assert!(
            seen.iter().all(|seen| !String::from_utf8_lossy(&seen.body).contains("pk, sk, revision, ring"))
        );
    }
}
