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
    /// One that satisfies, and is still used while it is fetched in the background.
    Ageing,
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
    /// Use what is held, and fetch in the background unless another caller is already fetching.
    FetchInBackground,
    /// Fetch, or use what is held if another caller is already fetching.
    FetchBeside,
    /// Fetch, or wait until another caller has fetched.
    Fetch,
    /// Neither is possible.
    Refuse(LastGoodError),
}

/// Returns what to do with what is `held`, and what remains of the pauses since a fetch `failed` or was `useless`.
pub(super) fn next(held: Held, failed: Option<Duration>, useless: Option<Duration>) -> Next {
    match (held, failed, useless) {
        (Held::Fresh, _, _) | (Held::Ageing | Held::Stale | Held::LongStale, Some(_), _) => Next::Use,
        (Held::Ageing, None, _) => Next::FetchInBackground,
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
            (Held::Ageing, [Next::FetchInBackground, Next::FetchInBackground, Next::Use, Next::Use]),
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
}
