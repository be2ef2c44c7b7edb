//! The gate's decisions, taken from its log.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, Registry, layer::Context, prelude::*};

/// Records every decision of the gates in this process.
#[derive(Clone, Default)]
pub(crate) struct Decisions(Arc<Mutex<Vec<Decision>>>);

/// One decision.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decision {
    /// `answered`, `refused` or `failed`.
    outcome: String,
    pub(crate) reason: String,
    pub(crate) operation: String,
    pub(crate) parameter: String,
    pub(crate) problem: String,
}

impl Decisions {
    /// Starts to record. May be called once per process.
    pub(crate) fn record() -> Self {
        let decisions = Self::default();
        tracing::subscriber::set_global_default(Registry::default().with(decisions.clone())).unwrap();
        decisions
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub(crate) fn all(&self) -> Vec<Decision> {
        self.0.lock().unwrap().clone()
    }
}

impl Decision {
    /// Whether QGIS Server's answer was passed on.
    pub(crate) fn is_answered(&self) -> bool {
        self.outcome == "answered"
    }
}

impl<S: Subscriber> Layer<S> for Decisions {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "pozi::gate" {
            return;
        }
        let mut decision = Decision::default();
        event.record(&mut decision);
        if !decision.outcome.is_empty() {
            self.0.lock().unwrap().push(decision);
        }
    }
}

impl Visit for Decision {
    fn record_str(&mut self, field: &Field, value: &str) {
        let own = match field.name() {
            "decision" => &mut self.outcome,
            "reason" => &mut self.reason,
            "operation" => &mut self.operation,
            "parameter" => &mut self.parameter,
            "problem" => &mut self.problem,
            _ => return,
        };
        value.clone_into(own);
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
