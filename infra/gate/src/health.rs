//! Whether the gate can be relied on, and what an administrator should look at.

use std::{collections::BTreeMap, sync::Arc};

use pozi_auth::{
    fetch::DocumentFetch,
    session::IssuerKeys,
    sites::CatalogueId,
    timestamp::{Clock, Timestamp},
};
use serde::Serialize;

use crate::watched::{UpstreamState, Watched};

/// What `GET /health` answers from.
#[derive(Clone)]
pub struct Health {
    report: Arc<dyn Fn() -> Report + Send + Sync>,
}

/// The state of the gate, as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// All in one word.
    pub status: Status,
    /// The keys that sessions are verified with.
    pub keys: KeysReport,
    /// This machine's clock beside the issuer's; nothing before the issuer answered.
    pub clock: Option<ClockReport>,
    /// QGIS Server, for each catalogue that it was asked about.
    pub upstream: BTreeMap<CatalogueId, UpstreamReport>,
    /// The configuration.
    pub configuration: ConfigurationReport,
}

/// How the gate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// All is well.
    Ok,
    /// Requests are answered, and something should be looked at.
    Degraded,
    /// No request can be answered as it should be: there are no keys, or QGIS Server fails for every catalogue.
    Failing,
}

/// The keys that are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KeysReport {
    /// How many.
    pub count: usize,
    /// How old the set is, in seconds; nothing where there never was one.
    pub age_seconds: Option<u64>,
}

/// The clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockReport {
    /// Seconds that this machine is ahead of the issuer; below zero, behind.
    pub seconds_ahead: i64,
    /// What is wrong with that; nothing where the clocks agree.
    pub problem: Option<String>,
}

/// How QGIS Server answers for one catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpstreamReport {
    /// Whether its last answer was as it should be.
    pub is_well: bool,
    /// Seconds since its last good answer.
    pub succeeded_seconds_ago: Option<u64>,
    /// Seconds since the last that was not.
    pub failed_seconds_ago: Option<u64>,
    /// What was wrong with that.
    pub problem: Option<String>,
}

/// The configuration that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigurationReport {
    /// Seconds since it was taken.
    pub age_seconds: u64,
    /// Why what the files say now is not taken.
    pub problem: Option<String>,
    /// Keys that the files give another value, which only a restart takes.
    pub needs_restart: Vec<&'static str>,
}

impl Health {
    /// The health of a gate that verifies with `keys`, with what is known of its surroundings.
    pub fn new<C: Clock, F: DocumentFetch>(clock: C, keys: Arc<IssuerKeys<F>>, watched: Watched) -> Self {
        let report = move || {
            let now = clock.now();
            let held = keys.held();
            let age = held.as_ref().map(|(_, fetched)| now.since(*fetched));
            let has_keys = age.is_some_and(|age| age < keys.lifetimes().keep);
            let keys = KeysReport {
                count: held.map_or(0, |(set, _)| set.len()),
                age_seconds: age.map(|age| age.as_secs()),
            };
            Report::of(has_keys, keys, &watched, now)
        };
        Self { report: Arc::new(report) }
    }

    /// The whole of it, now.
    pub fn report(&self) -> Report {
        (self.report)()
    }
}

impl Report {
    fn of(has_keys: bool, keys: KeysReport, watched: &Watched, now: Timestamp) -> Self {
        let clock = watched.clock.last();
        let clock =
            clock.map(|clock| ClockReport { seconds_ahead: clock.seconds_ahead, problem: clock.problem() });
        let upstream: BTreeMap<_, _> = watched
            .upstreams
            .all()
            .into_iter()
            .map(|(catalogue, state)| (catalogue, UpstreamReport::of(state, now)))
            .collect();
        let state = watched.configuration.state();
        let configuration = ConfigurationReport {
            age_seconds: now.since(state.loaded).as_secs(),
            problem: state.problem,
            needs_restart: state.needs_restart,
        };
        let fails_everywhere = !upstream.is_empty() && upstream.values().all(|one| !one.is_well);
        let is_clouded = upstream.values().any(|one| !one.is_well)
            || clock.as_ref().is_some_and(|clock| clock.problem.is_some())
            || configuration.problem.is_some()
            || !configuration.needs_restart.is_empty();
        let status = match (has_keys && !fails_everywhere, is_clouded) {
            (false, _) => Status::Failing,
            (true, true) => Status::Degraded,
            (true, false) => Status::Ok,
        };
        Self { status, keys, clock, upstream, configuration }
    }
}

impl UpstreamReport {
    fn of(state: UpstreamState, now: Timestamp) -> Self {
        let ago = |at: Timestamp| now.since(at).as_secs();
        Self {
            is_well: !state.is_failing(),
            succeeded_seconds_ago: state.succeeded.map(ago),
            failed_seconds_ago: state.failed.as_ref().map(|(at, _)| ago(*at)),
            problem: state.failed.map(|(_, problem)| problem),
        }
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Health").field(&self.report()).finish()
    }
}
