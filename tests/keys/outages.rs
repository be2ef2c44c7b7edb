//! Entra's keys through outages: kept for a day, and fetched again after a pause.

use entra_emulator::{Behaviour, Version::V1};
use pozi_tests::{NOW, World};

use super::entra::{COOLDOWN, FRESH, exchange, reader, warm};

const KEEP: u64 = 24 * 60 * 60;
/// The longest pause after a failure while no keys are held.
const LONGEST_PAUSE: u64 = 60;

/// Returns how often Entra is asked in one fetch: a status of 503 may pass at once, a page that is not a key set does not.
fn attempts(behaviour: Behaviour) -> usize {
    if matches!(behaviour, Behaviour::Down) { 2 } else { 1 }
}

#[tokio::test]
async fn cached_keys_last_a_day_in_an_outage_and_then_the_refusal_says_when_to_retry() {
    for behaviour in [Behaviour::Down, Behaviour::Rubbish] {
        let (world, calls) = warm(&[V1]).await;
        world.entra.behave(behaviour);
        for passed in (0..KEEP).step_by(150) {
            world.clock.set(NOW + passed);
            assert_eq!(exchange(&world, V1).await.status, 200, "{behaviour:?}, {passed} s after");
        }
        // After an hour, one fetch every five minutes.
        let expected = usize::try_from((KEEP - FRESH) / COOLDOWN).unwrap();
        assert_eq!(world.key_sets.calls() - calls, expected * attempts(behaviour));

        world.clock.set(NOW + KEEP);
        let answer = exchange(&world, V1).await;
        assert_eq!(
            (answer.status.as_u16(), answer.refusal()),
            (503, ("temporarily_unavailable", "keys_unavailable"))
        );
        let pause: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=LONGEST_PAUSE).contains(&pause), "{pause}");

        world.entra.behave(Behaviour::Well);
        world.clock.advance(pause);
        assert_eq!(exchange(&world, V1).await.status, 200, "a retry after the time given works");
    }
}

#[tokio::test]
async fn keys_that_were_never_fetched_are_tried_after_five_seconds_and_then_less_often() {
    for behaviour in [Behaviour::Down, Behaviour::Rubbish] {
        let world = World::new().await;
        world.entra.behave(behaviour);
        let mut failed_at = 0;
        for (fetches, pause) in (1..).zip([5, 10, 20, 40, LONGEST_PAUSE, LONGEST_PAUSE]) {
            for passed in 0..pause {
                world.clock.set(NOW + failed_at + passed);
                let answer = exchange(&world, V1).await;
                assert_eq!(answer.status.as_u16(), 503);
                assert_eq!(answer.header("retry-after"), (pause - passed).to_string());
            }
            assert_eq!(world.key_sets.calls(), fetches * attempts(behaviour));
            failed_at += pause;
        }
        world.entra.behave(Behaviour::Well);
        world.clock.advance(1);
        assert_eq!(exchange(&world, V1).await.status, 200);
    }
}

#[tokio::test]
async fn a_moment_of_trouble_at_the_first_fetch_is_not_noticed() {
    let world = World::new().await;
    world.key_sets.fail_next(1);
    assert_eq!(exchange(&world, V1).await.status, 200);
    assert_eq!(world.key_sets.calls(), 2);
}

#[tokio::test]
async fn a_rollover_during_an_outage_affects_only_tokens_with_the_new_key() {
    let (world, _) = warm(&[V1]).await;
    let before = world.token(&reader("riverbend", V1));
    world.entra.behave(Behaviour::Rubbish);
    world.entra.roll_keys();
    // The key may exist, so waiting may help.
    assert_eq!(exchange(&world, V1).await.refusal(), ("temporarily_unavailable", "keys_unavailable"));
    assert_eq!(
        world.exchange(&before, &[]).await.status,
        200,
        "an invalid document does not replace valid keys"
    );
    world.entra.behave(Behaviour::Well);
    world.clock.advance(COOLDOWN);
    assert_eq!(exchange(&world, V1).await.status, 200);
}
