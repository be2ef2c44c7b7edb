//! What `pozi audit` shows.

use std::fmt;

use pozi_auth::oauth::sentence_for_person;
use serde::Serialize;

use super::event::{Event, Exchange};
use crate::{
    explain::{Known, for_rules},
    output::table,
    reason::what_to_do,
    style::{BAD, CARE, FAINT, GOOD, HEADING, styled},
};

/// The longest list in a table, in characters.
const MAX_CELL: usize = 60;

/// The exchanges of a time.
#[derive(Debug, Serialize)]
pub(super) struct Period {
    /// Which exchanges, in words.
    #[serde(skip)]
    pub(super) what: String,
    /// The events, the newest first.
    pub(super) events: Vec<Event>,
    /// Whether older ones were left out.
    pub(super) is_shortened: bool,
    /// The number of rows that are no audit events.
    pub(super) unreadable: usize,
}

/// An exchange, explained.
#[derive(Debug, Serialize)]
pub(super) struct Explained {
    /// The newest event of the reference.
    #[serde(flatten)]
    pub(super) event: Event,
    /// What the person was told; `None` if a session was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) told: Option<&'static str>,
    /// Where to click, for each reason.
    pub(super) advice: Vec<String>,
    /// The earlier events of the same Entra token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<Event>,
}

impl Explained {
    /// Explains `event`.
    pub(super) fn new(event: Event, earlier: Vec<Event>) -> Self {
        let exchange = &event.exchange;
        let reason = exchange.reason.as_deref().unwrap_or_default();
        let of_refusal = what_to_do(reason).map(|text| format!("{reason}: {text}"));
        let mut codes: Vec<&'static str> = exchange.closed().filter_map(|one| code(one.because)).collect();
        codes.sort_unstable();
        codes.dedup();
        // `groups_overage` and `groups_in_roles` have the advice of the rules' `overage` and `groups_in_roles`.
        let is_new = |code: &&'static str| !reason.ends_with(code);
        let codes: Vec<_> = codes.into_iter().filter(is_new).collect();
        let of_rules = for_rules(&codes, Known::default());
        let of_rules = of_rules.into_iter().map(|advice| format!("{}: {}", advice.reason, advice.text));
        let advice = of_refusal.into_iter().chain(of_rules).collect();
        Self { told: sentence_for_person(reason), advice, event, earlier }
    }
}

/// Returns the code of a rule's reason, if it is one that is known here.
fn code(because: &str) -> Option<&'static str> {
    let known = ["not_in_group", "groups_in_roles", "nobody", "may_not_read", "overage"];
    known.into_iter().find(|known| *known == because)
}

fn sentence(because: &str) -> &'static str {
    match because {
        "not_in_group" => "the token listed none of the groups of the rule",
        "groups_in_roles" => "the token listed groups only as roles, which do not count at the site",
        "nobody" => "the rule's list in the site file is empty",
        "may_not_read" => "only those who may read may download",
        "overage" => "the person is in more groups than a token can list",
        _ => "for a reason that this version of pozi does not know",
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.events.is_empty() {
            return writeln!(f, "No exchanges {}.", self.what);
        }
        writeln!(f, "{}", listed(&self.events))?;
        let count =
            |decision: &str| self.events.iter().filter(|event| event.exchange.decision == decision).count();
        let (granted, refused) = (count("granted"), count("refused"));
        let total = self.events.len();
        let others = total - granted - refused;
        writeln!(
            f,
            "\nexchanges {}: {total} ({granted} granted, {refused} refused, {others} abandoned)",
            self.what
        )?;
        if self.is_shortened {
            writeln!(
                f,
                "{}",
                styled(
                    CARE,
                    "There are more; these are the newest. Ask for a shorter time, a site or a reason."
                )
            )?;
        }
        if self.unreadable > 0 {
            let text = format!("Log lines that this version of pozi cannot read: {}.", self.unreadable);
            writeln!(f, "{}", styled(CARE, text))?;
        }
        Ok(())
    }
}

fn listed(events: &[Event]) -> String {
    let mut rows = table(["time (UTC)", "site", "decision", "reason", "opened", "closed"]);
    for Event { time, exchange } in events {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        rows.add_row([
            time.clone(),
            text(&exchange.site),
            exchange.decision.clone(),
            text(&exchange.reason),
            cell(exchange.scope.as_deref()),
            cell(exchange.closed.as_deref()),
        ]);
    }
    rows.trim_fmt()
}

fn cell(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    match text.char_indices().nth(MAX_CELL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exchange = &self.event.exchange;
        let site =
            exchange.site.as_deref().map_or_else(|| "no site".to_owned(), |site| format!("site {site}"));
        writeln!(f, "{}", styled(HEADING, format!("{} UTC, {site}", self.event.time)))?;
        write_decision(f, exchange)?;
        if let Some(told) = self.told {
            writeln!(f, "The person was told: {told}")?;
        }
        write_closed(f, exchange)?;
        if !self.advice.is_empty() {
            writeln!(f, "\n{}", styled(HEADING, "Where to change it, if it should be otherwise"))?;
            self.advice.iter().try_for_each(|advice| writeln!(f, "  {advice}"))?;
        }
        write_references(f, exchange)?;
        if !self.earlier.is_empty() {
            writeln!(
                f,
                "\n{}\n{}",
                styled(HEADING, "Earlier exchanges of the same Entra token"),
                listed(&self.earlier)
            )?;
        }
        Ok(())
    }
}

fn write_decision(f: &mut fmt::Formatter<'_>, exchange: &Exchange) -> fmt::Result {
    let reason = exchange.reason.as_deref().unwrap_or("no reason");
    match exchange.decision.as_str() {
        "granted" => {
            let scope = exchange.scope.as_deref().unwrap_or("nothing");
            writeln!(f, "{}: a session with the scope {scope}", styled(GOOD, "granted"))?;
            write_observed(f, exchange)?;
        }
        "refused" => {
            let status = exchange.status.map(|status| format!(" (status {status})")).unwrap_or_default();
            writeln!(f, "{}: {reason}{status}", styled(BAD, "refused"))?;
        }
        "abandoned" => {
            writeln!(f, "{}: the caller disconnected before there was an answer", styled(CARE, "abandoned"))?;
        }
        other => writeln!(f, "{}", styled(CARE, other))?,
    }
    match &exchange.detail {
        Some(detail) => writeln!(f, "Expected and found: {detail}"),
        None => Ok(()),
    }
}

/// When Graph was asked, by the code of where the groups come from.
fn asked_when(groups_from: &str) -> Option<&'static str> {
    match groups_from {
        "graph" => Some("was asked"),
        "graph_memory" => Some("had been asked less than five minutes before"),
        _ => None,
    }
}

/// Says what the rules would have done if they had been enforced.
fn write_observed(f: &mut fmt::Formatter<'_>, exchange: &Exchange) -> fmt::Result {
    if !exchange.is_observed() {
        return Ok(());
    }
    let would = match (&exchange.would_refuse, &exchange.would_close) {
        (Some(reason), _) => format!("the rules would have refused it with {reason}"),
        (None, Some(closed)) => format!("the rules would have closed {closed}"),
        (None, None) => "the rules would have granted the same".to_owned(),
    };
    writeln!(f, "The site was only observed: {would}.")
}

fn write_closed(f: &mut fmt::Formatter<'_>, exchange: &Exchange) -> fmt::Result {
    if let Some(count) = exchange.group_ids_in_roles {
        writeln!(f, "The token listed {count} group ids in roles, which did not count at the site.")?;
    }
    if let Some(when) = exchange.groups_from.as_deref().and_then(asked_when) {
        writeln!(
            f,
            "The person is in more groups than a token can list; Microsoft Graph {when} about the site's."
        )?;
    }
    if exchange.closed.is_none() {
        return Ok(());
    }
    let heading = if exchange.is_observed() { "What the rules close" } else { "What stayed closed" };
    writeln!(f, "\n{}", styled(HEADING, heading))?;
    let width = exchange.closed().map(|one| one.permission.len()).max().unwrap_or_default();
    for one in exchange.closed() {
        writeln!(f, "  {:width$}  {} ({})", one.permission, sentence(one.because), one.because)?;
    }
    if exchange.is_shortened() {
        writeln!(f, "  and more, which the event left out")?;
    }
    let site = exchange.site.as_deref().unwrap_or("SITE");
    writeln!(
        f,
        "The groups of each rule, and which of them a person is in: pozi explain {site} --person OBJECT-ID --graph"
    )
}

fn write_references(f: &mut fmt::Formatter<'_>, exchange: &Exchange) -> fmt::Result {
    writeln!(f, "\n{}", styled(HEADING, "References"))?;
    for (what, id) in [
        ("session (jti)", &exchange.jti),
        ("SHA-256 of the person", &exchange.subject_sha256),
        ("signed by key", &exchange.kid),
        ("tenant", &exchange.tenant),
        ("Entra token (uti)", &exchange.uti),
        ("signed by Entra's key", &exchange.subject_token_kid),
        ("SHA-256 of the token", &exchange.subject_token_sha256),
        ("request (access log)", &exchange.request),
    ] {
        if let Some(id) = id {
            writeln!(f, "  {what:<22} {}", styled(FAINT, id))?;
        }
    }
    if let Some(revision) = exchange.policy_revision {
        writeln!(f, "  {:<22} {}", "decided by revision", styled(FAINT, revision))?;
    }
    let [total, keys, sign] = [exchange.total_us, exchange.keys_us, exchange.sign_us].map(milliseconds);
    writeln!(f, "  {:<22} {total} ms, of them {keys} ms for Entra's keys and {sign} ms to sign", "time")
}

/// Returns microseconds as milliseconds with one decimal.
fn milliseconds(micros: u64) -> String {
    let tenths = micros.div_ceil(100);
    format!("{}.{}", tenths / 10, tenths % 10)
}
