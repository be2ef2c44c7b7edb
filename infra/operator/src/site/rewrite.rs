//! A change of a stored site that the program makes itself, as it is shown before and after.

use std::fmt;

use pozi_auth::{revision::Revision, sites::Site};
use serde::Serialize;

use super::stored::Found;
use crate::group_names::GroupNames;
use crate::{
    changes::{Changes, changes},
    style::{HEADING, styled},
};

/// What is to be stored in place of a stored site.
#[derive(Debug)]
pub(crate) struct Rewrite<'a> {
    /// What is done, such as `rolled back to revision 2`.
    pub(crate) what: String,
    /// The stored site.
    pub(crate) before: &'a Found,
    /// The site that `document` describes.
    pub(crate) site: &'a Site,
    /// The document to store.
    pub(crate) document: &'a str,
    /// What must be done elsewhere, a sentence each.
    pub(crate) advice: Vec<String>,
}

/// A rewrite as people and programs see it.
#[derive(Debug, Serialize)]
pub(crate) struct Rewritten {
    pub(crate) site: String,
    pub(crate) what: String,
    pub(crate) from: Revision,
    pub(crate) revision: Revision,
    pub(crate) changes: Changes,
    pub(crate) advice: Vec<String>,
    pub(crate) state: RewriteState,
}

/// How far a rewrite got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RewriteState {
    Planned,
    Stored,
    Declined,
}

impl Rewrite<'_> {
    /// Returns what would be done.
    pub(crate) fn report(&self) -> Rewritten {
        let names = GroupNames::of(self.document).or(GroupNames::of(&self.before.stored.document));
        let from = self.before.stored.revision;
        Rewritten {
            site: self.before.stored.name.clone(),
            what: self.what.clone(),
            from,
            revision: Revision::after(Some(from)),
            changes: changes(self.before.in_use().as_ref(), Some(self.site), &names),
            advice: self.advice.clone(),
            state: RewriteState::Planned,
        }
    }
}

impl Rewritten {
    /// The same, not done because nobody agreed.
    pub(crate) fn declined(self) -> Self {
        Self { state: RewriteState::Declined, ..self }
    }

    /// The same, done: `revision` is stored.
    pub(crate) fn stored(self, revision: Revision) -> Self {
        Self { state: RewriteState::Stored, revision, ..self }
    }
}

impl fmt::Display for Rewritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { site, what, from, revision, .. } = self;
        let site = styled(HEADING, site);
        match self.state {
            RewriteState::Declined => return writeln!(f, "{site}: nothing was written."),
            RewriteState::Planned => {
                writeln!(f, "{site}: would be {what}, from revision {from} to {revision}")?;
            }
            RewriteState::Stored => writeln!(f, "{site}: {what}, from revision {from} to {revision}")?,
        }
        if self.state == RewriteState::Planned {
            for line in self.changes.to_string().lines() {
                writeln!(f, "  {line}")?;
            }
        }
        for advice in &self.advice {
            writeln!(f, "  • {advice}")?;
        }
        Ok(())
    }
}
