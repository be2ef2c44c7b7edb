//! What `pozi explain` shows.

use std::{collections::HashSet, fmt};

use pozi_auth::{
    entra::Groups,
    error::with_causes,
    oauth::ExchangeError,
    sites::{GraphPermissions, Site, allowed},
};
use serde::Serialize;

use super::{
    access::{CatalogueAccess, Membership, NamedGroup, by_rules, closed_because},
    advice::{Advice, Known, for_rules},
    facts::{Facts, printable},
};
use crate::group_names::GroupNames;
use crate::{
    Exit,
    reason::what_to_do,
    style::{BAD, CARE, FAINT, GOOD, HEADING, styled},
};

/// The most groups of a rule that people see; programs see all.
const MAX_GROUPS: usize = 12;

/// An explanation of what a person may open at a site.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The site.
    pub site: String,
    /// Whom it is about.
    pub about: String,
    /// What people should know besides.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the service would answer.
    #[serde(flatten)]
    pub decision: Decision,
    /// What the token says about itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Facts>,
    /// What each rule opens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catalogues: Vec<CatalogueAccess>,
    /// What each rule would open, if Entra did issue a token that could not be verified. It has a name of its own, so that no
    /// program takes it for an answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unverified_catalogues: Vec<CatalogueAccess>,
    /// Where to click.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Advice>,
}

/// What the service would answer.
#[derive(Debug, Serialize)]
#[serde(tag = "decision", rename_all = "kebab-case")]
pub(super) enum Decision {
    /// A session.
    Granted {
        /// What it would allow.
        scope: String,
    },
    /// A refusal.
    Refused {
        /// The code of the reason.
        reason: &'static str,
        /// What the caller is told.
        sentence: String,
        /// What was expected and found.
        detail: String,
    },
    /// Nobody can tell, because the token could not be verified.
    NotVerified {
        /// Why not.
        why: String,
    },
}

impl Report {
    /// Reports what the rules of `site` open for a person with `groups`.
    pub(super) fn of_groups(site: &Site, groups: &Groups, names: &GroupNames, about: String) -> Self {
        let catalogues = by_rules(groups, site, names);
        let notes = matches!(groups, Groups::Overage).then(|| way(site).to_owned()).into_iter().collect();
        Self { notes, catalogues, ..Self::new(site, about, Decision::of_groups(groups, site)) }
            .advised(Known::default())
    }

    /// Reports that the service refuses a token.
    pub(super) fn of_refusal(
        site: &Site,
        error: &ExchangeError,
        token: Option<Facts>,
        about: String,
    ) -> Self {
        let reason = error.refusal().reason;
        let advice = what_to_do(reason).map(|text| Advice { reason, text });
        let advice = advice.into_iter().collect();
        Self { token, advice, ..Self::new(site, about, Decision::of_error(error)) }
    }

    fn new(site: &Site, about: String, decision: Decision) -> Self {
        Self {
            site: site.name.to_string(),
            about,
            notes: Vec::new(),
            decision,
            token: None,
            catalogues: Vec::new(),
            unverified_catalogues: Vec::new(),
            advice: Vec::new(),
        }
    }

    /// Makes the advice that follows from what is `known` about the person's groups.
    #[must_use]
    pub(super) fn advised(self, known: Known) -> Self {
        let advice = for_rules(&closed_because(&self.catalogues), known);
        Self { advice, ..self }
    }

    /// Adds what the token says about itself, and the advice that follows from that.
    #[must_use]
    pub(super) fn with_token(self, facts: Option<Facts>) -> Self {
        let known =
            facts.as_ref().map(|facts| Known { listed: Some(facts.groups), is_guest: facts.is_guest });
        Self { token: facts, ..self.advised(known.unwrap_or_default()) }
    }

    /// Turns it into a report of what the rules would open if Entra did issue the token, which could not be verified.
    #[must_use]
    pub(super) fn not_verified(self, why: String) -> Self {
        let decision = Decision::NotVerified { why };
        Self { decision, catalogues: Vec::new(), unverified_catalogues: self.catalogues, ..self }
    }

    /// Returns how the program ends.
    pub(super) fn exit(&self) -> Exit {
        if matches!(self.decision, Decision::Granted { .. }) { Exit::Done } else { Exit::Wrong }
    }
}

/// Says how the service asks about the groups that a token does not list. No command reads a credential.
fn way(site: &Site) -> &'static str {
    match site.graph_permissions {
        GraphPermissions::Delegated => {
            "The service asks Microsoft Graph about the site's groups if the Web App sends the person's own Graph token (graph_permissions = \"delegated\"). What follows is without it."
        }
        GraphPermissions::Application => {
            "The service asks Microsoft Graph about the site's groups in the name of the app registration (graph_permissions = \"application\"). What follows is without that."
        }
    }
}

impl Decision {
    fn of_groups(groups: &Groups, site: &Site) -> Self {
        match allowed(groups, site) {
            Ok(scope) => Self::Granted { scope: scope.to_string() },
            Err(refusal) => Self::of_error(&refusal.into()),
        }
    }

    fn of_error(error: &ExchangeError) -> Self {
        let refusal = error.refusal();
        let detail = printable(&with_causes(error));
        Self::Refused { reason: refusal.reason, sentence: refusal.description.into_owned(), detail }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {}", styled(HEADING, &self.site), self.about)?;
        for note in &self.notes {
            writeln!(f, "{}", styled(CARE, note.trim_end()))?;
        }
        writeln!(f)?;
        self.decision.fmt(f)?;
        if let Some(token) = &self.token {
            write!(f, "\n{}\n{token}", styled(HEADING, "What the token says"))?;
        }
        if !self.unverified_catalogues.is_empty() {
            writeln!(
                f,
                "\n{}",
                styled(CARE, "What its groups would open, only if Entra did issue this token")
            )?;
        }
        let mut known = HashSet::new();
        let mut catalogues = self.catalogues.iter().chain(&self.unverified_catalogues);
        catalogues.try_for_each(|catalogue| write_catalogue(f, catalogue, &mut known))?;
        if !self.advice.is_empty() {
            writeln!(f, "\n{}", styled(HEADING, "Where to change it, if it should be otherwise"))?;
        }
        self.advice.iter().try_for_each(|advice| writeln!(f, "  {}: {}", advice.reason, advice.text))
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted { scope } => {
                writeln!(f, "{}: a session with the scope {scope}", styled(GOOD, "granted"))
            }
            Self::Refused { reason, sentence, detail } => {
                writeln!(f, "{}: {reason}", styled(BAD, "refused"))?;
                writeln!(f, "  {sentence}\n  {} {detail}", styled(FAINT, "expected and found:"))
            }
            Self::NotVerified { why } => writeln!(
                f,
                "{}: Entra's keys for the tenant cannot be fetched ({why}), so nobody knows whether Entra issued this token. This is no answer about access; try again when Entra can be reached.",
                styled(CARE, "not verified")
            ),
        }
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fact in &self.claims {
            writeln!(f, "  {:<7} {}", fact.claim, fact.found)?;
            if let (true, Some(expected)) = (fact.differs, &fact.expected) {
                writeln!(f, "          {} {expected}", styled(BAD, "expected:"))?;
            }
        }
        Ok(())
    }
}

/// Writes a catalogue's rules. A sentence that is `known` from an earlier rule is not repeated.
fn write_catalogue<'a>(
    f: &mut fmt::Formatter<'_>,
    catalogue: &'a CatalogueAccess,
    known: &mut HashSet<&'a str>,
) -> fmt::Result {
    writeln!(f, "\n{} ({})", styled(HEADING, &catalogue.id), catalogue.title)?;
    let width = if catalogue.download.is_some() { "download".len() } else { "write".len() };
    for (access, rule) in catalogue.rules() {
        let state = if rule.opens { styled(GOOD, "open  ") } else { styled(BAD, "closed") };
        let is_new = known.insert(rule.sentence);
        let why = if is_new { rule.sentence.to_owned() } else { format!("As above ({}).", rule.because) };
        writeln!(f, "  {:<width$}  {state}  {why}", access.to_string())?;
        let mut groups = rule.groups.iter().take(MAX_GROUPS);
        groups.try_for_each(|group| writeln!(f, "  {:width$}  {group}", ""))?;
        if let Some(more @ 1..) = rule.groups.len().checked_sub(MAX_GROUPS) {
            writeln!(f, "  {:width$}  and {more} groups more", "")?;
        }
    }
    Ok(())
}

impl fmt::Display for NamedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let membership = match self.membership {
            Membership::Has => styled(GOOD, "in    "),
            Membership::Lacks => "not in".to_owned(),
            Membership::Unknown => styled(CARE, "?     "),
        };
        let name = self.name.as_deref().map(|name| format!("  {name}")).unwrap_or_default();
        write!(f, "{membership}  {}{}", self.id, styled(FAINT, name))
    }
}
