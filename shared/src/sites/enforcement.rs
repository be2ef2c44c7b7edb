//! Whether a site's rules are enforced, or only observed for a while: a council that had no enforcement first sees what it
//! would refuse.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de::Error as _};
use time::{Date, Month, OffsetDateTime};

use crate::timestamp::Timestamp;

/// The longest time ahead, in days, that a site may be observed.
pub const MAX_OBSERVED_DAYS: u64 = 60;

const SECONDS_OF_A_DAY: u64 = 24 * 60 * 60;

/// What a site's rules do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Enforcement {
    /// A session opens what the rules allow.
    #[default]
    Enforced,
    /// Up to the end of the day, in UTC, a session opens every catalogue, and says what the rules allow. From then on the rules
    /// are enforced.
    ObservedUntil(Day),
}

/// A day of the Gregorian calendar, written `2027-02-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(Date);

/// A text is not an enforcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write \"enforced\", or \"observe until \" and a day, such as \"observe until 2027-02-01\"")]
pub struct EnforcementError;

/// A site would be observed for longer than [`MAX_OBSERVED_DAYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the site would be observed until {found}, which is more than {MAX_OBSERVED_DAYS} days ahead; write {latest} or an earlier day"
)]
pub struct ObservedTooLongError {
    /// The day in the site file.
    pub found: Day,
    /// The latest day that is allowed now.
    pub latest: Day,
}

impl Enforcement {
    /// Returns the end of the observation if the site is observed at `now`.
    pub fn observed_until(self, now: Timestamp) -> Option<Timestamp> {
        self.last_observed_day(now).map(Day::end)
    }

    /// Returns the last day of the observation if the site is observed at `now`. A day that is too far ahead counts as no
    /// observation, so that no mistake opens a site for long.
    pub fn last_observed_day(self, now: Timestamp) -> Option<Day> {
        let Self::ObservedUntil(day) = self else { return None };
        (now < day.end() && self.check(now).is_ok()).then_some(day)
    }

    /// Checks that the observation ends at most [`MAX_OBSERVED_DAYS`] after the day of `now`.
    pub fn check(self, now: Timestamp) -> Result<(), ObservedTooLongError> {
        let Self::ObservedUntil(found) = self else { return Ok(()) };
        let latest = Day::of(now.plus(Duration::from_secs(MAX_OBSERVED_DAYS * SECONDS_OF_A_DAY)));
        if found > latest { Err(ObservedTooLongError { found, latest }) } else { Ok(()) }
    }
}

impl Day {
    /// Returns the day of `time` in UTC; the last day of the year 9999 for a later time.
    pub fn of(time: Timestamp) -> Self {
        let seconds = i64::try_from(time.unix_seconds()).unwrap_or(i64::MAX);
        Self(OffsetDateTime::from_unix_timestamp(seconds).map_or(Date::MAX, OffsetDateTime::date))
    }

    /// Returns the first second after the day, in UTC.
    pub fn end(self) -> Timestamp {
        let start = self.0.midnight().assume_utc().unix_timestamp();
        Timestamp::from_unix_seconds(u64::try_from(start).unwrap_or(0))
            .plus(Duration::from_secs(SECONDS_OF_A_DAY))
    }
}

impl FromStr for Day {
    type Err = EnforcementError;

    fn from_str(text: &str) -> Result<Self, EnforcementError> {
        let is_written_out =
            text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let mut parts = text.splitn(3, '-');
        let mut part = |length| parts.next().filter(|part| is_written_out && part.len() == length);
        let (year, month, day) = (part(4), part(2), part(2));
        let day = || {
            let month = Month::try_from(month?.parse::<u8>().ok()?).ok()?;
            Date::from_calendar_date(year?.parse().ok()?, month, day?.parse().ok()?).ok()
        };
        day().filter(|day| day.year() >= 1970).map(Self).ok_or(EnforcementError)
    }
}

impl FromStr for Enforcement {
    type Err = EnforcementError;

    fn from_str(text: &str) -> Result<Self, EnforcementError> {
        match text.strip_prefix("observe until ") {
            Some(day) => day.parse().map(Self::ObservedUntil),
            None if text == "enforced" => Ok(Self::Enforced),
            None => Err(EnforcementError),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Enforcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enforced => f.write_str("enforced"),
            Self::ObservedUntil(day) => write!(f, "observe until {day}"),
        }
    }
}

impl<'de> Deserialize<'de> for Enforcement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Enforcement {
    fn schema_name() -> Cow<'static, str> {
        "Enforcement".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(enforced|observe until [0-9]{4}-[0-9]{2}-[0-9]{2})$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(day: &str) -> Enforcement {
        format!("observe until {day}").parse().unwrap()
    }

    /// The start of 2027-02-01 in UTC.
    const FIRST_OF_FEBRUARY: u64 = 1_801_440_000;

    #[test]
    fn is_read_as_it_is_written() {
        for text in
            ["enforced", "observe until 2027-02-01", "observe until 2028-02-29", "observe until 9999-12-31"]
        {
            assert_eq!(text.parse::<Enforcement>().map(|read| read.to_string()).as_deref(), Ok(text));
        }
        for text in [
            "",
            "Enforced",
            "observe",
            "observe until",
            "observe until ",
            "observe until 2027-02-30",
            "observe until 2027-2-1",
            "observe until 2027-02-01 ",
            "observe until  2027-02-01",
            "observe until 2027-02-+1",
            "observe until 12027-02-01",
            "observe until 1969-12-31",
            "observe until 2027-02-01T00:00:00Z",
            "observe until ٢٠٢٧-02-01",
        ] {
            assert_eq!(text.parse::<Enforcement>(), Err(EnforcementError), "{text}");
        }
    }

    #[test]
    fn a_site_is_observed_to_the_end_of_the_day_and_never_far_ahead() {
        let end = FIRST_OF_FEBRUARY + SECONDS_OF_A_DAY;
        let observed = |enforcement: Enforcement, now| {
            enforcement.observed_until(Timestamp::from_unix_seconds(now)).map(Timestamp::unix_seconds)
        };
        let day = until("2027-02-01");
        for (now, expected) in [
            (FIRST_OF_FEBRUARY - 60 * SECONDS_OF_A_DAY - 1, None),
            (FIRST_OF_FEBRUARY - 60 * SECONDS_OF_A_DAY, Some(end)),
            (FIRST_OF_FEBRUARY, Some(end)),
            (end - 1, Some(end)),
            (end, None),
            (end + 1, None),
            (0, None),
            (u64::MAX, None),
        ] {
            assert_eq!(observed(day, now), expected, "{now}");
            let last = day.last_observed_day(Timestamp::from_unix_seconds(now)).map(|day| day.to_string());
            assert_eq!(last.as_deref(), expected.map(|_| "2027-02-01"), "{now}");
            assert_eq!(observed(Enforcement::Enforced, now), None);
        }
    }

    #[test]
    fn a_day_too_far_ahead_is_named_with_the_latest_one() {
        let now = Timestamp::from_unix_seconds(FIRST_OF_FEBRUARY + 100);
        assert_eq!(until("2027-04-02").check(now), Ok(()));
        assert_eq!(Enforcement::Enforced.check(now), Ok(()));
        assert_eq!(
            until("2027-04-03").check(now).unwrap_err().to_string(),
            "the site would be observed until 2027-04-03, which is more than 60 days ahead; write 2027-04-02 or an earlier day"
        );
    }
}
