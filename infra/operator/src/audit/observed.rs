//! What the rules of sites that are only observed would have refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::Serialize;

use super::insights::Fields;
use crate::{
    explain::printable,
    output::table,
    style::{CARE, styled},
};

/// The exchanges of one person at a site with one outcome, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// The site.
    pub(super) site: String,
    /// The hash of the person.
    pub(super) subject: String,
    /// The reason with which the exchange would have been refused; empty if it would have been granted.
    pub(super) would_refuse: String,
    /// What the rules would have closed, as a scope.
    pub(super) would_close: String,
    /// How many.
    pub(super) exchanges: u64,
}

/// What would have been refused in a time.
#[derive(Debug, Serialize)]
pub(super) struct Observed {
    /// In which time and where, in words.
    #[serde(skip)]
    what: String,
    sites: Vec<ObservedSite>,
    /// Whether people or permissions were left out.
    is_shortened: bool,
}

#[derive(Debug, Default, Serialize)]
struct ObservedSite {
    site: String,
    exchanges: u64,
    people: usize,
    /// The people for whom the rules would have closed something.
    people_affected: usize,
    would: Vec<Consequence>,
}

/// What the rules would have done, how often, and to how many people.
#[derive(Debug, Serialize)]
struct Consequence {
    #[serde(flatten)]
    what: What,
    exchanges: u64,
    people: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    /// Refuse the exchange, with this reason.
    Refuse(String),
    /// Close this permission.
    Close(String),
}

/// Exchanges and the people who made them.
#[derive(Debug, Default)]
struct Tally<'a> {
    exchanges: u64,
    people: BTreeSet<&'a str>,
}

impl Counted {
    /// Reads a row of the query's result.
    pub(super) fn read(fields: &Fields<'_>) -> Self {
        let text = |name| printable(fields.text(name));
        Self {
            site: text("site"),
            subject: text("subject_sha256"),
            would_refuse: text("would_refuse"),
            would_close: text("would_close"),
            exchanges: fields.text("exchanges").parse().unwrap_or_default(),
        }
    }

    fn consequences(&self) -> impl Iterator<Item = What> {
        let refusal = (!self.would_refuse.is_empty()).then(|| What::Refuse(self.would_refuse.clone()));
        let closed = self.would_close.split(' ').filter(|one| one.contains(':'));
        refusal.into_iter().chain(closed.map(|one| What::Close(one.to_owned())))
    }

    /// Whether permissions were left out.
    fn is_cut(&self) -> bool {
        self.would_close.ends_with('…')
    }
}

impl Observed {
    /// Adds up `rows`, which are those of `what`; further ones were left out if `is_shortened`.
    pub(super) fn new(what: String, rows: &[Counted], is_shortened: bool) -> Self {
        let mut by_site = BTreeMap::<&str, Vec<&Counted>>::new();
        for row in rows {
            by_site.entry(&row.site).or_default().push(row);
        }
        let sites = by_site.into_iter().map(|(site, rows)| ObservedSite::new(site, &rows)).collect();
        Self { what, sites, is_shortened: is_shortened || rows.iter().any(Counted::is_cut) }
    }
}

impl ObservedSite {
    fn new(site: &str, rows: &[&Counted]) -> Self {
        let (mut all, mut affected) = (Tally::default(), Tally::default());
        let mut would = BTreeMap::<What, Tally<'_>>::new();
        for row in rows {
            all.add(row);
            for what in row.consequences() {
                affected.add(row);
                would.entry(what).or_default().add(row);
            }
        }
        let consequence = |(what, tally): (What, Tally<'_>)| Consequence {
            what,
            exchanges: tally.exchanges,
            people: tally.people.len(),
        };
        Self {
            site: site.to_owned(),
            exchanges: all.exchanges,
            people: all.people.len(),
            people_affected: affected.people.len(),
            would: would.into_iter().map(consequence).collect(),
        }
    }
}

impl<'a> Tally<'a> {
    fn add(&mut self, row: &'a Counted) {
        self.exchanges = self.exchanges.saturating_add(row.exchanges);
        self.people.insert(&row.subject);
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sites.is_empty() {
            return writeln!(f, "No exchanges at an observed site {}.", self.what);
        }
        let mut rows = table(["site", "the rules would", "exchanges", "people"]);
        for site in &self.sites {
            for Consequence { what, exchanges, people } in &site.would {
                rows.add_row([
                    site.site.clone(),
                    what.to_string(),
                    exchanges.to_string(),
                    people.to_string(),
                ]);
            }
        }
        writeln!(f, "{}\n", rows.trim_fmt())?;
        for ObservedSite { site, exchanges, people, people_affected, .. } in &self.sites {
            writeln!(
                f,
                "{site}, observed {}: exchanges {exchanges}, people {people}, of whom would lose something {people_affected}",
                self.what
            )?;
        }
        if self.is_shortened {
            let text = "There is more than is counted here. Ask for a shorter time, or for one site.";
            writeln!(f, "{}", styled(CARE, text))?;
        }
        Ok(())
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refuse(reason) => write!(f, "refuse everything ({reason})"),
            Self::Close(permission) => write!(f, "close {permission}"),
        }
    }
}
