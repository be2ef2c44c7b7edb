//! The arguments of `pozi audit`. Each is of a form that cannot change the meaning of a query.

use std::{fmt, str::FromStr, time::Duration};

use clap::ArgGroup;
use pozi_auth::{oauth::sentence_for_person, sites::SiteName};

/// The arguments of `pozi audit`.
#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("what").required(true).multiple(true).args(["reference", "since"])))]
pub struct AuditArgs {
    /// The id of a session (claim `jti`), or of an Entra token (claim `uti`; the Unique token identifier in Entra's sign-in
    /// log): explain its exchange. It is sought in the last 24 hours, unless --since says otherwise
    #[arg(conflicts_with_all = ["site", "reason"])]
    pub reference: Option<Reference>,
    /// List the exchanges of this time, such as 30m, 1h or 7d
    #[arg(long, value_name = "TIME")]
    pub since: Option<Since>,
    /// Only those of a site
    #[arg(long)]
    pub site: Option<SiteName>,
    /// Only those that were refused for a reason, such as `no_catalogue`
    #[arg(long)]
    pub reason: Option<Reason>,
    /// Count instead what the rules would have refused at sites that are only observed: exchanges, and people
    #[arg(long, requires = "since", conflicts_with_all = ["reference", "reason"])]
    pub observed: bool,
    /// How many seconds to wait for CloudWatch; a long time has much to read
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=900))]
    pub wait: u64,
}

/// The id of a session or of an Entra token: 8 to 64 of `A-Z`, `a-z`, `0-9`, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

/// A time until now, in whole minutes: 1 minute to 365 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since(Duration);

/// The code of a reason why the service refuses an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Since {
    /// What is sought for a reference, unless the command line says otherwise.
    pub(super) const DAY: Self = Self(Duration::from_hours(24));

    /// Returns its length.
    pub(super) fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Reference {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (8..=64).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(
                "a reference is the id of a session (jti) or of an Entra token (uti): 8 to 64 letters, digits, - and _",
            )
        }
    }
}

impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "give a number with m, h or d, from 1m to 365d, such as 30m, 1h or 7d";
        let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(FORM)?;
        let minutes = match unit {
            "m" => 1,
            "h" => 60,
            "d" => 24 * 60,
            _ => return Err(FORM),
        };
        // `parse` also takes a sign.
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = number.parse().ok().filter(|_| is_number).ok_or(FORM)?;
        match number.checked_mul(minutes) {
            Some(minutes @ 1..=525_600) => Ok(Self(Duration::from_mins(minutes))),
            _ => Err(FORM),
        }
    }
}

impl FromStr for Reason {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match sentence_for_person(text) {
            Some(_) => Ok(Self(text.to_owned())),
            None => Err("the service has no such reason for a refusal; docs/administrators.md lists them"),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.as_secs() / 60;
        match (minutes % (24 * 60), minutes % 60) {
            (0, _) if minutes > 24 * 60 => write!(f, "{} days", minutes / (24 * 60)),
            (_, 0) if minutes > 60 => write!(f, "{} hours", minutes / 60),
            _ if minutes == 1 => f.write_str("minute"),
            _ => write!(f, "{minutes} minutes"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_in_minutes_hours_and_days() {
        for (text, minutes, shown) in [
            ("1m", 1, "minute"),
            ("30m", 30, "30 minutes"),
            ("1h", 60, "60 minutes"),
            ("90m", 90, "90 minutes"),
            ("24h", 1_440, "24 hours"),
            ("7d", 10_080, "7 days"),
            ("365d", 525_600, "365 days"),
        ] {
            let since: Since = text.parse().unwrap();
            assert_eq!((since.duration(), since.to_string().as_str()), (Duration::from_mins(minutes), shown));
        }
        for text in [
            "",
            "m",
            "0m",
            "1",
            "1s",
            "+1h",
            "-1h",
            "1.5h",
            "366d",
            "99999999999999999999d",
            "1h ",
            "1 h",
            "ℎ",
        ] {
            assert!(text.parse::<Since>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_reference_and_a_reason_cannot_change_a_query() {
        for text in ["2b1f5e0e-7f1c-4d6e-9a52-2f6f8e1d7c22", "mJ3cI0b5kUOeSEbV7s0SAQ", "-_aB3456"] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
        for text in [
            "short",
            "",
            "mJ3cI0b5kUOe\" or 1=1",
            "mJ3cI0b5kUOe|limit",
            "mJ3cI0b5kUOe\\n",
            "mJ3cI0b5kUOé",
            &"x".repeat(65),
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
        assert_eq!("no_catalogue".parse::<Reason>().unwrap().to_string(), "no_catalogue");
        for text in ["", "No_catalogue", "no_catalogue\" or site = \"x", "network"] {
            assert!(text.parse::<Reason>().is_err(), "{text}");
        }
    }
}
