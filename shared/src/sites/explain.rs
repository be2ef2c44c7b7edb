//! The explanation of a decision: for every catalogue of a site, what a verified subject may do with it, and why. Pure,
//! and built on the same judgement as the decision.

use super::{
    Access, Catalogue, CatalogueId, Site, Who,
    judge::{Judgement, judge},
};
use crate::{
    entra::{Groups, VerifiedSubject},
    identifiers::GroupId,
};

/// One catalogue, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The catalogue's id.
    pub catalogue: CatalogueId,
    /// What people call it.
    pub title: String,
    /// Whether it may be read.
    pub read: Verdict,
    /// Whether it may be written.
    pub write: Verdict,
}

/// Whether an access is open to a person, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    access: Access,
    because: Because,
}

/// The reason of a [`Verdict`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Because {
    /// The rule is `"everyone-signed-in"`.
    Everyone,
    /// The person is in these groups of the rule's.
    Group(Vec<GroupId>),
    /// The person may write, being in these groups of that rule's, and who may write may read. No groups where everyone
    /// may write.
    MayWrite(Vec<GroupId>),
    /// The person is in none of these groups, which are all that the rule names.
    NotInGroup(Vec<GroupId>),
    /// The rule is an empty list.
    Nobody,
    /// A rule of the site speaks of groups and the token does not list the person's, so that nothing is granted at all.
    Overage,
}

/// Explains what [`decide`](super::decide) grants `subject` at `site` when it asks for all that it may have: a permission
/// is granted exactly where its verdict allows it.
pub fn explain(subject: &VerifiedSubject, site: &Site) -> Vec<Explained> {
    let judged = |catalogue| judge(subject, catalogue).map(|(_, judgement)| judgement);
    let overage = site.catalogues.iter().flat_map(judged).any(|judgement| judgement == Judgement::Overage);
    let explained = |catalogue: &Catalogue| {
        let [read, write] = judge(subject, catalogue).map(|(access, judgement)| {
            let hidden = overage && judgement.allows();
            let because = if hidden { Because::Overage } else { because(subject, judgement) };
            Verdict { access, because }
        });
        Explained { catalogue: catalogue.id.clone(), title: catalogue.title.clone(), read, write }
    };
    site.catalogues.iter().map(explained).collect()
}

fn because(subject: &VerifiedSubject, judgement: Judgement<'_>) -> Because {
    let own_of = |named: &[GroupId]| match subject.groups() {
        Groups::Listed(own) => named.iter().copied().filter(|group| own.contains(group)).collect(),
        Groups::Overage => Vec::new(),
    };
    match judgement {
        Judgement::Everyone => Because::Everyone,
        Judgement::Among(named) => Because::Group(own_of(named)),
        Judgement::MayWrite(Who::Everyone(_)) => Because::MayWrite(Vec::new()),
        Judgement::MayWrite(Who::Groups(named)) => Because::MayWrite(own_of(named)),
        Judgement::NotAmong(named) => Because::NotInGroup(named.to_vec()),
        Judgement::Nobody => Because::Nobody,
        Judgement::Overage => Because::Overage,
    }
}

impl Verdict {
    /// Whether the access is open.
    pub fn is_allowed(&self) -> bool {
        matches!(self.because, Because::Everyone | Because::Group(_) | Because::MayWrite(_))
    }

    /// The reason.
    pub fn because(&self) -> &Because {
        &self.because
    }

    /// One sentence that an administrator can act on. It names no group: [`Because::groups`] are those that it is about.
    pub fn sentence(&self) -> &'static str {
        match (&self.because, self.access) {
            (Because::Everyone, Access::Read) => "Everyone who signs in may read this, guests included.",
            (Because::Everyone, Access::Write) => "Everyone who signs in may write this, guests included.",
            (Because::Group(_), Access::Read) => "The person is in a group that may read this.",
            (Because::Group(_), Access::Write) => "The person is in a group that may write this.",
            (Because::MayWrite(_), _) => "The person may write this, and who may write may read.",
            (Because::NotInGroup(_), Access::Read) => {
                "The token names none of the groups that may read this; add the person to one of them in Entra, and check that Token configuration emits group IDs."
            }
            (Because::NotInGroup(_), Access::Write) => {
                "The token names none of the groups that may write this; if the person should, add them to one of these groups in Entra."
            }
            (Because::Nobody, Access::Read) => {
                "The site's list of who may read this is empty, which means nobody; name a group there."
            }
            (Because::Nobody, Access::Write) => {
                "The site's list of who may write this is empty, which means nobody; if somebody should, name a group of theirs there."
            }
            (Because::Overage, _) => {
                "The person is in more groups than a token can list, so nothing of this site is opened; in the app registration's Token configuration emit only the groups assigned to the application."
            }
        }
    }
}

impl Because {
    /// The reason as a word. Stable.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Everyone => "everyone",
            Self::Group(_) => "group",
            Self::MayWrite(_) => "may_write",
            Self::NotInGroup(_) => "not_in_group",
            Self::Nobody => "nobody",
            Self::Overage => "overage",
        }
    }

    /// The groups that the reason is about; empty where it is about none.
    pub fn groups(&self) -> &[GroupId] {
        match self {
            Self::Group(groups) | Self::MayWrite(groups) | Self::NotInGroup(groups) => groups,
            Self::Everyone | Self::Nobody | Self::Overage => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entra::testing::subject,
        sites::site::testing::{EDITORS, PLANNERS, site},
        timestamp::Timestamp,
    };

    fn explained(groups: Groups, site: &Site) -> Vec<[(Because, bool); 2]> {
        let subject = subject(groups, Timestamp::from_unix_seconds(1));
        let verdict = |verdict: Verdict| (verdict.because.clone(), verdict.is_allowed());
        explain(&subject, site).into_iter().map(|one| [verdict(one.read), verdict(one.write)]).collect()
    }

    fn groups(names: &[&str]) -> Vec<GroupId> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn listed(names: &[&str]) -> Groups {
        Groups::Listed(groups(names).into_iter().collect())
    }

    #[test]
    fn every_reason_is_told_with_the_groups_that_it_is_about() {
        use Because as B;
        let parks = [(B::Everyone, true), (B::Nobody, false)];
        let (planners, editors) = (groups(&[PLANNERS]), groups(&[EDITORS]));
        for (own, read, write) in [
            (vec![], (B::NotInGroup(planners.clone()), false), (B::NotInGroup(editors.clone()), false)),
            (vec![PLANNERS], (B::Group(planners.clone()), true), (B::NotInGroup(editors.clone()), false)),
            (vec![EDITORS], (B::MayWrite(editors.clone()), true), (B::Group(editors.clone()), true)),
            (vec![EDITORS, PLANNERS], (B::Group(planners), true), (B::Group(editors), true)),
        ] {
            assert_eq!(explained(listed(&own), &site()), [[read, write], parks.clone()], "{own:?}");
        }
    }

    #[test]
    fn only_the_persons_own_groups_are_told_to_have_matched() {
        let mut site = site();
        site.catalogues[0].readers = Who::Groups(groups(&[EDITORS, PLANNERS]));
        let read = explained(listed(&[PLANNERS]), &site)[0][0].clone();
        assert_eq!(read, (Because::Group(groups(&[PLANNERS])), true));
    }

    #[test]
    fn an_overage_closes_what_is_open_to_everyone_too_since_nothing_is_granted() {
        let overage = (Because::Overage, false);
        let nobody = (Because::Nobody, false);
        let all = [[overage.clone(), overage.clone()], [overage.clone(), nobody.clone()]];
        assert_eq!(explained(Groups::Overage, &site()), all);
        let mut site = site();
        site.catalogues.remove(0);
        assert_eq!(explained(Groups::Overage, &site), [[(Because::Everyone, true), nobody]]);
    }

    #[test]
    fn every_verdict_has_a_sentence() {
        let reasons = [
            Because::Everyone,
            Because::Group(vec![]),
            Because::MayWrite(vec![]),
            Because::NotInGroup(vec![]),
            Because::Nobody,
            Because::Overage,
        ];
        for because in reasons {
            for access in [Access::Read, Access::Write] {
                let verdict = Verdict { access, because: because.clone() };
                let sentence = verdict.sentence();
                assert!(sentence.ends_with('.') && !sentence.contains(". "), "{sentence}");
            }
        }
    }
}
