//! The system's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::timestamp::{Clock, Timestamp};

/// Tells the system's time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    /// Returns 1970 for a clock that is set before it: nothing is valid then.
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_seconds(since_epoch.as_secs())
    }
}
