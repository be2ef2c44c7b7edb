//! A site that is only observed, in words.

use pozi_auth::{
    sites::{Enforcement, Site},
    timestamp::Timestamp,
};

use crate::moments;

/// Returns what the rules of a site do at `now`, such as `observed until 2027-02-01, 12 days left`.
pub(crate) fn in_words(enforcement: Enforcement, now: Timestamp) -> String {
    let Enforcement::ObservedUntil(day) = enforcement else { return "enforced".to_owned() };
    if let Some(end) = enforcement.observed_until(now) {
        return format!("observed until {day}, {} left", moments::length(end.since(now)));
    }
    match enforcement.check(now) {
        Ok(()) => format!("enforced; observed until {day}"),
        Err(_) => format!("enforced; {day} is too far ahead to be observed until then"),
    }
}

/// Returns what an operator must know before the document of `site` is stored at `now`: `None` if its rules are enforced.
pub(crate) fn warning(site: &Site, now: Timestamp) -> Option<String> {
    let day = site.enforcement.last_observed_day(now)?;
    Some(format!(
        "{}: the rules are only observed until {day}: until then everyone who signs in at its tenant opens every catalogue, also for writing where a rule lets anybody write",
        site.name
    ))
}

/// Returns how an explanation of the rules of `site` is meant at `now`: `None` if they are enforced.
pub(crate) fn note(site: &Site, now: Timestamp) -> Option<String> {
    let day = site.enforcement.last_observed_day(now)?;
    Some(format!(
        "The rules are only observed until {day}: until then a session opens every catalogue, and this is what it opens afterwards."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-01-15 08:00 UTC.
    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn site(enforcement: &str) -> Site {
        let site = Site::parse(include_str!("../../../local/sites/riverbend.toml")).unwrap();
        Site { enforcement: enforcement.parse().unwrap(), ..site }
    }

    #[test]
    fn says_how_long_a_site_is_observed() {
        for (enforcement, words) in [
            ("enforced", "enforced"),
            ("observe until 2027-01-27", "observed until 2027-01-27, 12 days left"),
            ("observe until 2027-01-15", "observed until 2027-01-15, 16 h left"),
            ("observe until 2027-01-14", "enforced; observed until 2027-01-14"),
            ("observe until 2028-01-01", "enforced; 2028-01-01 is too far ahead to be observed until then"),
        ] {
            let site = site(enforcement);
            assert_eq!(in_words(site.enforcement, NOW), words);
            let is_told = [warning(&site, NOW), note(&site, NOW)].map(|text| text.is_some());
            assert_eq!(is_told, [words.starts_with("observed"); 2], "{words}");
        }
    }
}
