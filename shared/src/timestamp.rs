//! Times in whole seconds since the Unix epoch, the unit of tokens (RFC 7519 §2, `NumericDate`).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Seconds since 1970-01-01T00:00:00Z. Functions take the current time as an argument, so that tests can choose it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

/// How far the clocks of two machines may differ, or a caller's time be behind, without a time counting as from the future.
pub const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);

/// How far `iat` and `nbf` may lie ahead of the verifier's clock. Windows keeps its clock only within 5 minutes (the bound
/// of Kerberos), and a session from a right clock must not look like one from the future. `exp` has no leeway.
pub const CLOCK_AHEAD: Duration = Duration::from_mins(5);

/// A source of the current time.
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> Timestamp;
}

impl Timestamp {
    /// Returns the time `seconds` after the Unix epoch.
    pub const fn from_unix_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Returns the seconds since the Unix epoch.
    pub const fn unix_seconds(self) -> u64 {
        self.0
    }

    /// Returns the time `duration` later, in whole seconds; saturates rather than wraps.
    #[must_use]
    pub const fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_secs()))
    }

    /// Returns the time elapsed since `earlier`; zero if that is in the future, as after a clock was set back.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }

    /// Returns the age of what was stored at `stored`; zero if that is ahead by no more than [`CLOCK_TOLERANCE`]. `None` if it
    /// is further in the future: a clock was wrong, now or then, so the age is unknown.
    pub fn age_of(self, stored: Self) -> Option<Duration> {
        (stored.since(self) <= CLOCK_TOLERANCE).then(|| self.since(stored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saturates_at_both_ends() {
        let end = Timestamp::from_unix_seconds(u64::MAX);
        assert_eq!(end.plus(Duration::from_secs(1)), end);
        assert_eq!(Timestamp::from_unix_seconds(1).since(end), Duration::ZERO);
    }

    #[test]
    fn what_was_stored_in_the_future_has_no_age() {
        let now = Timestamp::from_unix_seconds(1_000);
        for (stored, age) in [
            (0, Some(1_000)),
            (999, Some(1)),
            (1_000, Some(0)),
            (1_060, Some(0)),
            (1_061, None),
            (u64::MAX, None),
        ] {
            assert_eq!(
                now.age_of(Timestamp::from_unix_seconds(stored)),
                age.map(Duration::from_secs),
                "{stored}"
            );
        }
    }
}
