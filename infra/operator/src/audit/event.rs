//! An audit event, as the token exchange logs it (docs/operate.md).

use serde::{Deserialize, Serialize};

use super::insights::Fields;
use crate::explain::printable;

/// A row of a query's result: the log line, and when it was logged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// `@timestamp`: date and time in UTC, with milliseconds.
    pub(super) time: String,
    /// `@message`.
    pub(super) line: String,
}

/// An audit event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Event {
    /// Date and time in UTC.
    pub(super) time: String,
    /// What was logged.
    #[serde(flatten)]
    pub(super) exchange: Exchange,
}

/// The members of an audit event; docs/operate.md describes each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Exchange {
    pub(super) decision: String,
    pub(super) reason: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) detail: Option<String>,
    pub(super) site: Option<String>,
    pub(super) policy_revision: Option<u64>,
    pub(super) tenant: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) enforcement: Option<String>,
    pub(super) would_refuse: Option<String>,
    pub(super) would_close: Option<String>,
    pub(super) closed: Option<String>,
    pub(super) group_ids_in_roles: Option<u64>,
    pub(super) groups_from: Option<String>,
    pub(super) jti: Option<String>,
    pub(super) kid: Option<String>,
    pub(super) subject_sha256: Option<String>,
    pub(super) uti: Option<String>,
    pub(super) subject_token_kid: Option<String>,
    pub(super) subject_token_sha256: Option<String>,
    pub(super) request: Option<String>,
    pub(super) keys_us: u64,
    pub(super) sign_us: u64,
    pub(super) total_us: u64,
}

/// A catalogue's access that stayed closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed<'a> {
    /// As in scopes, such as `planning:write`.
    pub(super) permission: &'a str,
    /// The code of the rule.
    pub(super) because: &'a str,
}

impl Row {
    /// Reads a row of the query's result.
    pub(super) fn read(fields: &Fields<'_>) -> Self {
        Self { time: fields.text("@timestamp").to_owned(), line: fields.text("@message").to_owned() }
    }
}

impl Event {
    /// Reads a row. `None` if its line is not an audit event.
    pub(super) fn read(row: &Row) -> Option<Self> {
        let exchange: Exchange = serde_json::from_str(&row.line).ok()?;
        let time = row.time.split('.').next().unwrap_or_default();
        (!exchange.decision.is_empty())
            .then(|| Self { time: printable(time), exchange: exchange.printable() })
    }
}

impl Exchange {
    /// Returns what stayed closed. An entry that is not of the known form, such as `…`, is left out.
    pub(super) fn closed(&self) -> impl Iterator<Item = Closed<'_>> {
        let entries = self.closed.as_deref().unwrap_or_default().split(", ");
        entries
            .filter_map(|entry| entry.split_once(' '))
            .map(|(permission, because)| Closed { permission, because })
    }

    /// Whether the site's rules were only observed.
    pub(super) fn is_observed(&self) -> bool {
        self.enforcement.as_deref() == Some("observed")
    }

    /// Whether entries of `closed` were left out.
    pub(super) fn is_shortened(&self) -> bool {
        self.closed.as_deref().is_some_and(|closed| closed.ends_with('…'))
    }

    /// Replaces characters that move a terminal's cursor: some texts are those of tokens that nobody verified.
    fn printable(mut self) -> Self {
        self.decision = printable(&self.decision);
        let texts = [
            &mut self.reason,
            &mut self.detail,
            &mut self.site,
            &mut self.tenant,
            &mut self.scope,
            &mut self.enforcement,
            &mut self.would_refuse,
            &mut self.would_close,
            &mut self.closed,
        ];
        let ids = [
            &mut self.jti,
            &mut self.kid,
            &mut self.subject_sha256,
            &mut self.uti,
            &mut self.request,
            &mut self.subject_token_kid,
            &mut self.subject_token_sha256,
        ];
        for text in texts.into_iter().chain(ids).flatten() {
            *text = printable(text);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line_and_only_an_audit_event() {
        let row = |line: &str| Row { time: "2027-01-15 08:00:00.123".into(), line: line.into() };
        let event = Event::read(&row(
            r#"{"timestamp":"2027-01-15T08:00:00.1Z","level":"INFO","message":"token exchange","target":"pozi::audit","decision":"granted","status":200,"site":"riverbend","closed":"planning:write nobody, assets:read not_in_group","total_us":9}"#,
        ));
        let event = event.unwrap();
        assert_eq!((event.time.as_str(), event.exchange.status), ("2027-01-15 08:00:00", Some(200)));
        let closed: Vec<_> = event.exchange.closed().map(|one| (one.permission, one.because)).collect();
        assert_eq!(closed, [("planning:write", "nobody"), ("assets:read", "not_in_group")]);
        for line in ["", "{}", "START RequestId: 1", r#"{"decision":7}"#, "[]"] {
            assert_eq!(Event::read(&row(line)), None, "{line}");
        }
    }

    #[test]
    fn text_of_a_token_cannot_move_the_cursor() {
        let line = "{\"decision\":\"refused\",\"detail\":\"a\\u001b[2Jb\\n\",\"uti\":\"\\u0007\"}";
        let event = Event::read(&Row { time: String::new(), line: line.to_owned() }).unwrap().exchange;
        assert_eq!((event.detail.as_deref(), event.uti.as_deref()), (Some("a?[2Jb?"), Some("?")));
    }

    #[test]
    fn a_shortened_list_says_so() {
        let exchange = |closed: &str| Exchange { closed: Some(closed.into()), ..Exchange::default() };
        assert!(!exchange("a:read nobody").is_shortened());
        let cut = exchange("a:read nobody, …");
        assert!(cut.is_shortened() && cut.closed().count() == 1);
        assert_eq!(Exchange::default().closed().count(), 0);
    }
}
