//! What is held, and whether it can be used.

use std::{sync::Arc, time::Duration};

use super::{
    LastGood, LastGoodError,
    next::{Held, Next, next},
    pause::{after_failure, lock, remaining},
};
use crate::timestamp::Timestamp;

const MIN_RETRY: Duration = Duration::from_secs(1);

impl<T: Send + Sync + 'static> LastGood<T> {
    /// Returns what is held after a fetch that has just ended. A value that it brought is new whatever its time says: the
    /// caller's time is from before the fetch, and may be far behind if the machine slept.
    pub(super) fn just_fetched(
        &self,
        now: Timestamp,
        satisfies: impl Fn(&T) -> bool,
    ) -> Result<Arc<T>, LastGoodError> {
        let brought = {
            let state = lock(&self.state);
            state.held.as_ref().filter(|_| state.failed.is_none()).map(|(value, _)| Arc::clone(value))
        };
        let held = brought.or_else(|| self.usable(now).map(|(value, _)| value));
        match held {
            Some(value) if satisfies(&value) => Ok(value),
            held => Err(match self.failed(held.is_some(), now) {
                Some(retry_after) => LastGoodError::Unavailable { retry_after },
                None if held.is_some() => LastGoodError::Missing { retry_after: None },
                None => LastGoodError::Unavailable { retry_after: MIN_RETRY },
            }),
        }
    }

    /// Returns what the table says, and the value that is held and usable.
    pub(super) fn next(
        &self,
        now: Timestamp,
        (fresh, background): (Duration, Duration),
        satisfies: impl Fn(&T) -> bool,
    ) -> (Next, Option<Arc<T>>) {
        let usable = self.usable(now);
        let held = match &usable {
            None => Held::Nothing,
            Some((value, _)) if !satisfies(value) => Held::Unsatisfying,
            Some((_, age)) if *age < fresh => Held::Fresh,
            Some((_, age)) if *age < background => Held::Ageing,
            Some((_, age)) if *age < fresh.saturating_mul(2) => Held::Stale,
            Some(_) => Held::LongStale,
        };
        let failed = self.failed(usable.is_some(), now);
        (next(held, failed, self.useless(now)), usable.map(|(value, _)| value))
    }

    /// Returns what remains of the pause after the last failure.
    pub(super) fn failed(&self, holds: bool, now: Timestamp) -> Option<Duration> {
        let (at, count) = lock(&self.state).failed?;
        remaining(at, after_failure(holds, count, self.lifetimes.cooldown), now)
    }

    /// Returns what remains of the pause after a useless fetch.
    pub(super) fn useless(&self, now: Timestamp) -> Option<Duration> {
        self.useless.remaining(self.lifetimes.cooldown, now)
    }

    /// Returns the held value and its age, unless it is too old or from the future.
    pub(super) fn usable(&self, now: Timestamp) -> Option<(Arc<T>, Duration)> {
        let state = lock(&self.state);
        let (value, fetched) = state.held.as_ref()?;
        let age = now.age_of(*fetched).filter(|age| *age < self.lifetimes.keep)?;
        Some((Arc::clone(value), age))
    }

    /// Whether what is held is `fresh` no longer, and the last fetch failed.
    pub(super) fn outlives_its_source(&self, fresh: Duration, now: Timestamp) -> bool {
        let state = lock(&self.state);
        let fetched = state.held.as_ref().filter(|_| state.failed.is_some()).map(|(_, fetched)| *fetched);
        fetched.is_some_and(|fetched| now.age_of(fetched).is_some_and(|age| age >= fresh))
    }

    pub(super) fn is_usable(&self, fetched: Timestamp, now: Timestamp) -> bool {
        now.age_of(fetched).is_some_and(|age| age < self.lifetimes.keep)
    }

    pub(super) fn fetches(&self) -> u64 {
        lock(&self.state).fetches
    }
}
