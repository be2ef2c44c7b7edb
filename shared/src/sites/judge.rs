//! The evaluation of a catalogue's rules for one person. [`decide`](super::decide) and [`explain`](super::explain) both
//! build on it, so that an explanation cannot contradict the decision.

use super::{Access, Catalogue, Download, Who};
use crate::{entra::Groups, identifiers::GroupId};

/// The result of a catalogue's rules for a person and one kind of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement<'a> {
    /// The rule allows everyone who signs in.
    Everyone,
    /// The person is in at least one of these groups.
    InGroup(&'a [GroupId]),
    /// The person may write by this rule, and therefore read.
    MayWrite(&'a Who),
    /// The person is in none of these groups.
    NotInGroup(&'a [GroupId]),
    /// The rule names these groups, and the token lists some only in `roles`, which do not count at the site.
    GroupsInRoles(&'a [GroupId]),
    /// The rule names nobody.
    Nobody,
    /// The person may not read, and only readers may download.
    MayNotRead,
    /// The rule names groups, and the token does not list the person's.
    Overage,
}

/// The results of a catalogue's rules for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged<'a> {
    /// Of the rule for reading.
    pub(super) read: Judgement<'a>,
    /// Of the rule for writing.
    pub(super) write: Judgement<'a>,
    /// Of the rule for downloading, if there is one.
    pub(super) download: Option<Judgement<'a>>,
}

impl<'a> Judged<'a> {
    /// Returns each result with the access that it is about.
    pub(super) fn each(self) -> impl Iterator<Item = (Access, Judgement<'a>)> {
        let download = self.download.map(|judgement| (Access::Download, judgement));
        [(Access::Read, self.read), (Access::Write, self.write)].into_iter().chain(download)
    }
}

impl Judgement<'_> {
    /// Whether the person has the access.
    pub(super) fn allows(self) -> bool {
        matches!(self, Self::Everyone | Self::InGroup(_) | Self::MayWrite(_))
    }
}

/// Evaluates the rules of `catalogue` for a person with `groups`.
pub(super) fn judge<'a>(groups: &Groups, catalogue: &'a Catalogue) -> Judged<'a> {
    let write = by_rule(groups, &catalogue.writers);
    let read = match by_rule(groups, &catalogue.readers) {
        Judgement::NotInGroup(_) | Judgement::GroupsInRoles(_) | Judgement::Nobody if write.allows() => {
            Judgement::MayWrite(&catalogue.writers)
        }
        read => read,
    };
    let download = match &catalogue.download {
        Download::Readers => None,
        Download::Groups(named) => Some(match by_groups(groups, named) {
            Judgement::InGroup(_) if !read.allows() => Judgement::MayNotRead,
            judgement => judgement,
        }),
    };
    Judged { read, write, download }
}

fn by_rule<'a>(groups: &Groups, who: &'a Who) -> Judgement<'a> {
    match who {
        Who::Everyone(_) => Judgement::Everyone,
        Who::Groups(named) => by_groups(groups, named),
    }
}

fn by_groups<'a>(groups: &Groups, named: &'a [GroupId]) -> Judgement<'a> {
    match groups {
        _ if named.is_empty() => Judgement::Nobody,
        Groups::Overage => Judgement::Overage,
        Groups::InRoles(_) => Judgement::GroupsInRoles(named),
        Groups::Listed(own) if named.iter().any(|group| own.contains(group)) => Judgement::InGroup(named),
        Groups::Listed(_) => Judgement::NotInGroup(named),
    }
}
