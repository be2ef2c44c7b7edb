//! The fetch of a value, and what follows from how it ends.

use std::sync::Arc;

use tokio::{sync::OwnedMutexGuard, task::JoinHandle};

use super::{LastGood, State, pause::lock};
use crate::{
    error::{Cause, with_causes},
    timestamp::Timestamp,
};

impl<T: Send + Sync + 'static> LastGood<T> {
    /// Fetches, and waits until that has ended.
    pub(super) async fn fetch<E, L>(
        self: &Arc<Self>,
        now: Timestamp,
        flight: OwnedMutexGuard<()>,
        satisfies: impl Fn(&T) -> bool + Send + 'static,
        load: L,
    ) where
        E: Into<Cause> + Send + 'static,
        L: Future<Output = Result<(T, Timestamp), E>> + Send + 'static,
    {
        // The task cannot fail.
        let _ = self.start_fetch(now, flight, satisfies, load).await;
    }

    /// Starts the fetch as a task of its own, so that a caller who is cancelled does not stop it for those who wait.
    pub(super) fn start_fetch<E, L>(
        self: &Arc<Self>,
        now: Timestamp,
        flight: OwnedMutexGuard<()>,
        satisfies: impl Fn(&T) -> bool + Send + 'static,
        load: L,
    ) -> JoinHandle<()>
    where
        E: Into<Cause> + Send + 'static,
        L: Future<Output = Result<(T, Timestamp), E>> + Send + 'static,
    {
        self.log_future(now);
        let this = Arc::clone(self);
        tokio::spawn(async move {
            // A task within the task, so that a panic starts the pause, too, before the next caller may fetch.
            match tokio::spawn(load).await {
                Ok(Ok((value, since))) => this.keep(value, since, now, satisfies),
                Ok(Err(error)) => this.pause(now, error),
                Err(error) => this.pause(now, error),
            }
            drop(flight);
        })
    }

    fn keep(&self, value: T, since: Timestamp, now: Timestamp, satisfies: impl Fn(&T) -> bool) {
        if !satisfies(&value) {
            self.useless.start(now);
        }
        let mut state = lock(&self.state);
        let fetches = state.fetches + 1;
        *state = State { held: Some((Arc::new(value), since)), failed: None, fetches };
    }

    fn pause(&self, now: Timestamp, error: impl Into<Cause>) {
        let error: Cause = error.into();
        let problem = with_causes(&*error);
        tracing::warn!(what = self.name, problem, "could not be fetched");
        let mut state = lock(&self.state);
        let before = state.failed.map_or(0, |(_, count)| count);
        state.failed = Some((now, before.saturating_add(1)));
        state.fetches += 1;
        if state.held.as_ref().is_some_and(|(_, fetched)| self.is_usable(*fetched, now)) {
            self.useless.start(now);
        }
    }

    fn log_future(&self, now: Timestamp) {
        let held = lock(&self.state).held.as_ref().map(|(_, fetched)| *fetched);
        if let Some(fetched) = held.filter(|fetched| now.age_of(*fetched).is_none()) {
            let seconds_ahead = fetched.since(now).as_secs();
            tracing::warn!(
                what = self.name,
                seconds_ahead,
                "was fetched in the future, so it is not used; check the clock"
            );
        }
    }
}
