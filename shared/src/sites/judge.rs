//! What one rule says about one person. [`decide`](super::decide) and [`explain`](super::explain) both build on this, so
//! that an explanation can never tell another story than the decision.

use super::{Access, Catalogue, Who};
use crate::{
    entra::{Groups, VerifiedSubject},
    identifiers::GroupId,
};

/// What a catalogue's rules say about a person and one kind of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement<'a> {
    /// The rule lets in everybody who signs in.
    Everyone,
    /// The person is in at least one of these groups.
    Among(&'a [GroupId]),
    /// The person may write, for this reason of the rule's, and therefore read.
    MayWrite(&'a Who),
    /// The person is in none of these groups.
    NotAmong(&'a [GroupId]),
    /// The rule names nobody.
    Nobody,
    /// The rule speaks of groups, and the token does not list the person's.
    Overage,
}

impl Judgement<'_> {
    /// Whether the access is open.
    pub(super) fn allows(self) -> bool {
        matches!(self, Self::Everyone | Self::Among(_) | Self::MayWrite(_))
    }
}

/// Judges reading and writing of `catalogue` by `subject`.
pub(super) fn judge<'a>(subject: &VerifiedSubject, catalogue: &'a Catalogue) -> [(Access, Judgement<'a>); 2] {
    let write = by_rule(subject, &catalogue.writers);
    let read = match by_rule(subject, &catalogue.readers) {
        Judgement::NotAmong(_) | Judgement::Nobody if write.allows() => {
            Judgement::MayWrite(&catalogue.writers)
        }
        read => read,
    };
    [(Access::Read, read), (Access::Write, write)]
}

fn by_rule<'a>(subject: &VerifiedSubject, who: &'a Who) -> Judgement<'a> {
    match (who, subject.groups()) {
        (Who::Everyone(_), _) => Judgement::Everyone,
        (Who::Groups(named), _) if named.is_empty() => Judgement::Nobody,
        (Who::Groups(_), Groups::Overage) => Judgement::Overage,
        (Who::Groups(named), Groups::Listed(own)) if named.iter().any(|group| own.contains(group)) => {
            Judgement::Among(named)
        }
        (Who::Groups(named), Groups::Listed(_)) => Judgement::NotAmong(named),
    }
}
