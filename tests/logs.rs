//! What is logged: one audit event for each exchange, and nothing that grants access or names a person.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

#[path = "logs/application.rs"]
mod application;
#[path = "logs/audit.rs"]
mod audit;
#[path = "logs/authorizer.rs"]
mod authorizer;
#[path = "logs/gate.rs"]
mod gate;
#[path = "logs/limits.rs"]
mod limits;
#[path = "logs/rules.rs"]
mod rules;
#[path = "logs/secrets.rs"]
mod secrets;

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tracing::{level_filters::LevelFilter, subscriber::DefaultGuard};
use tracing_subscriber::fmt::MakeWriter;

/// All lines that this thread logs, at every level, as JSON.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Captures log lines until the guard is dropped. A test's runtime runs everything on the test's own thread.
    fn capture() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_max_level(LevelFilter::TRACE)
            .with_writer(lines.clone())
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        (lines, guard)
    }

    /// Returns the lines since the last call.
    fn take(&self) -> Vec<Value> {
        let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_err(|_| io::ErrorKind::Other)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Returns the audit events among `lines`.
fn audits(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| line["target"] == pozi_auth::telemetry::AUDIT).collect()
}
