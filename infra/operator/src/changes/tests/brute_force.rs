//! A report must say of every kind of person exactly what they gain and lose. Compared with asking the product's judgement
//! about everyone: every subset of at most six groups as a list, every one as roles, and an overage.

use pozi_auth::{
    entra::Groups,
    sites::{Access, Catalogue, Permission, Site, allowed},
};
use proptest::prelude::*;

use super::{
    assert_says_nothing_twice,
    rules::{Bits, GROUPS, STRANGERS, bit, change, ids},
};
use crate::changes::{
    Changes, GroupNames, changes,
    people::{Difference, Part, People},
};
use crate::group_names::NamedGroup;

fn bits(groups: &[NamedGroup]) -> Bits {
    groups.iter().map(|group| bit(group.id)).fold(0, |all, bit| all | bit)
}

fn permission_bit(permission: &Permission) -> Bits {
    assert_ne!(permission.access, Access::Download, "downloads are settings");
    let catalogue: u8 = permission.catalogue.as_str()[1..].parse().unwrap();
    1 << (2 * catalogue + u8::from(permission.access == Access::Write))
}

#[derive(Debug, Clone, Copy)]
enum Person {
    Listed(Bits),
    ByRole(Bits),
    Overage,
}

/// Returns every set of groups that the rules of `sites` can tell apart, and a group that they do not name.
fn sets_of_groups(sites: [Option<&Site>; 2]) -> Vec<Bits> {
    let catalogues = sites.into_iter().flatten().flat_map(|site| &site.catalogues);
    let named = catalogues.flat_map(Catalogue::groups).fold(0, |all, group| all | bit(group));
    (0..1 << GROUPS).filter(|set| set & named == *set).chain([STRANGERS]).collect()
}

/// Returns people with each of these sets.
fn everybody(sets: &[Bits]) -> impl Iterator<Item = Person> {
    // Without any id in `roles`, a token without `groups` lists none.
    let by_role = sets.iter().filter(|set| **set != 0).copied().map(Person::ByRole);
    sets.iter().copied().map(Person::Listed).chain(by_role).chain([Person::Overage])
}

/// What the product allows somebody.
#[derive(Clone, Copy, Default)]
struct Allowed {
    /// To read and to write.
    permissions: Bits,
    /// The catalogues that they may download, a bit each: by a rule for that, or as a reader where there is none.
    downloads: Bits,
}

/// A site and what the product allows everybody there.
struct Side {
    counts_roles: bool,
    /// By set of groups.
    listed: [Allowed; 2 << GROUPS],
    in_roles: Allowed,
    overage: Allowed,
}

impl Side {
    fn of(site: Option<&Site>, sets: &[Bits]) -> Self {
        let may = |groups: Groups| {
            let Some((site, scope)) = site.and_then(|site| Some((site, allowed(&groups, site).ok()?))) else {
                return Allowed::default();
            };
            let rules = scope.permissions().filter(|permission| permission.access != Access::Download);
            let downloads =
                site.catalogues.iter().filter(|one| scope.allows(&one.id, one.access_to_download()));
            let number = |catalogue: &Catalogue| catalogue.id.as_str()[1..].parse::<u8>().unwrap();
            Allowed {
                permissions: rules.map(permission_bit).sum(),
                downloads: downloads.map(|catalogue| 1 << number(catalogue)).sum(),
            }
        };
        let mut listed = [Allowed::default(); 2 << GROUPS];
        for set in sets {
            listed[usize::from(*set)] = may(Groups::Listed(ids(*set).collect()));
        }
        Self {
            counts_roles: site.is_some_and(|site| site.expected.groups_as_roles),
            listed,
            in_roles: may(Groups::InRoles(2)),
            overage: may(Groups::Overage),
        }
    }

    /// Returns the groups of `person` that count here.
    fn counted(&self, person: Person) -> Bits {
        match person {
            Person::Listed(groups) => groups,
            Person::ByRole(groups) if self.counts_roles => groups,
            Person::ByRole(_) | Person::Overage => 0,
        }
    }

    /// Returns what `person` may do here.
    fn may(&self, person: Person) -> Allowed {
        match person {
            Person::Listed(groups) => self.listed[usize::from(groups)],
            Person::ByRole(groups) if self.counts_roles => self.listed[usize::from(groups)],
            Person::ByRole(_) => self.in_roles,
            Person::Overage => self.overage,
        }
    }
}

/// A permission of a difference, in bits.
struct Said<'a> {
    people: &'a People,
    groups: Bits,
    unless: Bits,
    permission: Bits,
}

fn said(differences: &[Difference]) -> Vec<Said<'_>> {
    let mut said = Vec::new();
    for Difference { people, permissions } in differences {
        let groups = match people {
            People::OnlyIn { groups } | People::OnlyInByRole { groups } => bits(groups),
            People::Everyone { .. } | People::Overage => 0,
        };
        said.extend(permissions.iter().map(|Part { permission, unless_in }| Said {
            people,
            groups,
            unless: bits(unless_in),
            permission: permission_bit(permission),
        }));
    }
    said
}

/// Returns what is `said` that `person` gains, when the site `from` becomes `to`.
fn gained(said: &[Said<'_>], person: Person, from: &Side, to: &Side) -> Bits {
    let (before, after) = (from.counted(person), to.counted(person));
    let applies = |said: &&Said<'_>| match (said.people, person) {
        (People::Everyone { overage }, Person::Overage) => *overage,
        (People::Overage, _) => matches!(person, Person::Overage),
        (_, Person::Overage) | (People::OnlyInByRole { .. }, Person::Listed(_)) => false,
        (People::Everyone { .. }, _) => said.unless & before == 0,
        (People::OnlyIn { .. }, _) => said.unless & before == 0 && said.groups & after != 0,
        (People::OnlyInByRole { .. }, Person::ByRole(own)) => said.groups & own != 0,
    };
    said.iter().filter(applies).fold(0, |all, said| all | said.permission)
}

/// Checks the report of a change against everybody, and returns it with whether anybody gains and whether anybody loses.
pub(super) fn checked(before: Option<&Site>, after: Option<&Site>) -> (Changes, bool, bool) {
    let found = changes(before, after, &GroupNames::default());
    let sets = sets_of_groups([before, after]);
    let [before, after, nowhere] = [before, after, None].map(|site| Side::of(site, &sets));
    // After a move to another tenant, those who gain are other people than those who lose.
    let (earlier, later) = if found.other_tenant { (&nowhere, &nowhere) } else { (&before, &after) };
    let (said_gains, said_losses) = (said(&found.gains), said(&found.losses));
    let (mut gains, mut losses) = (false, false);
    for person in everybody(&sets) {
        let gain = after.may(person).permissions & !earlier.may(person).permissions;
        let loss = before.may(person).permissions & !later.may(person).permissions;
        let download = after.may(person).downloads & !earlier.may(person).downloads;
        assert!(download == 0 || found.is_wider(), "{person:?} gains a download\n{found}");
        assert_eq!(gained(&said_gains, person, earlier, &after), gain, "gains of {person:?}\n{found}");
        assert_eq!(gained(&said_losses, person, later, &before), loss, "losses of {person:?}\n{found}");
        gains |= gain != 0;
        losses |= loss != 0;
    }
    assert_eq!((found.gains.is_empty(), found.losses.is_empty()), (!gains, !losses), "{found}");
    assert!(found.is_wider() || !gains, "{found}");
    let is_overage_alone = found.losses.iter().any(|one| one.people == People::Overage);
    assert!(!is_overage_alone || after.overage.permissions == 0, "they lose everything:\n{found}");
    assert_says_nothing_twice(&found.gains);
    assert_says_nothing_twice(&found.losses);
    (found, gains, losses)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn a_report_says_of_everybody_exactly_what_they_gain_and_lose(change in change()) {
        let [before, after] = change.map(|rules| rules.map(|rules| rules.site()));
        checked(before.as_ref(), after.as_ref());
    }
}
