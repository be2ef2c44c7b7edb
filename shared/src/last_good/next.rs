//! What a cache does next: the table in the module's document. No clock and no I/O.

use std::time::Duration;

use super::LastGoodError;

/// What is held, for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// Nothing that can be used at this time.
    Nothing,
    /// A usable value that does not satisfy the caller.
    Unsatisfying,
    /// One that satisfies, and is fresh.
    Fresh,
    /// One that satisfies, younger than twice the time that it is fresh.
    Stale,
    /// One that satisfies, and is older.
    LongStale,
}

/// What to do for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Use what is held.
    Use,
    /// Fetch, or use what is held if another caller is already fetching.
    FetchBeside,
    /// Fetch, or wait until another caller has fetched.
    Fetch,
    /// Neither is possible.
    Refuse(LastGoodError),
}

/// The pause after the first failure in a row while nothing usable is held, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Returns what to do with what is `held`, and what remains of the pauses since a fetch `failed` or was `useless`.
pub(super) fn next(held: Held, failed: Option<Duration>, useless: Option<Duration>) -> Next {
    match (held, failed, useless) {
        (Held::Fresh, _, _) | (Held::Stale | Held::LongStale, Some(_), _) => Next::Use,
        (Held::Stale, None, _) => Next::FetchBeside,
        (Held::LongStale | Held::Nothing, None, _) | (Held::Unsatisfying, None, None) => Next::Fetch,
        (Held::Nothing | Held::Unsatisfying, Some(retry_after), _) => {
            Next::Refuse(LastGoodError::Unavailable { retry_after })
        }
        (Held::Unsatisfying, None, Some(left)) => {
            Next::Refuse(LastGoodError::Missing { retry_after: Some(left) })
        }
    }
}

/// Returns the pause after `count` failures in a row: `cooldown` if a usable value is held, otherwise a shorter one that
/// grows, because until it ends every caller is refused.
pub(super) fn pause_after_failure(holds: bool, count: u32, cooldown: Duration) -> Duration {
    let factor = 2_u32.saturating_pow(count.saturating_sub(1));
    if holds { cooldown } else { FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE).min(cooldown) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_table() {
        const LEFT: Duration = Duration::from_secs(7);
        let unavailable = Next::Refuse(LastGoodError::Unavailable { retry_after: LEFT });
        let missing = Next::Refuse(LastGoodError::Missing { retry_after: Some(LEFT) });
        // Without a pause, after a useless fetch, after a failure, after both.
        for (held, expected) in [
            (Held::Fresh, [Next::Use; 4]),
            (Held::Stale, [Next::FetchBeside, Next::FetchBeside, Next::Use, Next::Use]),
            (Held::LongStale, [Next::Fetch, Next::Fetch, Next::Use, Next::Use]),
            (Held::Unsatisfying, [Next::Fetch, missing, unavailable, unavailable]),
            (Held::Nothing, [Next::Fetch, Next::Fetch, unavailable, unavailable]),
        ] {
            let pauses = [(None, None), (None, Some(LEFT)), (Some(LEFT), None), (Some(LEFT), Some(LEFT))];
            let found = pauses.map(|(failed, useless)| next(held, failed, useless));
            assert_eq!(found, expected, "{held:?}");
        }
    }

    #[test]
    fn the_pause_grows_only_while_nothing_is_held() {
        let pauses = |holds, cooldown| {
            [1, 2, 3, 4, 5, 6, u32::MAX]
                .map(|count| pause_after_failure(holds, count, Duration::from_secs(cooldown)).as_secs())
        };
        assert_eq!(pauses(false, 300), [5, 10, 20, 40, 60, 60, 60]);
        assert_eq!(pauses(false, 30), [5, 10, 20, 30, 30, 30, 30]);
        assert_eq!(pauses(false, 1), [1; 7], "never longer than with a value");
        assert_eq!(pauses(true, 300), [300; 7]);
    }
}
