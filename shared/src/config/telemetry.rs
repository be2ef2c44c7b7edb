//! Logs and metrics. Read before everything else, so that errors in the rest of the configuration can be logged.

use tracing::Level;

use super::{ConfigError, set};

/// The configuration of logs and metrics.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// `POZI_LOG`: the lowest level to log: `error`, `warn`, `info` (default), `debug` or `trace`. Audit events are always
    /// written.
    pub log: Level,
    /// `POZI_METRICS`: the CloudWatch namespace of the metrics. Without it, none are written.
    pub metrics: Option<String>,
}

impl TelemetryConfig {
    /// Reads the variables with `var`.
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
