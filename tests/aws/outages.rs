//! AWS in trouble: at start, where nothing is held yet, and later, where what is held goes on.

use std::time::Duration;

use pozi_auth::config::CallLimits;
use pozi_tests::{Fate, Fleet, exchanged};

use super::gotten;

/// The ways in which AWS can be down.
const DOWN: [Fate; 3] = [Fate::Throttled, Fate::Fails, Fate::Lost];

/// So long an instance waits for an answer that was lost, and so long for one that comes on a busy machine.
const ENOUGH: CallLimits = CallLimits {
    connect: Duration::from_secs(10),
    attempt: Duration::from_secs(10),
    call: Duration::from_secs(10),
};

fn about(what: &'static str, fate: Fate) -> impl Fn(usize, &str) -> Fate + Send + Sync + 'static {
    move |_, asked| if what == "all" || asked == what { fate } else { Fate::Passes }
}

/// After as long as the answer says, an attempt is made again.
async fn until_told(answer: &pozi_tests::Answer) {
    let pause: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=5).contains(&pause), "{pause}");
    tokio::time::sleep(Duration::from_secs(pause)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn down_at_start_is_told_and_the_next_request_tries_again() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let mut ways = tokio::task::JoinSet::new();
    for (what, reason) in [
        ("all", "registry_unavailable"),
        ("GetItem", "signing_unavailable"),
        ("Decrypt", "signing_unavailable"),
    ] {
        for fate in DOWN {
            ways.spawn(is_down_at_start(fleet.behind_new_proxy().await, what, fate, reason));
        }
    }
    ways.join_all().await;
}

async fn is_down_at_start(mut fleet: Fleet, what: &'static str, fate: Fate, reason: &str) {
    let token = fleet.token();
    if fate == Fate::Lost {
        fleet.limits = ENOUGH;
    }
    fleet.aws.set_fates(about(what, fate));
    let instance = fleet.exchange();
    let answer = exchanged(&instance, &token).await;
    assert_eq!(answer.status, 503, "{what}, {fate:?}");
    assert_eq!(answer.refusal(), ("temporarily_unavailable", reason), "{what}, {fate:?}");
    fleet.aws.set_fate(Fate::Passes);
    until_told(&answer).await;
    let answer = exchanged(&instance, &token).await;
    assert_eq!(answer.status, 200, "{what}, {fate:?}: {}", answer.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_set_too() {
    let Some(fleet) = Fleet::sealed().await else { return };
    fleet.aws.set_fate(Fate::Fails);
    let instance = fleet.jwks();
    let answer = gotten(&instance, "/.well-known/jwks.json").await;
    assert_eq!(answer.refusal(), ("temporarily_unavailable", "signing_unavailable"));
    fleet.aws.set_fate(Fate::Passes);
    until_told(&answer).await;
    assert_eq!(gotten(&instance, "/.well-known/jwks.json").await.status, 200);
}

/// A call makes three attempts; trouble that passes by the third is nobody's.
#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_passes_is_not_noticed() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let token = fleet.token();
    for fate in [Fate::Throttled, Fate::Fails] {
        for what in ["Query", "GetItem", "Decrypt"] {
            let left = std::sync::atomic::AtomicUsize::new(2);
            fleet.aws.set_fates(move |_, asked| {
                let hit = asked == what
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
async fn down_later_is_not_noticed_while_what_is_held_lasts() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let (instance, keys) = (fleet.exchange(), fleet.jwks());
    assert_eq!(exchanged(&instance, &fleet.token()).await.status, 200);
    assert_eq!(gotten(&keys, "/.well-known/jwks.json").await.status, 200);
    fleet.aws.set_fate(Fate::Fails);
    fleet.entra.set_fate(Fate::Fails);
    for _ in 0..20 {
        assert_eq!(exchanged(&instance, &fleet.token()).await.status, 200);
        assert_eq!(gotten(&keys, "/.well-known/jwks.json").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_longer_than_a_call_may_take() {
    let Some(mut fleet) = Fleet::sealed().await else { return };
    fleet.aws.set_fate(Fate::Lost);
    fleet.limits = CallLimits::default();
    assert!(fleet.limits.call <= Duration::from_secs(3), "a person waits");
    // By one clock, of timers: where a machine is too busy to see to one of them, it sees to both later.
    let (instance, token) = (fleet.exchange(), fleet.token());
    let answer = tokio::time::timeout(2 * fleet.limits.call, exchanged(&instance, &token)).await;
    assert_eq!(answer.expect("one call after the other would take longer").status, 503);
}
