//! The explanation of a decision: what a person may do with each catalogue of a site, and why. Pure, and built on the same
//! judgement as the decision.

use super::{
    Access, Because, Catalogue, CatalogueId, Site,
    judge::{ByRule, Judged, judge_all},
};
use crate::{entra::Groups, identifiers::GroupId};

/// The explanation for one catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The catalogue's id.
    pub catalogue: CatalogueId,
    /// The title that people see.
    pub title: String,
    /// Whether it may be read.
    pub read: Verdict,
    /// Whether it may be written.
    pub write: Verdict,
    /// Whether it may be downloaded, if the site file has a rule for that; otherwise every reader may.
    pub download: Option<Verdict>,
}

/// Whether a person may read, write or download a catalogue, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    access: Access,
    because: Because,
}

/// Explains what [`decide`](super::decide) grants a person with `groups` at `site` for a request without a scope: a
/// permission is granted exactly if its verdict allows it.
pub fn explain(groups: &Groups, site: &Site) -> Vec<Explained> {
    let verdict = |access, because: ByRule<'_>| Verdict { access, because: of_person(groups, because) };
    let explained = |(catalogue, judged): (&Catalogue, Judged<'_>)| Explained {
        catalogue: catalogue.id.clone(),
        title: catalogue.title.clone(),
        read: verdict(Access::Read, judged.read),
        write: verdict(Access::Write, judged.write),
        download: judged.download.map(|because| verdict(Access::Download, because)),
    };
    judge_all(groups, site).map(explained).collect()
}

/// Returns the reason with the groups that a person with `groups` is in, or with all groups of the rule if that is none.
fn of_person(groups: &Groups, because: ByRule<'_>) -> Because {
    let own_of = |named: &[GroupId]| match groups {
        Groups::Listed(own) => named.iter().copied().filter(|group| own.contains(group)).collect(),
        Groups::Overage | Groups::InRoles(_) => Vec::new(),
    };
    match because {
        Because::Everyone => Because::Everyone,
        Because::Group(named) => Because::Group(own_of(named)),
        Because::MayWrite(named) => Because::MayWrite(own_of(named)),
        Because::NotInGroup(named) => Because::NotInGroup(named.to_vec()),
        Because::GroupsInRoles(named) => Because::GroupsInRoles(named.to_vec()),
        Because::Nobody => Because::Nobody,
        Because::MayNotRead => Because::MayNotRead,
        Because::Overage => Because::Overage,
    }
}

impl Verdict {
    /// Whether the person has the access.
    pub fn is_allowed(&self) -> bool {
        self.because.allows()
    }

    /// Returns the reason.
    pub fn because(&self) -> &Because {
        &self.because
    }

    /// Returns one sentence that an administrator can act on. It names no groups; [`Because::groups`] returns them.
    pub fn sentence(&self) -> &'static str {
        match (&self.because, self.access) {
            (Because::Everyone, Access::Read) => "Everyone who signs in may read this, guests included.",
            (Because::Everyone, Access::Download) => "Everyone who may read this may download it.",
            (Because::Everyone, Access::Write) => "Everyone who signs in may write this, guests included.",
            (Because::Group(_), Access::Read) => "The person is in a group that may read this.",
            (Because::Group(_), Access::Download) => "The person is in a group that may download this.",
            (Because::Group(_), Access::Write) => "The person is in a group that may write this.",
            (Because::MayWrite(_), _) => "The person may write this, and anyone who may write may also read.",
            (Because::NotInGroup(_), Access::Read) => {
                "The token lists none of the groups that may read this; add the person to one of them in Entra, and check that Token configuration emits group IDs."
            }
            (Because::NotInGroup(_), Access::Download) => {
                "The token lists none of the groups that may download this; if the person should, add them to one of these groups in Entra."
            }
            (Because::NotInGroup(_), Access::Write) => {
                "The token lists none of the groups that may write this; if the person should, add them to one of these groups in Entra."
            }
            (Because::GroupsInRoles(_), _) => {
                "The token lists the person's groups only as roles, which do not count at this site; emit them as groups in the app registration's Token configuration, or set groups_as_roles = true in the site file."
            }
            (Because::Nobody, Access::Read) => {
                "Nobody may read this, because its list of readers in the site file is empty; add a group to it."
            }
            (Because::Nobody, Access::Download) => {
                "Nobody may download this, because its list for downloads in the site file is empty; if somebody should, add one of their groups to it."
            }
            (Because::MayNotRead, _) => {
                "The person may not read this, and only those who may read may download; add the person to a group that may read it."
            }
            (Because::Nobody, Access::Write) => {
                "Nobody may write this, because its list of writers in the site file is empty; if somebody should, add one of their groups to it."
            }
            (Because::Overage, _) => {
                "The person is in more groups than a token can list, so without a Graph token as well they get no access to this site; otherwise, in the app registration's Token configuration, emit only the groups assigned to the application, and assign each group that counts, because Entra leaves out nested groups then."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::{
        Who,
        site::testing::{EDITORS, PLANNERS, site},
    };

    fn explained(groups: &Groups, site: &Site) -> Vec<[(Because, bool); 2]> {
        let verdict = |verdict: Verdict| (verdict.because.clone(), verdict.is_allowed());
        explain(groups, site).into_iter().map(|one| [verdict(one.read), verdict(one.write)]).collect()
    }

    fn groups(names: &[&str]) -> Vec<GroupId> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn listed(names: &[&str]) -> Groups {
        Groups::Listed(groups(names).into_iter().collect())
    }

    #[test]
    fn explains_every_reason_with_its_groups() {
        use Because as B;
        let parks = [(B::Everyone, true), (B::Nobody, false)];
        let (planners, editors) = (groups(&[PLANNERS]), groups(&[EDITORS]));
        for (own, read, write) in [
            (vec![], (B::NotInGroup(planners.clone()), false), (B::NotInGroup(editors.clone()), false)),
            (vec![PLANNERS], (B::Group(planners.clone()), true), (B::NotInGroup(editors.clone()), false)),
            (vec![EDITORS], (B::MayWrite(editors.clone()), true), (B::Group(editors.clone()), true)),
            (vec![EDITORS, PLANNERS], (B::Group(planners), true), (B::Group(editors), true)),
        ] {
            assert_eq!(explained(&listed(&own), &site()), [[read, write], parks.clone()], "{own:?}");
        }
    }

    #[test]
    fn a_reason_has_a_code_and_the_groups_that_it_is_about() {
        let planners = groups(&[PLANNERS]);
        for (because, code) in [
            (Because::Group(planners.clone()), "group"),
            (Because::MayWrite(planners.clone()), "may_write"),
            (Because::NotInGroup(planners.clone()), "not_in_group"),
            (Because::GroupsInRoles(planners.clone()), "groups_in_roles"),
        ] {
            assert_eq!((because.name(), because.groups()), (code, &planners[..]));
        }
        for (because, code) in
            [(Because::Everyone, "everyone"), (Because::Nobody, "nobody"), (Because::Overage, "overage")]
        {
            assert_eq!((because.name(), because.groups()), (code, &[][..]));
        }
    }

    #[test]
    fn lists_only_the_persons_own_groups_as_matching() {
        let mut site = site();
        site.catalogues[0].readers = Who::Groups(groups(&[EDITORS, PLANNERS]));
        let read = explained(&listed(&[PLANNERS]), &site)[0][0].clone();
        assert_eq!(read, (Because::Group(groups(&[PLANNERS])), true));
    }

    #[test]
    fn an_overage_denies_even_what_everyone_may_read() {
        let overage = (Because::Overage, false);
        let nobody = (Because::Nobody, false);
        let all = [[overage.clone(), overage.clone()], [overage.clone(), nobody.clone()]];
        assert_eq!(explained(&Groups::Overage, &site()), all);
        let mut site = site();
        site.catalogues.remove(0);
        assert_eq!(explained(&Groups::Overage, &site), [[(Because::Everyone, true), nobody]]);
    }

    #[test]
    fn groups_in_roles_match_no_group_and_leave_what_everyone_may() {
        let parks = [(Because::Everyone, true), (Because::Nobody, false)];
        let planning = [PLANNERS, EDITORS].map(|group| (Because::GroupsInRoles(groups(&[group])), false));
        assert_eq!(explained(&Groups::InRoles(2), &site()), [planning, parks]);
        let mut site = site();
        site.catalogues[0].writers = Who::Everyone(crate::sites::document::Everyone::SignedIn);
        let read = explained(&Groups::InRoles(2), &site)[0][0].clone();
        assert_eq!(read, (Because::MayWrite(vec![]), true));
    }

    #[test]
    fn every_verdict_has_a_sentence() {
        let reasons = [
            Because::Everyone,
            Because::Group(vec![]),
            Because::MayWrite(vec![]),
            Because::NotInGroup(vec![]),
            Because::GroupsInRoles(vec![]),
            Because::Nobody,
            Because::MayNotRead,
            Because::Overage,
        ];
        for because in reasons {
            for access in [Access::Download, Access::Read, Access::Write] {
                let verdict = Verdict { access, because: because.clone() };
                let sentence = verdict.sentence();
                assert!(sentence.ends_with('.') && !sentence.contains(". "), "{sentence}");
            }
        }
    }
}
