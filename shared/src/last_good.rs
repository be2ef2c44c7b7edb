//! A value that is fetched from elsewhere and outlives its source's troubles: the last good one is kept, replaced only
//! by one that parsed, fetched once at a time, and no fetch follows another too soon.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::OwnedMutexGuard;

use crate::timestamp::Timestamp;

/// How long a value is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Until this age no fetch is made for a value that satisfies.
    pub fresh: Duration,
    /// Until this age a value serves when its source fails.
    pub keep: Duration,
    /// The pause after a fetch that failed, or that did not bring what the caller was looking for.
    pub cooldown: Duration,
}

/// Why there is no value that satisfies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// The source does not answer, so that nobody knows.
    #[error("the source does not answer; it is asked again in {} s", retry_after.as_secs())]
    Unavailable {
        /// When asking again can help, in whole seconds.
        retry_after: Duration,
    },
    /// The newest value does not satisfy.
    #[error("the newest value is not what was looked for")]
    Missing {
        /// When asking again can help, in whole seconds, where the source was not asked this time; none where it was.
        retry_after: Option<Duration>,
    },
}

/// One such value.
#[derive(Debug)]
pub struct LastGood<T> {
    what: String,
    lifetimes: Lifetimes,
    state: Mutex<State<T>>,
    flight: Arc<tokio::sync::Mutex<()>>,
    dissatisfied: Arc<Cooldown>,
}

/// The pause after a fetch that did not bring what a caller looked for. Values of one source share one, so that a caller
/// cannot have the source asked again by asking for another of them. It never stops the first fetch of a value, and a
/// fetch that brought what was looked for does not start it: else one caller's nonsense, or a second caller's turn, would
/// keep away what is there to be had.
#[derive(Debug, Default)]
pub struct Cooldown(Mutex<Timestamp>);

#[derive(Debug)]
struct State<T> {
    held: Option<(Arc<T>, Timestamp)>,
    failed_until: Timestamp,
}

impl<T: Send + Sync + 'static> LastGood<T> {
    /// Holds nothing yet. `what` names the value in the log; `dissatisfied` may be shared with other values.
    pub fn new(what: impl Into<String>, lifetimes: Lifetimes, dissatisfied: Arc<Cooldown>) -> Arc<Self> {
        let state = Mutex::new(State { held: None, failed_until: Timestamp::default() });
        Arc::new(Self { what: what.into(), lifetimes, state, flight: Arc::default(), dissatisfied })
    }

    /// Goes on with a value that was fetched at `fetched`, before this process began, unless a newer one is held.
    pub fn remember(&self, value: T, fetched: Timestamp) {
        let mut state = lock(&self.state);
        if state.held.as_ref().is_none_or(|(_, held)| *held < fetched) {
            state.held = Some((Arc::new(value), fetched));
        }
    }

    /// The newest value and when it was fetched, be it too old to be used.
    pub fn held(&self) -> Option<(Arc<T>, Timestamp)> {
        lock(&self.state).held.clone()
    }

    /// The value to use at `now`, fetched with `load` where that is due: when none is held, when the held one is past
    /// its fresh time, or when it is not what the caller is looking for (`satisfies`).
    pub async fn find<E, L>(
        self: &Arc<Self>,
        now: Timestamp,
        satisfies: impl Fn(&T) -> bool + Clone + Send + 'static,
        load: impl FnOnce() -> L + Send,
    ) -> Result<Arc<T>, NotFound>
    where
        E: Display + Send + 'static,
        L: Future<Output = Result<T, E>> + Send + 'static,
    {
        let seen = self.usable(now);
        let flight = match &seen {
            Some((value, Age::Fresh)) if satisfies(value) => return Ok(Arc::clone(value)),
            // Stale but good enough: whoever comes first fetches, the others do not wait for it.
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
        let dissatisfied = held.is_some_and(|(value, _)| !satisfies(&value));
        let fetches = !renewed && self.may_fetch(now, dissatisfied);
        if fetches {
            self.fetch(now, flight, satisfies.clone(), load()).await;
        }
        self.newest(now, satisfies, renewed || fetches)
    }

    /// Runs the fetch as a task of its own, so that a caller who goes away neither stops it for those who wait nor
    /// has the next one start it again.
    async fn fetch<E, L>(
        self: &Arc<Self>,
        now: Timestamp,
        flight: OwnedMutexGuard<()>,
        satisfies: impl Fn(&T) -> bool + Send + 'static,
        load: L,
    ) where
        E: Display + Send + 'static,
        L: Future<Output = Result<T, E>> + Send + 'static,
    {
        let this = Arc::clone(self);
        let fetching = tokio::spawn(async move {
            // A task within the task, so that even a panic ends in a pause before the next in line may fetch.
            match tokio::spawn(load).await {
                Ok(Ok(value)) => this.keep(value, now, satisfies),
                Ok(Err(problem)) => this.pause(now, &problem),
                Err(problem) => this.pause(now, &problem),
            }
            drop(flight);
        });
        // The task itself does nothing that can fail.
        let _ = fetching.await;
    }

    fn keep(&self, value: T, now: Timestamp, satisfies: impl Fn(&T) -> bool) {
        if !satisfies(&value) {
            self.dissatisfied.start(now, self.lifetimes.cooldown);
        }
        let held = Some((Arc::new(value), now));
        *lock(&self.state) = State { held, failed_until: Timestamp::default() };
    }

    fn pause(&self, now: Timestamp, problem: &dyn Display) {
        tracing::warn!(what = self.what, %problem, "could not be fetched");
        lock(&self.state).failed_until = now.plus(self.lifetimes.cooldown);
        self.dissatisfied.start(now, self.lifetimes.cooldown);
    }

    fn may_fetch(&self, now: Timestamp, dissatisfied: bool) -> bool {
        let cooldown = self.lifetimes.cooldown;
        let failing = remaining(lock(&self.state).failed_until, now, cooldown).is_some();
        let in_vain = dissatisfied && self.dissatisfied.remaining(now, cooldown).is_some();
        !(failing || in_vain)
    }

    fn usable(&self, now: Timestamp) -> Option<(Arc<T>, Age)> {
        let state = lock(&self.state);
        let (value, fetched) = state.held.as_ref()?;
        let age = now.since(*fetched);
        // Callers may be a little late; a value from further ahead was fetched before the clock was set back.
        let from_ahead = fetched.since(now) > self.lifetimes.cooldown;
        let freshness = if age < self.lifetimes.fresh && !from_ahead { Age::Fresh } else { Age::Stale };
        (age < self.lifetimes.keep).then(|| (Arc::clone(value), freshness))
    }

    fn newest(
        &self,
        now: Timestamp,
        satisfies: impl Fn(&T) -> bool,
        asked: bool,
    ) -> Result<Arc<T>, NotFound> {
        let cooldown = self.lifetimes.cooldown;
        let usable = self.usable(now);
        if let Some((value, _)) = usable.as_ref().filter(|(value, _)| satisfies(value)) {
            return Ok(Arc::clone(value));
        }
        let failing = remaining(lock(&self.state).failed_until, now, cooldown);
        match (usable, failing) {
            (Some(_), None) if asked => Err(NotFound::Missing { retry_after: None }),
            (Some(_), None) => {
                Err(NotFound::Missing { retry_after: self.dissatisfied.remaining(now, cooldown) })
            }
            (_, failing) => Err(NotFound::Unavailable { retry_after: failing.unwrap_or(A_MOMENT) }),
        }
    }
}

const A_MOMENT: Duration = Duration::from_secs(1);

/// What remains at `now` of a pause until `until`. A pause cannot be longer than `most`: one that seems so began before
/// the clock was set back, and would otherwise last until the clock is there again.
fn remaining(until: Timestamp, now: Timestamp, most: Duration) -> Option<Duration> {
    let remaining = until.since(now);
    (!remaining.is_zero() && remaining <= most).then_some(remaining)
}

/// Of a value that is not too old to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Fresh,
    Stale,
}

impl Cooldown {
    fn remaining(&self, now: Timestamp, most: Duration) -> Option<Duration> {
        remaining(*lock(&self.0), now, most)
    }

    fn start(&self, now: Timestamp, pause: Duration) {
        *lock(&self.0) = now.plus(pause);
    }
}

/// Every critical section here only reads or replaces a value, so one that panicked left nothing half done.
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

    const MISSING: NotFound = NotFound::Missing { retry_after: None };

    fn unavailable(retry_after: Duration) -> NotFound {
        NotFound::Unavailable { retry_after }
    }

    /// A source that counts how often it was asked and answers what it is told to.
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

        async fn find(&self, now: u64, wanted: u32) -> Result<u32, NotFound> {
            let (answer, asked) = (Arc::clone(&self.answer), Arc::clone(&self.asked));
            let load = || async move {
                asked.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                *lock(&answer)
            };
            let now = Timestamp::from_unix_seconds(1_000_000 + now);
            self.cell.find(now, move |value| *value >= wanted, load).await.map(|value| *value)
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    #[tokio::test]
    async fn fetches_once_an_hour() {
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
    async fn a_failing_source_leaves_the_last_good_value_for_a_day_and_is_asked_every_five_minutes() {
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
    async fn a_first_fetch_that_fails_starts_the_cooldown_and_says_when_to_come_back() {
        let source = Source::answering(1);
        source.answer(Err("down"));
        assert_eq!(source.find(0, 1).await, Err(unavailable(Duration::from_mins(5))));
        assert_eq!(source.find(299, 1).await, Err(unavailable(Duration::from_secs(1))));
        assert_eq!(source.asked(), 1);
        source.answer(Ok(1));
        assert_eq!(source.find(300, 1).await, Ok(1));
    }

    #[tokio::test]
    async fn what_is_looked_for_in_vain_is_fetched_at_most_every_five_minutes() {
        let source = Source::answering(1);
        source.find(0, 1).await.unwrap();
        assert_eq!(source.find(0, 9).await, Err(MISSING), "the source was asked, and has none");
        for now in 0..300 {
            let retry_after = Some(Duration::from_secs(300 - now));
            assert_eq!(source.find(now, 9).await, Err(NotFound::Missing { retry_after }));
        }
        assert_eq!(source.asked(), 2);
        assert_eq!(source.find(300, 9).await, Err(MISSING));
        assert_eq!(source.asked(), 3);
    }

    #[tokio::test]
    async fn what_is_there_to_be_had_is_followed_at_once_however_often() {
        let source = Source::answering(1);
        for value in 1..5 {
            source.answer(Ok(value));
            assert_eq!(source.find(0, value).await, Ok(value));
        }
        assert_eq!(source.find(0, 9).await, Err(MISSING));
        assert_eq!(source.asked(), 5);
    }

    #[tokio::test]
    async fn what_is_not_held_cannot_be_judged_while_the_source_fails() {
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
    async fn a_crowd_causes_one_fetch_and_all_get_its_value() {
        let source = Source::answering(7);
        for answer in futures_joined((0..1_000).map(|_| source.find(0, 7))).await {
            assert_eq!(answer, Ok(7));
        }
        assert_eq!(source.asked(), 1);
    }

    #[tokio::test]
    async fn a_caller_who_goes_away_does_not_stop_the_fetch() {
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
    async fn a_clock_that_was_wrong_for_a_moment_leaves_nothing_behind() {
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
    async fn a_caller_who_is_a_little_late_causes_no_fetch() {
        let source = Source::answering(1);
        source.find(60, 1).await.unwrap();
        assert_eq!(source.find(0, 1).await, Ok(1));
        assert_eq!(source.asked(), 1);
    }

    #[tokio::test]
    async fn a_fetch_that_panics_is_a_failure_like_any_other() {
        let cell = LastGood::<u32>::new("test", LIFETIMES, Arc::default());
        let now = Timestamp::from_unix_seconds(1_000_000);
        let load = || async { if true { panic!("a bug in an adapter") } else { Ok::<_, &str>(1) } };
        assert_eq!(cell.find(now, |_| true, load).await, Err(unavailable(LIFETIMES.cooldown)));
        let sound = || async { Ok::<_, &str>(1) };
        assert_eq!(cell.find(now, |_| true, sound).await, Err(unavailable(LIFETIMES.cooldown)));
        assert!(cell.find(now.plus(LIFETIMES.cooldown), |_| true, sound).await.is_ok());
    }

    #[tokio::test]
    async fn two_values_of_one_source_share_the_pause_but_never_each_others_first_fetch() {
        let pause = Arc::new(Cooldown::default());
        let [one, two] = ["one", "two"].map(|what| LastGood::<u32>::new(what, LIFETIMES, Arc::clone(&pause)));
        let now = Timestamp::from_unix_seconds(1_000_000);
        let load = |value: u32| move || async move { Ok::<_, &str>(value) };
        one.find(now, |_| false, load(1)).await.unwrap_err();
        assert_eq!(*two.find(now, |_| true, load(1)).await.unwrap(), 1);
        let retry_after = Some(LIFETIMES.cooldown);
        assert_eq!(
            two.find(now, |value| *value == 2, load(2)).await,
            Err(NotFound::Missing { retry_after }),
            "one's pause holds for two"
        );
        let later = now.plus(LIFETIMES.cooldown);
        assert_eq!(*two.find(later, |value| *value == 2, load(2)).await.unwrap(), 2);
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
