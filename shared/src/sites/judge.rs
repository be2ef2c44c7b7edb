//! The evaluation of a site's rules for one person. [`decide`](super::decide), [`explain`](super::explain()) and
//! [`closed`](super::closed()) all build on it, so that an explanation cannot contradict the decision.

use super::{Access, Catalogue, Download, Site, Who};
use crate::{entra::Groups, identifiers::GroupId};

/// Why a person has a kind of access to a catalogue, or has not. `G` has the groups that the reason is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because<G = Vec<GroupId>> {
    /// The rule is `"everyone-signed-in"`.
    Everyone,
    /// The person is in these groups of the rule.
    Group(G),
    /// The person may write, and therefore read, as a member of these groups of the rule for writing. Empty if everyone
    /// may write.
    MayWrite(G),
    /// The person is in none of these groups, which are all groups of the rule.
    NotInGroup(G),
    /// The token lists groups only in `roles`, which do not count at the site. These are all groups of the rule.
    GroupsInRoles(G),
    /// The rule is an empty list.
    Nobody,
    /// The person may not read, and only readers may download.
    MayNotRead,
    /// A rule of the site names groups, and the token does not list the person's, so that nothing is granted at all.
    Overage,
}

/// The reason with all groups of the rule, of which the person is in at least one if it is [`Because::Group`] or
/// [`Because::MayWrite`].
pub(super) type ByRule<'a> = Because<&'a [GroupId]>;

/// The results of a catalogue's rules for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judged<'a> {
    /// Of the rule for reading.
    pub(super) read: ByRule<'a>,
    /// Of the rule for writing.
    pub(super) write: ByRule<'a>,
    /// Of the rule for downloading, if there is one.
    pub(super) download: Option<ByRule<'a>>,
}

/// Evaluates the rules of each catalogue of `site` for a person with `groups`. If one of them cannot be evaluated, nothing is
/// allowed by the others.
pub(super) fn judge_all<'a>(
    groups: &'a Groups,
    site: &'a Site,
) -> impl Iterator<Item = (&'a Catalogue, Judged<'a>)> {
    let judged = site.catalogues.iter().map(|catalogue| (catalogue, judge(groups, catalogue)));
    let mut reasons = judged.clone().flat_map(|(_, judged)| judged.each());
    let withheld = *groups == Groups::Overage && reasons.any(|(_, because)| because == Because::Overage);
    judged.map(move |(catalogue, judged)| (catalogue, if withheld { judged.withheld() } else { judged }))
}

/// Evaluates the rules of `catalogue` for a person with `groups`.
pub(super) fn judge<'a>(groups: &Groups, catalogue: &'a Catalogue) -> Judged<'a> {
    let write = by_rule(groups, &catalogue.writers);
    let read = match by_rule(groups, &catalogue.readers) {
        Because::NotInGroup(_) | Because::GroupsInRoles(_) | Because::Nobody if write.allows() => {
            Because::MayWrite(named(&catalogue.writers))
        }
        read => read,
    };
    let download = match &catalogue.download {
        Download::Readers => None,
        Download::Groups(named) => Some(match by_groups(groups, named) {
            Because::Group(_) if !read.allows() => Because::MayNotRead,
            because => because,
        }),
    };
    Judged { read, write, download }
}

impl<'a> Judged<'a> {
    /// Returns each result with the access that it is about.
    pub(super) fn each(self) -> impl Iterator<Item = (Access, ByRule<'a>)> {
        let download = self.download.map(|because| (Access::Download, because));
        [(Access::Read, self.read), (Access::Write, self.write)].into_iter().chain(download)
    }

    fn withheld(self) -> Self {
        let withheld = |because: ByRule<'a>| if because.allows() { Because::Overage } else { because };
        Self { read: withheld(self.read), write: withheld(self.write), download: self.download.map(withheld) }
    }
}

impl<G> Because<G> {
    /// Whether the person has the access.
    pub fn allows(&self) -> bool {
        matches!(self, Self::Everyone | Self::Group(_) | Self::MayWrite(_))
    }

    /// Returns the reason's stable code.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Group(_) => "group",
            Self::MayWrite(_) => "may_write",
            Self::NotInGroup(_) => "not_in_group",
            Self::GroupsInRoles(_) => "groups_in_roles",
            Self::Nobody => "nobody",
            Self::MayNotRead => "may_not_read",
            Self::Overage => "overage",
        }
    }
}

impl Because {
    /// Returns the groups that the reason is about, if any.
    pub fn groups(&self) -> &[GroupId] {
        match self {
            Self::Group(groups)
            | Self::MayWrite(groups)
            | Self::NotInGroup(groups)
            | Self::GroupsInRoles(groups) => groups,
            Self::Everyone | Self::Nobody | Self::MayNotRead | Self::Overage => &[],
        }
    }
}

fn by_rule<'a>(groups: &Groups, who: &'a Who) -> ByRule<'a> {
    match who {
        Who::Everyone(_) => Because::Everyone,
        Who::Groups(named) => by_groups(groups, named),
    }
}

fn by_groups<'a>(groups: &Groups, named: &'a [GroupId]) -> ByRule<'a> {
    match groups {
        _ if named.is_empty() => Because::Nobody,
        Groups::Overage => Because::Overage,
        Groups::InRoles(_) => Because::GroupsInRoles(named),
        Groups::Listed(own) if named.iter().any(|group| own.contains(group)) => Because::Group(named),
        Groups::Listed(_) => Because::NotInGroup(named),
    }
}

fn named(who: &Who) -> &[GroupId] {
    match who {
        Who::Everyone(_) => &[],
        Who::Groups(named) => named,
    }
}
