//! Whether the gate can be relied on: it has keys that are not too old, and QGIS Server's plugin, where one is watched,
//! refuses what it must.

use std::sync::Arc;

use pozi_auth::{
    ports::{Clock, DocumentFetch},
    session::IssuerKeys,
};
use serde::Serialize;

use crate::probe::{Probe, ProbeState};

/// What `GET /health` answers from.
#[derive(Clone)]
pub struct Health {
    report: Arc<dyn Fn() -> (bool, Report) + Send + Sync>,
}

/// The state of the gate, as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `ok`, or `failing`: then nothing, or not everything, is enforced as it should be.
    pub status: &'static str,
    /// The keys that sessions are verified with.
    pub keys: KeysReport,
    /// What asking QGIS Server without the gateway's header came to.
    pub probe: ProbeState,
}

/// The keys that are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KeysReport {
    /// How many.
    pub count: usize,
    /// How old the set is, in seconds; nothing where there never was one.
    pub age_seconds: Option<u64>,
}

impl Health {
    /// The health of a gate that verifies with `keys` and watches QGIS Server with `probe`, where it does.
    pub fn new<C: Clock, F: DocumentFetch>(
        clock: C,
        keys: Arc<IssuerKeys<F>>,
        probe: Option<Arc<Probe>>,
    ) -> Self {
        let report = move || {
            let held = keys.held();
            let age = held.as_ref().map(|(_, fetched)| clock.now().since(*fetched));
            let probe = probe.as_ref().map_or(ProbeState::Off, |probe| probe.state());
            let has_keys = age.is_some_and(|age| age < keys.lifetimes().keep);
            let is_well = has_keys && matches!(probe, ProbeState::Off | ProbeState::Refused);
            let keys = KeysReport {
                count: held.map_or(0, |(set, _)| set.len()),
                age_seconds: age.map(|age| age.as_secs()),
            };
            (is_well, Report { status: if is_well { "ok" } else { "failing" }, keys, probe })
        };
        Self { report: Arc::new(report) }
    }

    /// Whether all is well, and the whole of it.
    pub fn report(&self) -> (bool, Report) {
        (self.report)()
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Health").field(&self.report()).finish()
    }
}
