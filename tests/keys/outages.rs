//! Entra's keys through outages: kept for a day, and fetched again after a pause.

use entra_emulator::{Behaviour, Version::V1};
use pozi_tests::{NOW, World};

use super::entra::{COOLDOWN, FRESH, exchange, reader, warm};

const KEEP: u64 = 24 * 60 * 60;

#[tokio::test]
async fn cached_keys_last_a_day_in_an_outage_and_then_the_refusal_says_when_to_retry() {
    for behaviour in [Behaviour::Down, Behaviour::Rubbish] {
        let (world, calls) = warm(&[V1]).await;
        world.entra.behave(behaviour);
        for passed in (0..KEEP).step_by(150) {
            world.clock.set(NOW + passed);
            assert_eq!(exchange(&world, V1).await.status, 200, "{behaviour:?}, {passed} s after");
        }
        // After an hour, one call every five minutes.
        let expected = usize::try_from((KEEP - FRESH) / COOLDOWN).unwrap();
        assert_eq!(world.key_sets.calls() - calls, expected);

        world.clock.set(NOW + KEEP);
        let answer = exchange(&world, V1).await;
        assert_eq!(
            (answer.status.as_u16(), answer.refusal()),
            (503, ("temporarily_unavailable", "keys_unavailable"))
        );
        let pause: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=COOLDOWN).contains(&pause), "{pause}");

        world.entra.behave(Behaviour::Well);
        world.clock.advance(pause);
        assert_eq!(exchange(&world, V1).await.status, 200, "a retry after the time given works");
    }
}

#[tokio::test]
async fn keys_that_were_never_fetched_are_tried_once_in_five_minutes() {
    for behaviour in [Behaviour::Down, Behaviour::Rubbish] {
        let world = World::new().await;
        world.entra.behave(behaviour);
        for passed in 0..COOLDOWN {
            world.clock.set(NOW + passed);
            let answer = exchange(&world, V1).await;
            assert_eq!(answer.status.as_u16(), 503);
            assert_eq!(answer.header("retry-after"), (COOLDOWN - passed).to_string());
        }
        assert_eq!(world.key_sets.calls(), 1);
        world.entra.behave(Behaviour::Well);
        world.clock.advance(1);
        assert_eq!(exchange(&world, V1).await.status, 200);
    }
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
