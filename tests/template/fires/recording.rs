//! Records what the functions' code writes: metrics by the same collector as on AWS, and log lines.

use std::{
    io,
    sync::{Mutex, OnceLock, PoisonError},
};

use metrics_cloudwatch_embedded::{Builder, Collector};
use pozi_auth::{metrics, telemetry};
use serde_json::Value;
use tracing::Level;

use super::history::History;
use crate::expansion::Stack;

/// Log lines of this process.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// What was written between two moments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    metrics: Vec<Value>,
    log: Vec<Value>,
}

/// Records while it lives. The collector is one for the process, so there is one recording at a time.
pub(crate) struct Recording {
    collector: &'static Collector,
    _alone: tokio::sync::MutexGuard<'static, ()>,
}

impl Recording {
    /// Starts to record.
    pub(crate) async fn start() -> Self {
        static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        static COLLECTOR: OnceLock<&Collector> = OnceLock::new();
        let alone = ALONE.lock().await;
        let collector = COLLECTOR.get_or_init(|| {
            let hook = std::panic::take_hook();
            telemetry::init_into(Level::INFO, || Lines);
            // That of the functions hides messages.
            std::panic::set_hook(hook);
            let collector = Builder::new().cloudwatch_namespace("Pozi/${AWS::StackName}").init().unwrap();
            metrics::describe();
            collector
        });
        let recording = Self { collector, _alone: alone };
        recording.take();
        recording
    }

    /// Returns what was written since the last call.
    pub(crate) fn take(&self) -> Written {
        let mut lines = Vec::new();
        self.collector.flush(&mut lines).unwrap();
        let log = std::mem::take(&mut *LOG.lock().unwrap_or_else(PoisonError::into_inner));
        Written { metrics: parsed(&lines), log: parsed(&log) }
    }
}

impl Written {
    /// Returns the metrics if this is written every five minutes from `from` for `minutes`, in the log of the function `log`.
    pub(crate) fn every_five_minutes(&self, stack: &Stack, log: &str, from: u64, minutes: u64) -> History {
        let mut history = History::default();
        for at in (0..minutes).step_by(5).map(|minute| from + minute * 60) {
            self.add_to(&mut history, stack, log, at);
        }
        history
    }

    /// Returns the metrics if this is written once, at `at`.
    pub(crate) fn once(&self, stack: &Stack, at: u64) -> History {
        self.every_five_minutes(stack, "TokenExchangeLog", at, 1)
    }

    fn add_to(&self, history: &mut History, stack: &Stack, log: &str, at: u64) {
        self.metrics.iter().for_each(|line| history.add_line(at, line));
        let group = format!("${{{log}}}");
        let filters: Vec<_> = stack
            .of_type("AWS::Logs::MetricFilter")
            .filter(|(_, filter)| filter["LogGroupName"] == group)
            .collect();
        for (line, (_, filter)) in self.log.iter().flat_map(|line| filters.iter().map(move |one| (line, one)))
        {
            history.add_filtered(at, line, filter);
        }
    }
}

fn parsed(lines: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(lines).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

struct Lines;

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
