//! Tests of the cache with a source that gives set answers.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

pub(super) const LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_hours(1),
    background: Duration::ZERO,
    keep: Duration::from_hours(24),
    cooldown: Duration::from_mins(5),
};

pub(super) const MISSING: LastGoodError = LastGoodError::Missing { retry_after: None };

pub(super) fn unavailable(retry_after: Duration) -> LastGoodError {
    LastGoodError::Unavailable { retry_after }
}

/// A source that gives a set answer and counts its fetches.
#[derive(Clone)]
pub(super) struct Source {
    cell: Arc<LastGood<u32>>,
    answer: Arc<Mutex<Result<u32, &'static str>>>,
    asked: Arc<AtomicUsize>,
}

impl Source {
    pub(super) fn answering(value: u32) -> Self {
        Self {
            cell: LastGood::new("test", LIFETIMES, Arc::default()),
            answer: Arc::new(Mutex::new(Ok(value))),
            asked: Arc::default(),
        }
    }

    pub(super) fn answer(&self, answer: Result<u32, &'static str>) {
        *lock(&self.answer) = answer;
    }

    pub(super) async fn find(&self, now: u64, wanted: u32) -> Result<u32, LastGoodError> {
        let (answer, asked) = (Arc::clone(&self.answer), Arc::clone(&self.asked));
        let now = Timestamp::from_unix_seconds(1_000_000 + now);
        let load = || async move {
            asked.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            let answer = *lock(&answer);
            answer.map(|value| (value, now))
        };
        self.cell.find(now, move |value| *value >= wanted, load).await.map(|value| *value)
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn fetches_again_only_when_the_value_is_no_longer_fresh() {
    let source = Source::answering(1);
    for now in [0, 1, 3_599] {
        assert_eq!(source.find(now, 1).await, Ok(1));
    }
    assert_eq!(source.asked(), 1);
    source.answer(Ok(2));
    assert_eq!(source.find(3_600, 1).await, Ok(2));
    assert_eq!(source.asked(), 2);
}

#[tokio::test]
async fn keeps_the_last_good_value_for_a_day_and_asks_a_failing_source_every_five_minutes() {
    let source = Source::answering(1);
    source.find(0, 1).await.unwrap();
    source.answer(Err("down"));
    for now in 3_600..4_500 {
        assert_eq!(source.find(now, 1).await, Ok(1));
    }
    assert_eq!(source.asked(), 1 + 3);
    assert_eq!(source.find(86_399, 1).await, Ok(1));
    // The fourth failure in a row was a second ago; without a value, its pause is 40 s.
    assert_eq!(source.find(86_400, 1).await, Err(unavailable(Duration::from_secs(39))));
    source.answer(Ok(2));
    assert_eq!(source.find(86_439, 1).await, Ok(2));
}

#[tokio::test]
async fn while_nothing_is_held_the_pause_grows_to_a_minute_and_starts_again_after_a_success() {
    let source = Source::answering(1);
    source.answer(Err("down"));
    let mut now = 0;
    for (failures, pause) in (1..).zip([5, 10, 20, 40, 60, 60]) {
        for passed in 0..pause {
            let left = Duration::from_secs(pause - passed);
            assert_eq!(
                source.find(now + passed, 1).await,
                Err(unavailable(left)),
                "after failure {failures}"
            );
        }
        assert_eq!(source.asked(), failures);
        now += pause;
    }
    source.answer(Ok(1));
    assert_eq!(source.find(now, 1).await, Ok(1));
    source.answer(Err("down"));
    let expired = now + 86_400;
    assert_eq!(source.find(expired, 1).await, Err(unavailable(Duration::from_secs(5))));
}

#[tokio::test]
async fn a_value_that_does_not_satisfy_is_fetched_again_at_most_every_five_minutes() {
    let source = Source::answering(1);
    source.find(0, 1).await.unwrap();
    assert_eq!(source.find(0, 9).await, Err(MISSING), "it was fetched, and does not satisfy");
    for now in 0..300 {
        let retry_after = Some(Duration::from_secs(300 - now));
        assert_eq!(source.find(now, 9).await, Err(LastGoodError::Missing { retry_after }));
    }
    assert_eq!(source.asked(), 2);
    assert_eq!(source.find(300, 9).await, Err(MISSING));
    assert_eq!(source.asked(), 3);
}

#[tokio::test]
async fn a_fetch_that_satisfies_starts_no_cooldown() {
    let source = Source::answering(1);
    for value in 1..5 {
        source.answer(Ok(value));
        assert_eq!(source.find(0, value).await, Ok(value));
    }
    assert_eq!(source.find(0, 9).await, Err(MISSING));
    assert_eq!(source.asked(), 5);
}

#[tokio::test]
async fn a_value_that_does_not_satisfy_is_unavailable_while_the_source_fails() {
    let source = Source::answering(1);
    source.find(0, 1).await.unwrap();
    source.answer(Err("down"));
    assert_eq!(source.find(0, 2).await, Err(unavailable(Duration::from_mins(5))));
    assert_eq!(source.find(299, 2).await, Err(unavailable(Duration::from_secs(1))));
    assert_eq!(source.find(299, 1).await, Ok(1));
    assert_eq!(source.asked(), 2);
    source.answer(Ok(2));
    assert_eq!(source.find(300, 2).await, Ok(2));
}

#[tokio::test]
async fn a_first_fetch_that_does_not_satisfy_is_the_only_one_for_five_minutes() {
    let source = Source::answering(1);
    for answer in found_at_once(&source, 1_000, 0, 9).await {
        assert_eq!(answer, Err(MISSING));
    }
    assert_eq!(source.asked(), 1);
}

#[tokio::test]
async fn many_callers_at_once_share_one_fetch() {
    let source = Source::answering(7);
    for answer in found_at_once(&source, 1_000, 0, 7).await {
        assert_eq!(answer, Ok(7));
    }
    assert_eq!(source.asked(), 1);
}

#[tokio::test]
async fn a_cancelled_caller_does_not_stop_the_fetch() {
    let source = Source::answering(1);
    {
        let mut leaving = Box::pin(source.find(0, 1));
        assert!(
            std::future::poll_fn(|context| std::task::Poll::Ready(leaving.as_mut().poll(context)))
                .await
                .is_pending()
        );
    }
    assert_eq!(source.find(0, 1).await, Ok(1));
    assert_eq!(source.asked(), 1);
}

#[tokio::test]
async fn a_fetch_that_panics_starts_the_pause_like_any_failure() {
    let cell = LastGood::<u32>::new("test", LIFETIMES, Arc::default());
    let now = Timestamp::from_unix_seconds(1_000_000);
    let load = || async move { if true { panic!("a bug in an adapter") } else { Ok::<_, &str>((1, now)) } };
    let pause = Duration::from_secs(5);
    assert_eq!(cell.find(now, |_| true, load).await, Err(unavailable(pause)));
    let sound = || async move { Ok::<_, &str>((1, now)) };
    assert_eq!(cell.find(now, |_| true, sound).await, Err(unavailable(pause)));
    assert!(cell.find(now.plus(pause), |_| true, sound).await.is_ok());
}

#[tokio::test]
async fn values_of_one_source_share_the_pause_but_not_before_their_first_fetch() {
    let pause = Arc::new(Cooldown::default());
    let [one, two] = ["one", "two"].map(|what| LastGood::<u32>::new(what, LIFETIMES, Arc::clone(&pause)));
    let now = Timestamp::from_unix_seconds(1_000_000);
    let load = |value: u32| move || async move { Ok::<_, &str>((value, now)) };
    one.find(now, |_| false, load(1)).await.unwrap_err();
    assert_eq!(*two.find(now, |_| true, load(1)).await.unwrap(), 1);
    let retry_after = Some(LIFETIMES.cooldown);
    assert_eq!(
        two.find(now, |value| *value == 2, load(2)).await,
        Err(LastGoodError::Missing { retry_after }),
        "one's pause holds for two"
    );
    let later = now.plus(LIFETIMES.cooldown);
    assert_eq!(*two.find(later, |value| *value == 2, load(2)).await.unwrap(), 2);
}

#[tokio::test]
async fn a_value_ages_from_the_time_that_its_source_gives() {
    let cell = LastGood::<u32>::new("test", LIFETIMES, Arc::default());
    let kept = Timestamp::from_unix_seconds(1_000_000);
    let load = |value, since| move || async move { Ok::<_, &str>((value, since)) };
    let now = kept.plus(Duration::from_mins(59));
    assert_eq!(*cell.find(now, |_| true, load(1, kept)).await.unwrap(), 1);
    let now = kept.plus(LIFETIMES.fresh);
    assert_eq!(*cell.find(now, |_| true, load(2, now)).await.unwrap(), 2, "it is no longer fresh");
    assert_eq!(cell.held().map(|(value, since)| (*value, since)), Some((2, now)));
}

/// A second caller, while a first one fetches.
#[tokio::test]
async fn nobody_gets_a_value_older_than_twice_its_time_while_another_caller_fetches() {
    for (age, waits) in [(3_600, false), (7_199, false), (7_200, true), (50_000, true)] {
        let source = Source::answering(1);
        source.find(0, 1).await.unwrap();
        source.answer(Ok(2));
        let found = found_at_once(&source, 2, age, 1).await;
        assert_eq!(found, [Ok(2), Ok(if waits { 2 } else { 1 })], "{age} s old");
        assert_eq!(source.asked(), 2);
        source.answer(Err("down"));
        let found = found_at_once(&source, 2, age + 10_000, 1).await;
        assert_eq!(found, [Ok(2); 2], "the old value serves all of them if the fetch fails");
    }
}

/// Lets `count` callers look for `wanted` at once.
async fn found_at_once(
    source: &Source,
    count: usize,
    now: u64,
    wanted: u32,
) -> Vec<Result<u32, LastGoodError>> {
    let callers: Vec<_> = std::iter::repeat_n(source.clone(), count)
        .map(|source| tokio::spawn(async move { source.find(now, wanted).await }))
        .collect();
    let mut found = Vec::new();
    for caller in callers {
        found.push(caller.await.unwrap());
    }
    found
}
