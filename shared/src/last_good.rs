//! A cached value that outlives the outages of its source: the last good one is kept, replaced only by one that parsed,
//! and never fetched twice at once or too soon after a fetch that did not help.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::OwnedMutexGuard;

use crate::{
    error::{Cause, with_causes},
    timestamp::Timestamp,
};

/// How long a value is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Up to this age, a value that satisfies the caller is used without a fetch.
    pub fresh: Duration,
    /// Up to this age, a value is used while its source fails.
    pub keep: Duration,
    /// The pause after a fetch that failed, or whose value did not satisfy the caller.
    pub cooldown: Duration,
}

/// Why there is no value that satisfies the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LastGoodError {
    /// No usable value is held, and the source fails.
    #[error("fetching it failed; the next attempt is in {} s", retry_after.as_secs())]
    Unavailable {
        /// The time until the next fetch, in whole seconds.
        retry_after: Duration,
    },
    /// The newest value does not satisfy the caller.
    #[error("the newest value does not have what was looked for")]
    Missing {
        /// The time until the next fetch, in whole seconds; `None` if this call has just fetched.
        retry_after: Option<Duration>,
    },
}

/// A cached value.
#[derive(Debug)]
pub struct LastGood<T> {
    name: String,
    lifetimes: Lifetimes,
    state: Mutex<State<T>>,
    flight: Arc<tokio::sync::Mutex<()>>,
    unsatisfied: Arc<Cooldown>,
}

/// The pause after a fetch whose value did not satisfy the caller. Values of one source share it, so that a caller cannot
/// cause another fetch by asking for another of them. It does not delay the first fetch of a value, and a fetch that
/// satisfies its caller does not start it: otherwise one caller's nonsense would delay what another rightly looks for.
#[derive(Debug, Default)]
pub struct Cooldown(Mutex<Timestamp>);

#[derive(Debug)]
struct State<T> {
    held: Option<(Arc<T>, Timestamp)>,
    failed_until: Timestamp,
}

impl<T: Send + Sync + 'static> LastGood<T> {
    /// Creates an empty cache. `name` names the value in the log; `unsatisfied` may be shared with other values.
    pub fn new(name: impl Into<String>, lifetimes: Lifetimes, unsatisfied: Arc<Cooldown>) -> Arc<Self> {
        let state = Mutex::new(State { held: None, failed_until: Timestamp::default() });
        Arc::new(Self { name: name.into(), lifetimes, state, flight: Arc::default(), unsatisfied })
    }

    /// Takes over a value that another process fetched at `fetched`, unless a newer one is held.
    pub fn remember(&self, value: T, fetched: Timestamp) {
        let mut state = lock(&self.state);
        if state.held.as_ref().is_none_or(|(_, held)| *held < fetched) {
            state.held = Some((Arc::new(value), fetched));
        }
    }

    /// Returns the newest value and when it was fetched, even if it is too old to be used.
    pub fn held(&self) -> Option<(Arc<T>, Timestamp)> {
        lock(&self.state).held.clone()
    }

    /// Returns the value to use at `now`. It is fetched with `load` when none is held, when the held one is no longer
    /// fresh, or when the held one does not satisfy the caller. `load` returns a value and when it was fetched: `now`,
    /// unless it comes from a store.
    pub async fn find<E, L>(
        self: &Arc<Self>,
        now: Timestamp,
        satisfies: impl Fn(&T) -> bool + Clone + Send + 'static,
        load: impl FnOnce() -> L + Send,
    ) -> Result<Arc<T>, LastGoodError>
    where
        E: Into<Cause> + Send + 'static,
        L: Future<Output = Result<(T, Timestamp), E>> + Send + 'static,
    {
        let seen = self.usable(now);
        let flight = match &seen {
            Some((value, Age::Fresh)) if satisfies(value) => return Ok(Arc::clone(value)),
            // Stale but good enough: one caller fetches, and the others do not wait for it.
            Some((value, Age::Stale)) if satisfies(value) => {
                match Arc::clone(&self.flight).try_lock_owned() {
                    Ok(flight) => flight,
                    Err(_) => return Ok(Arc::clone(value)),
                }
            }
            _ => Arc::clone(&self.flight).lock_owned().await,
        };
        let held = self.usable(now);
        let renewed = match (&seen, &held) {
            (Some((before, _)), Some((after, _))) => !Arc::ptr_eq(before, after),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let unsatisfied = held.is_some_and(|(value, _)| !satisfies(&value));
        let fetches = !renewed && self.may_fetch(now, unsatisfied);
        if fetches {
            self.fetch(now, flight, satisfies.clone(), load()).await;
        }
        self.newest(now, satisfies, renewed || fetches)
    }

    /// Runs the fetch as a task of its own, so that a caller who is cancelled does not stop it for those who wait.
    async fn fetch<E, L>(
        self: &Arc<Self>,
        now: Timestamp,
        flight: OwnedMutexGuard<()>,
        satisfies: impl Fn(&T) -> bool + Send + 'static,
        load: L,
    ) where
        E: Into<Cause> + Send + 'static,
        L: Future<Output = Result<(T, Timestamp), E>> + Send + 'static,
    {
        let this = Arc::clone(self);
        let fetching = tokio::spawn(async move {
            // A task within the task, so that a panic starts the pause, too, before the next caller may fetch.
            match tokio::spawn(load).await {
                Ok(Ok((value, since))) => this.keep(value, since, now, satisfies),
                Ok(Err(error)) => this.pause(now, error),
                Err(error) => this.pause(now, error),
            }
            drop(flight);
        });
        // The outer task cannot fail.
        let _ = fetching.await;
    }

    fn keep(&self, value: T, since: Timestamp, now: Timestamp, satisfies: impl Fn(&T) -> bool) {
        if !satisfies(&value) {
            self.unsatisfied.start(now, self.lifetimes.cooldown);
        }
        let held = Some((Arc::new(value), since));
        *lock(&self.state) = State { held, failed_until: Timestamp::default() };
    }

    fn pause(&self, now: Timestamp, error: impl Into<Cause>) {
        let error: Cause = error.into();
        let problem = with_causes(&*error);
        tracing::warn!(what = self.name, problem, "could not be fetched");
        lock(&self.state).failed_until = now.plus(self.lifetimes.cooldown);
        self.unsatisfied.start(now, self.lifetimes.cooldown);
    }

    fn may_fetch(&self, now: Timestamp, unsatisfied: bool) -> bool {
        let cooldown = self.lifetimes.cooldown;
        let failing = remaining(lock(&self.state).failed_until, now, cooldown).is_some();
        let useless = unsatisfied && self.unsatisfied.remaining(now, cooldown).is_some();
        !(failing || useless)
    }

    fn usable(&self, now: Timestamp) -> Option<(Arc<T>, Age)> {
        let state = lock(&self.state);
        let (value, fetched) = state.held.as_ref()?;
        let age = now.since(*fetched);
        // A caller's `now` may be a little old; a value from further ahead was fetched before the clock was set back.
        let from_future = fetched.since(now) > self.lifetimes.cooldown;
        let freshness = if age < self.lifetimes.fresh && !from_future { Age::Fresh } else { Age::Stale };
        (age < self.lifetimes.keep).then(|| (Arc::clone(value), freshness))
    }

    fn newest(
        &self,
        now: Timestamp,
        satisfies: impl Fn(&T) -> bool,
        fetched: bool,
    ) -> Result<Arc<T>, LastGoodError> {
        let cooldown = self.lifetimes.cooldown;
        let usable = self.usable(now);
        if let Some((value, _)) = usable.as_ref().filter(|(value, _)| satisfies(value)) {
            return Ok(Arc::clone(value));
        }
        let failing = remaining(lock(&self.state).failed_until, now, cooldown);
        match (usable, failing) {
            (Some(_), None) if fetched => Err(LastGoodError::Missing { retry_after: None }),
            (Some(_), None) => {
                Err(LastGoodError::Missing { retry_after: self.unsatisfied.remaining(now, cooldown) })
            }
            (_, failing) => Err(LastGoodError::Unavailable { retry_after: failing.unwrap_or(MIN_RETRY) }),
        }
    }
}

const MIN_RETRY: Duration = Duration::from_secs(1);

/// Returns what remains at `now` of a pause until `until`. One that seems longer than `max` began before the clock was
/// set back, and counts as over: it would otherwise last until the clock is there again.
fn remaining(until: Timestamp, now: Timestamp, max: Duration) -> Option<Duration> {
    let remaining = until.since(now);
    (!remaining.is_zero() && remaining <= max).then_some(remaining)
}

/// The age of a value that may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Fresh,
    Stale,
}

impl Cooldown {
    fn remaining(&self, now: Timestamp, max: Duration) -> Option<Duration> {
        remaining(*lock(&self.0), now, max)
    }

    fn start(&self, now: Timestamp, pause: Duration) {
        *lock(&self.0) = now.plus(pause);
    }
}

/// Ignores poisoning: every critical section here only reads or replaces a value, so a panic leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LIFETIMES: Lifetimes = Lifetimes {
        fresh: Duration::from_hours(1),
        keep: Duration::from_hours(24),
        cooldown: Duration::from_mins(5),
    };

    const MISSING: LastGoodError = LastGoodError::Missing { retry_after: None };

    fn unavailable(retry_after: Duration) -> LastGoodError {
        LastGoodError::Unavailable { retry_after }
    }

    /// A source that gives a set answer and counts its fetches.
    struct Source {
        cell: Arc<LastGood<u32>>,
        answer: Arc<Mutex<Result<u32, &'static str>>>,
        asked: Arc<AtomicUsize>,
    }

    impl Source {
        fn answering(value: u32) -> Self {
            Self {
                cell: LastGood::new("test", LIFETIMES, Arc::default()),
                answer: Arc::new(Mutex::new(Ok(value))),
                asked: Arc::default(),
            }
        }

        fn answer(&self, answer: Result<u32, &'static str>) {
            *lock(&self.answer) = answer;
        }

        async fn find(&self, now: u64, wanted: u32) -> Result<u32, LastGoodError> {
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

        fn asked(&self) -> usize {
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
        assert_eq!(source.find(86_400, 1).await, Err(unavailable(Duration::from_secs(299))));
        source.answer(Ok(2));
        assert_eq!(source.find(86_699, 1).await, Ok(2));
    }

    #[tokio::test]
    async fn a_first_fetch_that_fails_starts_the_cooldown_and_says_when_to_retry() {
        let source = Source::answering(1);
        source.answer(Err("down"));
        assert_eq!(source.find(0, 1).await, Err(unavailable(Duration::from_mins(5))));
        assert_eq!(source.find(299, 1).await, Err(unavailable(Duration::from_secs(1))));
        assert_eq!(source.asked(), 1);
        source.answer(Ok(1));
        assert_eq!(source.find(300, 1).await, Ok(1));
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
        let crowd = (0..1_000).map(|_| source.find(0, 9));
        for answer in futures_joined(crowd).await {
            assert_eq!(answer, Err(MISSING));
        }
        assert_eq!(source.asked(), 1);
    }

    #[tokio::test]
    async fn many_callers_at_once_share_one_fetch() {
        let source = Source::answering(7);
        for answer in futures_joined((0..1_000).map(|_| source.find(0, 7))).await {
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
    async fn a_caller_with_a_slightly_old_time_causes_no_fetch() {
        let source = Source::answering(1);
        source.find(60, 1).await.unwrap();
        assert_eq!(source.find(0, 1).await, Ok(1));
        assert_eq!(source.asked(), 1);
    }

    #[tokio::test]
    async fn a_fetch_that_panics_starts_the_cooldown_like_any_failure() {
        let cell = LastGood::<u32>::new("test", LIFETIMES, Arc::default());
        let now = Timestamp::from_unix_seconds(1_000_000);
        let load =
            || async move { if true { panic!("a bug in an adapter") } else { Ok::<_, &str>((1, now)) } };
        assert_eq!(cell.find(now, |_| true, load).await, Err(unavailable(LIFETIMES.cooldown)));
        let sound = || async move { Ok::<_, &str>((1, now)) };
        assert_eq!(cell.find(now, |_| true, sound).await, Err(unavailable(LIFETIMES.cooldown)));
        assert!(cell.find(now.plus(LIFETIMES.cooldown), |_| true, sound).await.is_ok());
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

    async fn futures_joined<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
        let mut waiting: Vec<_> = futures.map(Box::pin).collect();
        let mut done: Vec<Option<F::Output>> = waiting.iter().map(|_| None).collect();
        std::future::poll_fn(|context| {
            for (future, output) in waiting.iter_mut().zip(&mut done) {
                if output.is_none()
                    && let std::task::Poll::Ready(value) = future.as_mut().poll(context)
                {
                    *output = Some(value);
                }
            }
            if done.iter().all(Option::is_some) {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
        done.into_iter().flatten().collect()
    }
}
