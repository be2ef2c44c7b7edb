//! Times and lengths of time as people read them.

use std::time::Duration;

use pozi_auth::timestamp::Timestamp;
use time::OffsetDateTime;

/// Returns `time` to the minute, such as `2027-01-15 08:00 UTC`; after the year 9999, its seconds since 1970.
pub(crate) fn utc(time: Timestamp) -> String {
    let Some(at) = date_and_time(time) else { return time.unix_seconds().to_string() };
    format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute())
}

/// Returns the time `at`, in seconds since the Unix epoch, as [`utc`] does; `-` if it is not known.
pub(crate) fn utc_or_dash(at: Option<u64>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| utc(Timestamp::from_unix_seconds(at)))
}

/// Returns `time` as programs read it (RFC 3339), such as `2027-01-15T08:00:00Z`; after the year 9999, its seconds since 1970.
pub(crate) fn rfc3339(time: Timestamp) -> String {
    let Some(at) = date_and_time(time) else { return time.unix_seconds().to_string() };
    format!("{}T{:02}:{:02}:{:02}Z", at.date(), at.hour(), at.minute(), at.second())
}

fn date_and_time(time: Timestamp) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(time.unix_seconds().try_into().ok()?).ok()
}

/// Returns `length` in its largest unit that is used at least twice over, rounded down, such as `90 s`, `5 min`, `13 h`.
pub(crate) fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    let units = [(86_400, "days"), (3_600, "h"), (60, "min")];
    let fits = |unit: u64| seconds >= 2 * unit || seconds == unit && unit < 86_400;
    match units.into_iter().find(|(unit, _)| fits(*unit)) {
        Some((unit, name)) => format!("{} {name}", seconds / unit),
        None => format!("{seconds} s"),
    }
}

/// Returns when `time` is, seen from `now`, such as `in 5 min` or `3 h ago`.
pub(crate) fn relative(time: Timestamp, now: Timestamp) -> String {
    match time.cmp(&now) {
        std::cmp::Ordering::Equal => "now".to_owned(),
        std::cmp::Ordering::Greater => format!("in {}", length(time.since(now))),
        std::cmp::Ordering::Less => format!("{} ago", length(now.since(time))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_a_clock() {
        let time = Timestamp::from_unix_seconds(1_800_000_059);
        assert_eq!(utc(time), "2027-01-15 08:00 UTC");
        assert_eq!(rfc3339(time), "2027-01-15T08:00:59Z");
        for show in [utc, rfc3339] {
            assert_eq!(show(Timestamp::from_unix_seconds(u64::MAX)), u64::MAX.to_string());
        }
    }

    #[test]
    fn a_length_has_its_largest_sensible_unit() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (90, "90 s"),
            (300, "5 min"),
            (3_600, "1 h"),
            (5_400, "90 min"),
            (46_800, "13 h"),
            (86_400, "24 h"),
            (200_000, "2 days"),
        ] {
            assert_eq!(length(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_time_is_before_or_after_now() {
        let now = Timestamp::from_unix_seconds(1_000);
        for (seconds, text) in [(1_000, "now"), (1_300, "in 5 min"), (940, "1 min ago")] {
            assert_eq!(relative(Timestamp::from_unix_seconds(seconds), now), text);
        }
    }
}
