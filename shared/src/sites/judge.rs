//! The evaluation of a catalogue's rules for one person. [`decide`](super::decide) and [`explain`](super::explain) both
//! build on it, so that an explanation cannot contradict the decision.

use super::{Access, Catalogue, Who};
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
    /// The rule names groups, and the token does not list the person's.
    Overage,
}

impl Judgement<'_> {
    /// Whether the person has the access.
    pub(super) fn allows(self) -> bool {
        matches!(self, Self::Everyone | Self::InGroup(_) | Self::MayWrite(_))
    }
}

/// Evaluates the rules of `catalogue` for a person with `groups`.
pub(super) fn judge<'a>(groups: &Groups, catalogue: &'a Catalogue) -> [(Access, Judgement<'a>); 2] {
    let write = by_rule(groups, &catalogue.writers);
    let read = match by_rule(groups, &catalogue.readers) {
        Judgement::NotInGroup(_) | Judgement::GroupsInRoles(_) | Judgement::Nobody if write.allows() => {
            Judgement::MayWrite(&catalogue.writers)
        }
        read => read,
    };
    [(Access::Read, read), (Access::Write, write)]
}

fn by_rule<'a>(groups: &Groups, who: &'a Who) -> Judgement<'a> {
    match (who, groups) {
        (Who::Everyone(_), _) => Judgement::Everyone,
        (Who::Groups(named), _) if named.is_empty() => Judgement::Nobody,
        (Who::Groups(_), Groups::Overage) => Judgement::Overage,
        (Who::Groups(named), Groups::InRoles(_)) => Judgement::GroupsInRoles(named),
        (Who::Groups(named), Groups::Listed(own)) if named.iter().any(|group| own.contains(group)) => {
            Judgement::InGroup(named)
        }
        (Who::Groups(named), Groups::Listed(_)) => Judgement::NotInGroup(named),
    }
}
