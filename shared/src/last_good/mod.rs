//! A cached value that outlives the outages of its source: the last good one is kept, replaced only by one that parsed,
//! and never fetched twice at once or too soon after a fetch that did not help. `next` decides, from this table:
//!
//! | what is held | since a failure | since a useless fetch | what happens |
//! | --- | --- | --- | --- |
//! | a fresh value that satisfies | - | - | it is used |
//! | a stale one that satisfies | pause | - | it is used |
//! | one that satisfies, younger than `background` | - | - | it is used, and fetched in the background |
//! | a stale one that satisfies, younger than twice `fresh` | - | - | fetch; others use it meanwhile |
//! | an older one that satisfies | - | - | fetch; others wait, and use it if that fails |
//! | one that does not satisfy | pause | - | [`Unavailable`](LastGoodError::Unavailable) until the pause ends |
//! | one that does not satisfy | - | pause | [`Missing`](LastGoodError::Missing) until the pause ends |
//! | one that does not satisfy | - | - | fetch; others wait |
//! | nothing, or what is too old or from the future | pause | - | [`Unavailable`](LastGoodError::Unavailable) until the pause ends |
//! | nothing, or what is too old or from the future | - | - | fetch; others wait |
//!
//! A fetch that satisfies starts no pause and ends the one after failures. One that brings a value that does not satisfy
//! starts the pause after a useless fetch, for `cooldown`. A failure starts both pauses for `cooldown` if a usable value is
//! held. If none is, it starts a pause of 5 s, which doubles with each failure in a row up to 60 s (and `cooldown`).
//!
//! A fetch in the background makes nobody wait, and whoever asks after it has ended gets what it brought. A function on AWS
//! Lambda stands still between requests: there it goes on with the next one.

mod fetching;
mod next;
mod pause;
mod usable;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

pub use self::pause::Cooldown;
use self::{next::Next, pause::lock};
use crate::{error::Cause, metrics, timestamp::Timestamp};

/// How long a value is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Up to this age, a value that satisfies the caller is used without a fetch.
    pub fresh: Duration,
    /// Up to this age, a value that satisfies the caller is used while another one is fetched, for which nobody waits. Zero:
    /// a caller waits for each fetch.
    pub background: Duration,
    /// Up to this age, a value is used while its source fails.
    pub keep: Duration,
    /// The pause after a fetch that failed, or whose value did not satisfy the caller. Shorter after a failure while no
    /// usable value is held.
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
    kind: Option<&'static str>,
    lifetimes: Lifetimes,
    state: Mutex<State<T>>,
    flight: Arc<tokio::sync::Mutex<()>>,
    useless: Arc<Cooldown>,
}

#[derive(Debug)]
struct State<T> {
    held: Option<(Arc<T>, Timestamp)>,
    /// When the last fetch failed, and how many did in a row.
    failed: Option<(Timestamp, u32)>,
    /// How many fetches have ended.
    fetches: u64,
}

impl<T: Send + Sync + 'static> LastGood<T> {
    /// Creates an empty cache. `name` names the value in the log; `useless` may be shared with other values.
    pub fn new(name: impl Into<String>, lifetimes: Lifetimes, useless: Arc<Cooldown>) -> Arc<Self> {
        Self::create(None, name.into(), lifetimes, useless)
    }

    /// As [`new`](Self::new), and counts each answer that is no longer fresh because the source fails as one of this `kind`.
    pub fn counted(
        kind: &'static str,
        name: impl Into<String>,
        lifetimes: Lifetimes,
        useless: Arc<Cooldown>,
    ) -> Arc<Self> {
        Self::create(Some(kind), name.into(), lifetimes, useless)
    }

    fn create(
        kind: Option<&'static str>,
        name: String,
        lifetimes: Lifetimes,
        useless: Arc<Cooldown>,
    ) -> Arc<Self> {
        let state = Mutex::new(State { held: None, failed: None, fetches: 0 });
        Arc::new(Self { name, kind, lifetimes, state, flight: Arc::default(), useless })
    }

    /// Takes over a value that another process fetched at `fetched`, unless a newer one is held. At `now`, neither a value
    /// from the future nor one that is too old is taken over, and one from the future that is held does not count.
    pub fn remember(&self, value: T, fetched: Timestamp, now: Timestamp) {
        if self.lacks(fetched, now) {
            lock(&self.state).held = Some((Arc::new(value), fetched));
        }
    }

    /// Returns whether [`remember`](Self::remember) would take over a value that was fetched at `fetched`.
    pub fn lacks(&self, fetched: Timestamp, now: Timestamp) -> bool {
        let held = lock(&self.state).held.as_ref().map(|(_, held)| *held);
        self.is_usable(fetched, now) && held.is_none_or(|held| held < fetched || now.age_of(held).is_none())
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
        let ages = (self.lifetimes.fresh, self.lifetimes.background);
        let found = self.find_within(now, ages, satisfies, load).await;
        self.count_stale(&found, self.lifetimes.fresh, now);
        found
    }

    /// As [`find`](Self::find), for a caller to whom a value is fresh for `fresh`, and who waits for a newer one.
    pub async fn find_fresh<E, L>(
        self: &Arc<Self>,
        now: Timestamp,
        fresh: Duration,
        satisfies: impl Fn(&T) -> bool + Clone + Send + 'static,
        load: impl FnOnce() -> L + Send,
    ) -> Result<Arc<T>, LastGoodError>
    where
        E: Into<Cause> + Send + 'static,
        L: Future<Output = Result<(T, Timestamp), E>> + Send + 'static,
    {
        let found = self.find_within(now, (fresh, Duration::ZERO), satisfies, load).await;
        self.count_stale(&found, fresh, now);
        found
    }

    fn count_stale(&self, found: &Result<Arc<T>, LastGoodError>, fresh: Duration, now: Timestamp) {
        if let Some(kind) = self.kind.filter(|_| found.is_ok() && self.outlives_its_source(fresh, now)) {
            metrics::record_stale_answer(kind);
        }
    }

    async fn find_within<E, L>(
        self: &Arc<Self>,
        now: Timestamp,
        ages: (Duration, Duration),
        satisfies: impl Fn(&T) -> bool + Clone + Send + 'static,
        load: impl FnOnce() -> L + Send,
    ) -> Result<Arc<T>, LastGoodError>
    where
        E: Into<Cause> + Send + 'static,
        L: Future<Output = Result<(T, Timestamp), E>> + Send + 'static,
    {
        let seen = self.fetches();
        let flight = match self.next(now, ages, &satisfies) {
            (Next::Use, Some(value)) => return Ok(value),
            (Next::FetchInBackground, Some(value)) => {
                if let Ok(flight) = Arc::clone(&self.flight).try_lock_owned()
                    && self.fetches() == seen
                {
                    self.start_fetch(now, flight, satisfies, load());
                }
                return Ok(value);
            }
            (Next::FetchBeside, Some(value)) => match Arc::clone(&self.flight).try_lock_owned() {
                Ok(flight) => flight,
                Err(_) => return Ok(value),
            },
            // Also in a pause: a fetch that runs may bring what the caller looks for.
            _ => Arc::clone(&self.flight).lock_owned().await,
        };
        if self.fetches() != seen {
            return self.just_fetched(now, &satisfies);
        }
        match self.next(now, ages, &satisfies) {
            (Next::Use, Some(value)) => Ok(value),
            (Next::Refuse(error), _) => Err(error),
            _ => {
                self.fetch(now, flight, satisfies.clone(), load()).await;
                self.just_fetched(now, &satisfies)
            }
        }
    }

    /// Fetches the value with `load` at once, whatever is held and whatever pause there is. Only for a caller who knows that
    /// there is a newer one, and asks rarely.
    pub async fn fetch_now<E, L>(
        self: &Arc<Self>,
        now: Timestamp,
        satisfies: impl Fn(&T) -> bool + Clone + Send + 'static,
        load: impl FnOnce() -> L + Send,
    ) -> Result<Arc<T>, LastGoodError>
    where
        E: Into<Cause> + Send + 'static,
        L: Future<Output = Result<(T, Timestamp), E>> + Send + 'static,
    {
        let flight = Arc::clone(&self.flight).lock_owned().await;
        self.fetch(now, flight, satisfies.clone(), load()).await;
        self.just_fetched(now, &satisfies)
    }
}

/// For the tests of callers.
#[cfg(test)]
impl<T: Send + Sync + 'static> LastGood<T> {
    /// Starts the pauses after a failure and after a useless fetch at these times.
    pub(crate) fn set_pauses(&self, failed: Option<Timestamp>, useless: Option<Timestamp>) {
        lock(&self.state).failed = failed.map(|at| (at, 1));
        self.useless.set(useless);
    }

    /// Returns what remains of the two pauses.
    pub(crate) fn pauses(&self, now: Timestamp) -> (Option<Duration>, Option<Duration>) {
        (self.failed(self.usable(now).is_some(), now), self.useless(now))
    }
}

#[cfg(test)]
mod clock_tests;
#[cfg(test)]
mod tests;
