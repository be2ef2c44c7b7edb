//! What the gate observes, for `/health`: QGIS Server, the issuer's clock, and the configuration.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pozi_auth::{
    error::with_causes,
    sites::{CatalogueId, Enforcement},
    timestamp::Timestamp,
};

use crate::clock_offset::ClockOffset;

/// All observations, shared by clones.
#[derive(Debug, Clone, Default)]
pub struct Watched {
    /// This machine's clock compared with the issuer's.
    pub clock: ClockOffset,
    /// How QGIS Server answers.
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
    /// When it last answered correctly.
    pub succeeded: Option<Timestamp>,
    /// When it last failed, and why.
    pub failed: Option<(Timestamp, String)>,
    /// Whether the last request failed.
    pub is_failing: bool,
}

/// The state of the configuration, shared by clones.
#[derive(Debug, Clone, Default)]
pub struct Configuration(Arc<Mutex<ConfigurationState>>);

/// When the configuration was applied, and why a newer one was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigurationState {
    /// When the configuration in force was applied.
    pub loaded: Timestamp,
    /// What its site file says about the rules.
    pub enforcement: Enforcement,
    /// Why the files as they are now were rejected.
    pub problem: Option<String>,
    /// Changed settings that need a restart.
    pub needs_restart: Vec<&'static str>,
}

impl Watched {
    /// Creates the observations of a gate that applied its configuration, with a site of this `enforcement`, at `now`.
    pub fn new(enforcement: Enforcement, now: Timestamp) -> Self {
        let watched = Self::default();
        watched.configuration.record_applied(enforcement, now, Vec::new());
        watched
    }
}

impl UpstreamStates {
    /// Records whether QGIS Server answered for `catalogue`, and logs when that changes.
    pub fn record(
        &self,
        catalogue: &CatalogueId,
        now: Timestamp,
        outcome: Result<(), &dyn std::error::Error>,
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
            Err(error) => {
                let problem = with_causes(error);
                if !was_failing {
                    tracing::error!(target: "pozi::gate", %catalogue, problem, "QGIS Server does not answer correctly");
                }
                state.failed = Some((now, problem));
            }
        }
    }

    /// Forgets every catalogue that is not one of `catalogues`.
    pub fn retain(&self, catalogues: &[CatalogueId]) {
        lock(&self.0).retain(|catalogue, _| catalogues.contains(catalogue));
    }

    /// Returns the state of every catalogue.
    pub fn all(&self) -> BTreeMap<CatalogueId, UpstreamState> {
        lock(&self.0).clone()
    }
}

impl Configuration {
    /// Records that a configuration, with a site of this `enforcement`, was applied at `now`, except for what needs a restart.
    pub fn record_applied(&self, enforcement: Enforcement, now: Timestamp, needs_restart: Vec<&'static str>) {
        *lock(&self.0) = ConfigurationState { loaded: now, enforcement, problem: None, needs_restart };
    }

    /// Records that the files were rejected and the previous configuration stays in force.
    pub fn record_rejected(&self, problem: String) {
        lock(&self.0).problem = Some(problem);
    }

    /// Returns the current state.
    pub fn state(&self) -> ConfigurationState {
        lock(&self.0).clone()
    }
}

/// A poisoned lock can be used: the critical sections here only replace values.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
