//! The gate's health: whether it works, and what an administrator should look at.

mod revocations;

use std::{collections::BTreeMap, sync::Arc};

use pozi_auth::{
    fetch::{ConditionalFetch, DocumentFetch},
    session::{IssuerKeys, IssuerRevocations, RevocationLimit},
    sites::CatalogueId,
    timestamp::{Clock, Timestamp},
};
use serde::Serialize;

pub use self::revocations::RevocationsReport;
use crate::watched::{UpstreamState, Watched};

/// The source of `GET /health`.
#[derive(Clone)]
pub struct Health {
    report: Arc<dyn Fn() -> Report + Send + Sync>,
}

/// The gate's health, as `/health` returns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The overall status.
    pub status: Status,
    /// The keys that sessions are verified with.
    pub keys: KeysReport,
    /// What was revoked before its time.
    pub revocations: RevocationsReport,
    /// This machine's clock compared with the issuer's; nothing before the issuer's first answer.
    pub clock: Option<ClockReport>,
    /// QGIS Server, for each catalogue that has been requested or probed.
    pub upstream: BTreeMap<CatalogueId, UpstreamReport>,
    /// The configuration.
    pub configuration: ConfigurationReport,
}

/// The overall status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything works.
    Ok,
    /// Requests are answered, but something needs attention.
    Degraded,
    /// No request can be answered: there are no keys, the revocation document is older than the site accepts, or QGIS Server
    /// fails for every catalogue.
    Failing,
}

/// The issuer's keys in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KeysReport {
    /// The number of keys.
    pub count: usize,
    /// The age of the key set, in seconds; nothing if there never was one, or if its time is in the future.
    pub age_seconds: Option<u64>,
}

/// This machine's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClockReport {
    /// Seconds that this machine is ahead of the issuer; negative if it is behind.
    pub seconds_ahead: i64,
    /// What is wrong and how to fix it; nothing if the clocks agree.
    pub problem: Option<String>,
}

/// How QGIS Server answers for one catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UpstreamReport {
    /// Whether its last answer was good.
    pub is_well: bool,
    /// Seconds since its last good answer.
    pub succeeded_seconds_ago: Option<u64>,
    /// Seconds since its last failure.
    pub failed_seconds_ago: Option<u64>,
    /// The error of that failure.
    pub problem: Option<String>,
}

/// The configuration in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigurationReport {
    /// Seconds since it was applied.
    pub age_seconds: u64,
    /// The last day, in UTC, on which the site's rules are only observed by its file; nothing if they are enforced. Sessions
    /// decide, and not this file.
    pub observed_until: Option<String>,
    /// Why the files as they are now were rejected.
    pub problem: Option<String>,
    /// Changed settings that need a restart.
    pub needs_restart: Vec<&'static str>,
}

impl Health {
    /// Creates the health of a gate that verifies sessions with `keys`, and whose site has this `limit` at the time.
    pub fn new<C: Clock, F: DocumentFetch, D: ConditionalFetch>(
        clock: C,
        keys: Arc<IssuerRevocations<F, D>>,
        limit: impl Fn() -> RevocationLimit + Send + Sync + 'static,
        watched: Watched,
    ) -> Self {
        let report = move || {
            let now = clock.now();
            let revocations = RevocationsReport::of(&keys.status(), limit(), now);
            Report::of(KeysReport::of(keys.keys(), now), revocations, &watched, now)
        };
        Self { report: Arc::new(report) }
    }

    /// Returns the current health.
    pub fn report(&self) -> Report {
        (self.report)()
    }
}

impl KeysReport {
    /// Returns the report on `keys`, and whether one of them can be used.
    fn of<F: DocumentFetch>(keys: &IssuerKeys<F>, now: Timestamp) -> (Self, bool) {
        let held = keys.held();
        let age = held.as_ref().and_then(|(_, fetched)| now.age_of(*fetched));
        let count = held.map_or(0, |(set, _)| set.count());
        let has_keys = age.is_some_and(|age| age < keys.lifetimes().keep);
        (Self { count, age_seconds: age.map(|age| age.as_secs()) }, has_keys)
    }
}

impl Report {
    fn of(
        (keys, has_keys): (KeysReport, bool),
        revocations: RevocationsReport,
        watched: &Watched,
        now: Timestamp,
    ) -> Self {
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
            observed_until: state.enforcement.last_observed_day(now).map(|day| day.to_string()),
            problem: state.problem,
            needs_restart: state.needs_restart,
        };
        let fails_everywhere = !upstream.is_empty() && upstream.values().all(|one| !one.is_well);
        let needs_attention = upstream.values().any(|one| !one.is_well)
            || clock.as_ref().is_some_and(|clock| clock.problem.is_some())
            || revocations.problem.is_some()
            || configuration.problem.is_some()
            || !configuration.needs_restart.is_empty();
        let can_answer = has_keys && !revocations.is_closed && !fails_everywhere;
        let status = match (can_answer, needs_attention) {
            (false, _) => Status::Failing,
            (true, true) => Status::Degraded,
            (true, false) => Status::Ok,
        };
        Self { status, keys, revocations, clock, upstream, configuration }
    }
}

impl UpstreamReport {
    fn of(state: UpstreamState, now: Timestamp) -> Self {
        let ago = |at: Timestamp| now.since(at).as_secs();
        Self {
            is_well: !state.is_failing,
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
