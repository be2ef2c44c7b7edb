//! A report must say of every kind of person exactly what they gain and lose. Compared with asking the product's judgement
//! about everyone: every subset of at most six groups as a list, every one as roles, and an overage.

use std::sync::LazyLock;

use pozi_auth::{
    entra::Groups,
    identifiers::GroupId,
    sites::{Access, Catalogue, Download, Permission, Site, Who, allowed},
};
use proptest::prelude::*;

use super::{DOCUMENT, assert_says_nothing_twice, site};
use crate::changes::{
    Changes, GroupNames, changes,
    people::{Difference, Part, People},
};
use crate::group_names::NamedGroup;

/// The groups that rules name.
const GROUPS: u8 = 6;

/// A group that no rule names.
const STRANGERS: Bits = 1 << GROUPS;

const CATALOGUES: usize = 4;

/// A set of groups or of permissions: a bit each.
type Bits = u8;

/// Who may read or write: `None` is everyone.
pub(super) type Rule = Option<Bits>;

/// Who of the readers may download: `None` is all of them.
pub(super) type DownloadRule = Option<Bits>;

/// The rules of a site: of each catalogue that exists, who may read and who may write; and who may download it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) catalogues: [Option<[Rule; 2]>; CATALOGUES],
    pub(super) downloads: [DownloadRule; CATALOGUES],
    pub(super) groups_as_roles: bool,
    pub(super) is_moved: bool,
}

static TEMPLATE: LazyLock<Site> = LazyLock::new(|| site(DOCUMENT));
static EVERYONE: LazyLock<Who> = LazyLock::new(|| {
    let open = DOCUMENT
        .replace("read = [\"e098abcd-8f18-43ca-b18e-0ef34b3eae31\"]", "read = \"everyone-signed-in\"");
    site(&open).catalogues[2].readers.clone()
});
static GROUP_IDS: LazyLock<Vec<GroupId>> = LazyLock::new(|| {
    let id = |group| format!("00000000-0000-4000-8000-00000000000{group}").parse().unwrap();
    (0..=GROUPS).map(id).collect()
});

fn ids(groups: Bits) -> impl Iterator<Item = GroupId> {
    (0..=GROUPS).filter(move |group| groups & 1 << group != 0).map(|group| GROUP_IDS[usize::from(group)])
}

fn bit(group: GroupId) -> Bits {
    1 << GROUP_IDS.iter().position(|id| *id == group).unwrap()
}

fn bits(groups: &[NamedGroup]) -> Bits {
    groups.iter().map(|group| bit(group.id)).fold(0, |all, bit| all | bit)
}

fn permission_bit(permission: &Permission) -> Bits {
    assert_ne!(permission.access, Access::Download, "downloads are settings");
    let catalogue: u8 = permission.catalogue.as_str()[1..].parse().unwrap();
    1 << (2 * catalogue + u8::from(permission.access == Access::Write))
}

impl Rules {
    /// Returns these rules with only the first `groups`.
    fn among(mut self, groups: u8) -> Self {
        let catalogues = self.catalogues.iter_mut().flatten().flatten().flatten();
        for rule in catalogues.chain(self.downloads.iter_mut().flatten()) {
            *rule &= (1 << groups) - 1;
        }
        self
    }

    pub(super) fn site(&self) -> Site {
        let mut site = TEMPLATE.clone();
        let template = site.catalogues.remove(0);
        let who =
            |rule: Rule| rule.map_or_else(|| EVERYONE.clone(), |groups| Who::Groups(ids(groups).collect()));
        let catalogue = |(index, rules): (usize, &Option<[Rule; 2]>)| {
            let [readers, writers] = (*rules)?.map(who);
            let download = self.downloads[index]
                .map_or(Download::Readers, |groups| Download::Groups(ids(groups).collect()));
            let id = format!("c{index}").parse().unwrap();
            Some(Catalogue { id, readers, writers, download, ..template.clone() })
        };
        site.catalogues = self.catalogues.iter().enumerate().filter_map(catalogue).collect();
        site.expected.groups_as_roles = self.groups_as_roles;
        if self.is_moved {
            site.expected.tenant = "1c0a0f9d-3505-4176-bcd0-75bdde12fd00".parse().unwrap();
        }
        site
    }
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

/// Returns any rules. Each catalogue is decoded from a number, because a strategy for each rule would take most of the time.
pub(super) fn rules() -> impl Strategy<Value = Rules> {
    let downloads = prop::array::uniform4(any::<u16>());
    (prop::array::uniform4(any::<u32>()), downloads, any::<bool>(), 0..10u8).prop_map(
        |(codes, downloads, groups_as_roles, kind)| Rules {
            catalogues: codes.map(catalogue_rules),
            downloads: downloads.map(download_rule),
            groups_as_roles,
            is_moved: kind == 1,
        },
    )
}

fn catalogue_rules(code: u32) -> Option<[Rule; 2]> {
    let field = |from: u32, bits: u32| (code >> from).to_le_bytes()[0] & ((1 << bits) - 1);
    let rule = |groups: Bits, kind: u8| match kind {
        0 => Some(0),
        1 => None,
        _ => Some(groups),
    };
    // Few groups: where a rule names most of them, little can change.
    let readers = field(0, 6) & field(6, 6);
    let writers = field(12, 6) & field(18, 6);
    (field(30, 2) != 0).then(|| [rule(readers, field(24, 3)), rule(writers, field(27, 3))])
}

fn download_rule(code: u16) -> DownloadRule {
    let [groups, kind] = code.to_le_bytes();
    // Most catalogues have none.
    (kind < 80).then_some(groups & ((1 << GROUPS) - 1))
}

/// Two sites, some of whose catalogues have the same rules; or one.
fn change() -> impl Strategy<Value = [Option<Rules>; 2]> {
    (rules(), rules(), any::<u8>(), 0..20u8, 1..=GROUPS).prop_map(
        |(before, mut after, kept, kind, groups)| {
            for (index, earlier) in before.catalogues.into_iter().enumerate() {
                if kept >> index & 1 == 1 {
                    after.catalogues[index] = earlier;
                }
                if kept >> (index + CATALOGUES) & 1 == 1 {
                    after.downloads[index] = before.downloads[index];
                }
            }
            let sites = match kind {
                0 => [None, Some(after)],
                1 => [Some(before), None],
                _ => [Some(before), Some(after)],
            };
            sites.map(|rules| rules.map(|rules| rules.among(groups)))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn a_report_says_of_everybody_exactly_what_they_gain_and_lose(change in change()) {
        let [before, after] = change.map(|rules| rules.map(|rules| rules.site()));
        checked(before.as_ref(), after.as_ref());
    }
}
