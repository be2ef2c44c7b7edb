//! What is told of a function's work. Read before everything else, so that what is wrong with the rest can be told.

use tracing::Level;

use super::{ConfigError, set};

/// Logs and metrics.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// `POZI_LOG`: from which level on it logs: `error`, `warn`, `info` (when left out), `debug` or `trace`. The audit
    /// events are always written.
    pub log: Level,
    /// `POZI_METRICS`: the CloudWatch namespace of its metrics; none are written when left out.
    pub metrics: Option<String>,
}

impl TelemetryConfig {
    /// Reads the variables through `var`.
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        const LOG: &str = "POZI_LOG";
        let problem = "use error, warn, info, debug or trace".to_owned();
        let level = |text: String| text.parse().map_err(|_| ConfigError::Invalid { variable: LOG, problem });
        let log = set(&var, LOG).map_or(Ok(Level::INFO), level)?;
        Ok(Self { log, metrics: set(&var, "POZI_METRICS") })
    }
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { log: Level::INFO, metrics: None }
    }
}
