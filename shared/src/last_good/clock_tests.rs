//! Tests of the cache with clocks that are or were wrong.

use super::{
    tests::{LIFETIMES, MISSING, Source, unavailable},
    *,
};

#[tokio::test]
async fn recovers_from_a_clock_that_was_wrong_for_a_moment() {
    const DECADES: u64 = 1_000_000_000;
    for (wrong, right) in [(Ok(1), Ok(2)), (Err("down"), Ok(2))] {
        let source = Source::answering(0);
        source.answer(wrong);
        let _ = (source.find(DECADES, 1).await, source.find(DECADES, 9).await);
        source.answer(right);
        assert_eq!(source.find(0, 2).await, Ok(2), "fetched in the future, {wrong:?}");
        assert_eq!(source.find(0, 9).await, Err(MISSING));
    }
}

#[tokio::test]
async fn a_value_from_the_future_is_not_used_even_while_the_source_fails() {
    let source = Source::answering(1);
    source.find(3_600, 1).await.unwrap();
    source.answer(Err("down"));
    assert_eq!(source.find(0, 1).await, Err(unavailable(Duration::from_secs(5))));
    source.answer(Ok(2));
    assert_eq!(source.find(5, 1).await, Ok(2));
}

/// The machine slept while it waited.
#[tokio::test]
async fn a_caller_whose_time_is_far_behind_gets_what_was_fetched_while_it_waited() {
    let source = Source::answering(1);
    let (awake, asleep) = (source.clone(), source.clone());
    let fetching = tokio::spawn(async move { awake.find(90_000, 1).await });
    let waiting = tokio::spawn(async move { asleep.find(0, 1).await });
    assert_eq!((fetching.await.unwrap(), waiting.await.unwrap()), (Ok(1), Ok(1)));
    assert_eq!(source.asked(), 1);
}

#[test]
fn takes_over_only_a_newer_value_and_none_from_the_future() {
    let at = |seconds: u64| Timestamp::from_unix_seconds(1_000_000 + seconds);
    let cell = LastGood::<u32>::new("test", LIFETIMES, Arc::default());
    let held = || cell.held().map(|(value, _)| *value);
    let now = at(100_000);
    for (value, fetched, expected) in [
        (1, 100_061, None),
        (2, 100_000 - 86_400, None),
        (3, 50_000, Some(3)),
        (4, 50_000, Some(3)),
        (5, 49_999, Some(3)),
        (6, 50_001, Some(6)),
        (7, 100_060, Some(7)),
    ] {
        cell.remember(value, at(fetched), now);
        assert_eq!(held(), expected, "{value}");
    }
    cell.remember(8, at(60_000), at(60_000));
    assert_eq!(held(), Some(8), "the clock was set back, so what is held is from the future");
}

#[tokio::test]
async fn a_caller_with_a_slightly_old_time_causes_no_fetch() {
    let source = Source::answering(1);
    source.find(60, 1).await.unwrap();
    assert_eq!(source.find(0, 1).await, Ok(1));
    assert_eq!(source.asked(), 1);
}
