//! What is known of the gate's surroundings: QGIS Server, the issuer's clock, and the configuration. `/health` tells it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pozi_auth::{sites::CatalogueId, timestamp::Timestamp};

use crate::clock_offset::ClockOffset;

/// All of it, shared by its clones.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    /// This machine's clock beside the issuer's.
    pub clock: ClockOffset,
    /// QGIS Server.
    pub upstreams: UpstreamStates,
    /// The configuration.
    pub configuration: Configuration,
}

/// How QGIS Server last answered, for each catalogue.
#[derive(Debug, Clone, Default)]
pub struct UpstreamStates(Arc<Mutex<BTreeMap<CatalogueId, UpstreamState>>>);

/// How QGIS Server last answered for one catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpstreamState {
    /// When it last answered as it should.
    pub succeeded: Option<Timestamp>,
    /// When it last did not, and why.
    pub failed: Option<(Timestamp, String)>,
    is_failing: bool,
}

/// The configuration that holds, and what came of reading it last.
#[derive(Debug, Clone, Default)]
pub struct Configuration(Arc<Mutex<ConfigurationState>>);

/// When the configuration was taken, and why a newer one was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigurationState {
    /// When the one that holds was taken.
    pub loaded: Timestamp,
    /// Why what the files say now is not taken.
    pub problem: Option<String>,
    /// What the files say differently and only a restart takes.
    pub needs_restart: Vec<&'static str>,
}

impl Watched {
    /// Of a gate that took its configuration at `now`.
    pub fn new(now: Timestamp) -> Self {
        let watched = Self::default();
        watched.configuration.taken(now, Vec::new());
        watched
    }
}

impl UpstreamStates {
    /// QGIS Server answered for `catalogue`, or did not. The first answer that differs from the one before is logged.
    pub fn record(
        &self,
        catalogue: &CatalogueId,
        now: Timestamp,
        outcome: Result<(), &dyn std::fmt::Display>,
    ) {
        let mut states = lock(&self.0);
        let state = states.entry(catalogue.clone()).or_default();
        let was_failing = state.is_failing;
        state.is_failing = outcome.is_err();
        match outcome {
            Ok(()) => {
                state.succeeded = Some(now);
                if was_failing {
                    tracing::info!(target: "pozi::gate", %catalogue, "QGIS Server answers again");
                }
            }
            Err(problem) => {
                let problem = problem.to_string();
                if !was_failing {
                    tracing::error!(target: "pozi::gate", %catalogue, problem, "QGIS Server does not answer as it should");
                }
                state.failed = Some((now, problem));
            }
        }
    }

    /// Forgets every catalogue that is not one of `catalogues`.
    pub fn retain(&self, catalogues: &[CatalogueId]) {
        lock(&self.0).retain(|catalogue, _| catalogues.contains(catalogue));
    }

    /// All of them.
    pub fn all(&self) -> BTreeMap<CatalogueId, UpstreamState> {
        lock(&self.0).clone()
    }
}

impl UpstreamState {
    /// Whether the last answer was none, or not as it should be.
    pub fn is_failing(&self) -> bool {
        self.is_failing
    }
}

impl Configuration {
    /// A configuration was taken at `now`, but for what needs a restart.
    pub fn taken(&self, now: Timestamp, needs_restart: Vec<&'static str>) {
        *lock(&self.0) = ConfigurationState { loaded: now, problem: None, needs_restart };
    }

    /// The files say what cannot be taken; the configuration before them goes on.
    pub fn refused(&self, problem: String) {
        lock(&self.0).problem = Some(problem);
    }

    /// As it is.
    pub fn state(&self) -> ConfigurationState {
        lock(&self.0).clone()
    }
}

/// Every critical section here only replaces values, so that one that panicked left nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
