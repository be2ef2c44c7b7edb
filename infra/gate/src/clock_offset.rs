//! This machine's clock compared with the issuer's, by the `Date` of its answers (RFC 9110 §6.6.1).

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};

use http::{
    HeaderMap,
    header::{AGE, DATE},
};
use pozi_auth::timestamp::Timestamp;
use serde::Serialize;

/// Differences up to this are ignored: `Date` has whole seconds, and answers take a moment.
const TOLERANCE: Duration = Duration::from_secs(30);

/// The latest difference from the issuer's clock, shared by clones.
#[derive(Debug, Clone, Default)]
pub struct ClockOffset(Arc<Mutex<Option<Offset>>>);

/// A difference between two clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Offset {
    /// Seconds that this machine is ahead; negative if it is behind.
    pub seconds_ahead: i64,
}

impl ClockOffset {
    /// Compares the time in the headers of an answer received at `now`. Headers without a time change nothing.
    pub(crate) fn compare(&self, headers: &HeaderMap, now: Timestamp) {
        let Some(offset) = Offset::of(headers, now) else { return };
        let before = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(offset);
        if let Some(problem) = offset.problem().filter(|_| before.is_none_or(Offset::is_small)) {
            tracing::warn!(target: "pozi::gate", problem, "this machine's clock differs from the issuer's");
        }
    }

    /// Returns the latest difference; nothing before the issuer's first answer with a time.
    pub fn last(&self) -> Option<Offset> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Offset {
    /// `Age` is how long a cache on the way has held the answer (RFC 9111 §5.1).
    fn of(headers: &HeaderMap, now: Timestamp) -> Option<Self> {
        let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
        let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.parse::<u32>().ok()).unwrap_or(0);
        let theirs = date.duration_since(UNIX_EPOCH).ok()?.as_secs().checked_add(age.into())?;
        let ours = now.unix_seconds();
        Some(Self { seconds_ahead: i64::try_from(ours).ok()?.checked_sub_unsigned(theirs)? })
    }

    fn is_small(self) -> bool {
        self.seconds_ahead.unsigned_abs() <= TOLERANCE.as_secs()
    }

    /// Returns a message for the administrator; nothing if the clocks agree.
    pub fn problem(self) -> Option<String> {
        if self.is_small() {
            return None;
        }
        let seconds = self.seconds_ahead.unsigned_abs();
        let amount = match seconds {
            0..120 => format!("{seconds} s"),
            120..7_200 => format!("{} min", seconds / 60),
            7_200..172_800 => format!("{} h", seconds / 3_600),
            _ => format!("{} days", seconds / 86_400),
        };
        let side = if self.seconds_ahead < 0 { "behind" } else { "ahead" };
        Some(format!("this machine's clock is {amount} {side}; synchronise it with a time server"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 784111777 is the example of RFC 9110 §5.6.7.
    const DATE_OF: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const AT: u64 = 784_111_777;

    fn found(date: &str, age: Option<&str>, now: u64) -> Option<i64> {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, date.parse().unwrap());
        if let Some(age) = age {
            headers.insert(AGE, age.parse().unwrap());
        }
        let clock = ClockOffset::default();
        clock.compare(&headers, Timestamp::from_unix_seconds(now));
        clock.last().map(|offset| offset.seconds_ahead)
    }

    #[test]
    fn adds_the_time_in_a_cache() {
        assert_eq!(found(DATE_OF, None, AT - 240), Some(-240));
        assert_eq!(found(DATE_OF, Some("200"), AT + 201), Some(1));
        assert_eq!(found(DATE_OF, Some("soon"), AT + 3), Some(3));
        for no_date in ["", "yesterday", "784111777"] {
            assert_eq!(found(no_date, None, AT), None);
        }
    }

    #[test]
    fn reports_differences_above_the_tolerance() {
        for (seconds_ahead, expected) in [
            (-240, Some("4 min behind")),
            (31, Some("31 s ahead")),
            (-7_300, Some("2 h behind")),
            (200_000, Some("2 days ahead")),
            (30, None),
            (-30, None),
            (0, None),
        ] {
            let problem = Offset { seconds_ahead }.problem();
            assert_eq!(problem.is_some(), expected.is_some(), "{seconds_ahead}: {problem:?}");
            assert!(problem.unwrap_or_default().contains(expected.unwrap_or_default()), "{seconds_ahead}");
        }
    }

    #[test]
    fn keeps_the_last_difference_if_an_answer_has_no_time() {
        let clock = ClockOffset::default();
        let mut headers = HeaderMap::new();
        headers.insert(DATE, DATE_OF.parse().unwrap());
        clock.compare(&headers, Timestamp::from_unix_seconds(AT));
        clock.compare(&HeaderMap::new(), Timestamp::from_unix_seconds(AT + 9));
        assert_eq!(clock.last(), Some(Offset { seconds_ahead: 0 }));
    }
}
