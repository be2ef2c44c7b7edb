//! The query in the language of CloudWatch Logs Insights.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html>.

use std::time::Duration;

use pozi_auth::{sites::SiteName, telemetry::AUDIT, timestamp::Timestamp};

use super::args::{Reason, Reference, Since};

/// The most events that are read: the newest.
pub(super) const MAX_EVENTS: usize = 1_000;

/// The most rows of a query that counts: the most that Insights returns.
pub(super) const MAX_ROWS: usize = 10_000;

/// How far the clock of a function may be ahead of this one.
const AHEAD: Duration = Duration::from_mins(5);

/// What is sought among the audit events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sought {
    /// The exchange that made this session, or those of this Entra token.
    Reference(Reference),
    /// All exchanges, or those of a site or with a reason.
    Period {
        /// The site.
        site: Option<SiteName>,
        /// The reason.
        reason: Option<Reason>,
    },
    /// The exchanges at observed sites, or at one of them, counted by person and by what the rules would have done.
    Observed {
        /// The site.
        site: Option<SiteName>,
    },
}

/// A query and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    /// Its text.
    pub(super) text: String,
    /// The first second, as Unix seconds.
    pub(super) from: u64,
    /// The last second.
    pub(super) until: u64,
}

impl Query {
    /// Returns the query for what is `sought` in the time `since` until `now`. The texts in it are of types that have no
    /// quotation mark, so that they cannot end a string.
    pub(super) fn new(sought: &Sought, since: Since, now: Timestamp) -> Self {
        let filters = match sought {
            Sought::Reference(reference) => {
                vec![format!("| filter jti = \"{reference}\" or uti = \"{reference}\"\n")]
            }
            Sought::Period { site, reason } => {
                let reason = reason.as_ref().map(|reason| format!("| filter reason = \"{reason}\"\n"));
                of_site(site.as_ref()).into_iter().chain(reason).collect()
            }
            Sought::Observed { site } => {
                let granted = "| filter enforcement = \"observed\" and decision = \"granted\"\n".to_owned();
                of_site(site.as_ref()).into_iter().chain([granted]).collect()
            }
        };
        let filters = filters.concat();
        let text = match sought {
            Sought::Observed { .. } => format!(
                "filter target = \"{AUDIT}\"\n{filters}| stats count(*) as exchanges by site, subject_sha256, would_refuse, would_close\n| sort exchanges desc\n| limit {MAX_ROWS}"
            ),
            Sought::Reference(_) | Sought::Period { .. } => format!(
                "fields @timestamp, @message\n| filter target = \"{AUDIT}\"\n{filters}| sort @timestamp desc\n| limit {MAX_EVENTS}"
            ),
        };
        let from = now.unix_seconds().saturating_sub(since.duration().as_secs());
        Self { text, from, until: now.plus(AHEAD).unix_seconds() }
    }
}

fn of_site(site: Option<&SiteName>) -> Option<String> {
    site.map(|site| format!("| filter site = \"{site}\"\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_the_newest_audit_events_of_the_time_and_of_nothing_else() {
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        let since = "1h".parse().unwrap();
        let all = Query::new(&Sought::Period { site: None, reason: None }, since, now);
        assert_eq!(
            all.text,
            "fields @timestamp, @message\n| filter target = \"pozi::audit\"\n| sort @timestamp desc\n| limit 1000"
        );
        assert_eq!((all.from, all.until), (1_799_996_400, 1_800_000_300));
        let some = Sought::Period {
            site: Some("riverbend".parse().unwrap()),
            reason: Some("no_catalogue".parse().unwrap()),
        };
        assert_eq!(
            Query::new(&some, since, now).text,
            "fields @timestamp, @message\n| filter target = \"pozi::audit\"\n| filter site = \"riverbend\"\n| filter reason = \"no_catalogue\"\n| sort @timestamp desc\n| limit 1000"
        );
        let observed = Sought::Observed { site: Some("riverbend".parse().unwrap()) };
        assert_eq!(
            Query::new(&observed, since, now).text,
            "filter target = \"pozi::audit\"\n| filter site = \"riverbend\"\n| filter enforcement = \"observed\" and decision = \"granted\"\n| stats count(*) as exchanges by site, subject_sha256, would_refuse, would_close\n| sort exchanges desc\n| limit 10000"
        );
        let one = Sought::Reference("mJ3cI0b5kUOeSEbV7s0SAQ".parse().unwrap());
        assert_eq!(
            Query::new(&one, Since::DAY, now).text,
            "fields @timestamp, @message\n| filter target = \"pozi::audit\"\n| filter jti = \"mJ3cI0b5kUOeSEbV7s0SAQ\" or uti = \"mJ3cI0b5kUOeSEbV7s0SAQ\"\n| sort @timestamp desc\n| limit 1000"
        );
    }
}
