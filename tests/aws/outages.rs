//! Outages of AWS: at start, when nothing is cached yet, and later, when the caches are used.

use std::time::Duration;

use pozi_auth::config::CallLimits;
use pozi_tests::{Fate, Fleet, exchanged};

use super::fetch;

/// The kinds of outages.
const OUTAGES: [Fate; 3] = [Fate::Throttled, Fate::Fails, Fate::Lost];

/// Limits long enough for a busy machine; an instance waits this long for a lost answer.
const LONG_LIMITS: CallLimits = CallLimits {
    connect: Duration::from_secs(10),
    attempt: Duration::from_secs(10),
    call: Duration::from_secs(10),
};

fn fate_for(what: &'static str, fate: Fate) -> impl Fn(usize, &str) -> Fate + Send + Sync + 'static {
    move |_, called| if what == "all" || called == what { fate } else { Fate::Passes }
}

/// Waits for as long as the answer's `Retry-After` says, which must be 1 to 5 seconds.
async fn wait_for_retry_after(answer: &pozi_tests::Answer) {
    let pause: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=5).contains(&pause), "{pause}");
    tokio::time::sleep(Duration::from_secs(pause)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_at_start_is_reported_and_the_next_request_tries_again() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let mut cases = tokio::task::JoinSet::new();
    for (what, reason) in [
        ("all", "registry_unavailable"),
        ("BatchGetItem", "registry_unavailable"),
        // The ring and the list.
        ("GetItem", "revocations_unavailable"),
        ("Decrypt", "signing_unavailable"),
    ] {
        for fate in OUTAGES {
            cases.spawn(check_outage_at_start(fleet.behind_new_proxy().await, what, fate, reason));
        }
    }
    cases.join_all().await;
}

async fn check_outage_at_start(mut fleet: Fleet, what: &'static str, fate: Fate, reason: &str) {
    let token = fleet.token();
    if fate == Fate::Lost {
        fleet.limits = LONG_LIMITS;
    }
    fleet.aws.set_fates(fate_for(what, fate));
    let instance = fleet.exchange();
    let answer = exchanged(&instance, &token).await;
    assert_eq!(answer.status, 503, "{what}, {fate:?}");
    assert_eq!(answer.refusal(), ("temporarily_unavailable", reason), "{what}, {fate:?}");
    fleet.aws.set_fate(Fate::Passes);
    wait_for_retry_after(&answer).await;
    let answer = exchanged(&instance, &token).await;
    assert_eq!(answer.status, 200, "{what}, {fate:?}: {}", answer.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_at_start_of_jwks_is_reported_and_the_next_request_tries_again() {
    let Some(fleet) = Fleet::sealed().await else { return };
    fleet.aws.set_fate(Fate::Fails);
    let instance = fleet.jwks();
    let answer = fetch(&instance, "/.well-known/jwks.json").await;
    assert_eq!(answer.refusal(), ("temporarily_unavailable", "signing_unavailable"));
    fleet.aws.set_fate(Fate::Passes);
    wait_for_retry_after(&answer).await;
    assert_eq!(fetch(&instance, "/.well-known/jwks.json").await.status, 200);
}

/// A call makes three attempts.
#[tokio::test(flavor = "multi_thread")]
async fn errors_that_end_by_the_third_attempt_have_no_effect() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let token = fleet.token();
    for fate in [Fate::Throttled, Fate::Fails] {
        for what in ["Query", "BatchGetItem", "GetItem", "Decrypt"] {
            let left = std::sync::atomic::AtomicUsize::new(2);
            fleet.aws.set_fates(move |_, called| {
                let hit = called == what
                    && left
                        .fetch_update(
                            std::sync::atomic::Ordering::SeqCst,
                            std::sync::atomic::Ordering::SeqCst,
                            |left| left.checked_sub(1),
                        )
                        .is_ok();
                if hit { fate } else { Fate::Passes }
            });
            let answer = exchanged(&fleet.exchange(), &token).await;
            assert_eq!(answer.status, 200, "{what}, {fate:?}: {}", answer.json);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_later_has_no_effect_while_the_caches_are_valid() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let (instance, keys) = (fleet.exchange(), fleet.jwks());
    assert_eq!(exchanged(&instance, &fleet.token()).await.status, 200);
    assert_eq!(fetch(&keys, "/.well-known/jwks.json").await.status, 200);
    fleet.aws.set_fate(Fate::Fails);
    fleet.entra.set_fate(Fate::Fails);
    for _ in 0..20 {
        assert_eq!(exchanged(&instance, &fleet.token()).await.status, 200);
        assert_eq!(fetch(&keys, "/.well-known/jwks.json").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_waits_longer_than_a_call_may_take() {
    let Some(mut fleet) = Fleet::sealed().await else { return };
    fleet.aws.set_fate(Fate::Lost);
    fleet.limits = CallLimits::default();
    assert!(fleet.limits.call <= Duration::from_secs(3), "a person would wait for longer than 3 seconds");
    // Both limits are timers, so that a busy machine delays both.
    let (instance, token) = (fleet.exchange(), fleet.token());
    let answer = tokio::time::timeout(2 * fleet.limits.call, exchanged(&instance, &token)).await;
    assert_eq!(answer.expect("the calls do not run in parallel").status, 503);
}
