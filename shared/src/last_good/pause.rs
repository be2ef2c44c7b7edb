//! The pauses between fetches that did not help.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::timestamp::Timestamp;

/// The pause after a fetch whose value did not satisfy the caller. Values of one source share it, so that a caller cannot
/// cause another fetch by asking for another of them. It does not delay the first fetch of a value, and a fetch that
/// satisfies its caller does not start it: otherwise one caller's nonsense would delay what another rightly looks for.
#[derive(Debug, Default)]
pub struct Cooldown(Mutex<Option<Timestamp>>);

/// The pause after the first failure in a row while nothing usable is held, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Returns the pause after `count` failures in a row: `cooldown` if a usable value is held, otherwise a shorter one that
/// grows, because until it ends every caller is refused.
pub(super) fn after_failure(holds: bool, count: u32, cooldown: Duration) -> Duration {
    let factor = 2_u32.saturating_pow(count.saturating_sub(1));
    if holds { cooldown } else { FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE).min(cooldown) }
}

/// Returns what remains at `now` of a pause of `length` since `start`. One from the future began while a clock was wrong, and
/// counts as over: it would otherwise last until the clock is there again.
pub(super) fn remaining(start: Timestamp, length: Duration, now: Timestamp) -> Option<Duration> {
    length.checked_sub(now.age_of(start)?).filter(|remaining| !remaining.is_zero())
}

impl Cooldown {
    pub(super) fn start(&self, now: Timestamp) {
        *lock(&self.0) = Some(now);
    }

    /// Returns what remains of it.
    pub(super) fn remaining(&self, length: Duration, now: Timestamp) -> Option<Duration> {
        remaining((*lock(&self.0))?, length, now)
    }

    #[cfg(test)]
    pub(super) fn set(&self, start: Option<Timestamp>) {
        *lock(&self.0) = start;
    }
}

/// Ignores poisoning: every critical section here only reads or replaces a value, so a panic leaves nothing half done.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_only_while_nothing_is_held() {
        let pauses = |holds, cooldown| {
            [1, 2, 3, 4, 5, 6, u32::MAX]
                .map(|count| after_failure(holds, count, Duration::from_secs(cooldown)).as_secs())
        };
        assert_eq!(pauses(false, 300), [5, 10, 20, 40, 60, 60, 60]);
        assert_eq!(pauses(false, 30), [5, 10, 20, 30, 30, 30, 30]);
        assert_eq!(pauses(false, 1), [1; 7], "never longer than with a value");
        assert_eq!(pauses(true, 300), [300; 7]);
    }
}
