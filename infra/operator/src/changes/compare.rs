//! The comparison of two sides of a change, by asking what a few people may do on each. The module above says why these few
//! are enough.

use std::collections::{BTreeMap, BTreeSet};

use pozi_auth::{
    entra::Groups,
    identifiers::GroupId,
    sites::{Access, Catalogue, Permission, Site, allowed},
};

use super::people::{Difference, Part, People};
use crate::group_names::GroupNames;

type Permissions = BTreeSet<Permission>;

/// Returns who may do what on the side `to` that they may not do on the side `from`. Both are [made](Side::of) for the same
/// groups.
pub(super) fn differences(from: &Side, to: &Side, names: &GroupNames) -> Vec<Difference> {
    let mut gained = BTreeMap::<Example, Vec<Permission>>::new();
    for permission in to.all() {
        for example in examples(from, to, &permission) {
            gained.entry(example).or_default().push(permission.clone());
        }
    }
    let mut alike = BTreeMap::<(Kind, Vec<Permission>), Vec<GroupId>>::new();
    for (Example { kind, group }, permissions) in gained {
        alike.entry((kind, permissions)).or_default().extend(group);
    }
    let difference = |((kind, permissions), groups): ((Kind, _), Vec<_>)| {
        let permissions = parts(kind, permissions, from, names);
        Difference { people: people(kind, &groups, names), permissions }
    };
    alike.into_iter().map(difference).collect()
}

/// The smallest example of people who gain: a kind of person, and the only group if it is one with a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Example {
    kind: Kind,
    group: Option<GroupId>,
}

/// The order is that in which people are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Everyone { overage: bool },
    OnlyIn,
    OnlyInByRole,
    Overage,
}

/// What each of the people who are asked about may do at a site.
pub(super) struct Side {
    in_no_group: Permissions,
    only_in: BTreeMap<GroupId, Permissions>,
    only_in_by_role: BTreeMap<GroupId, Permissions>,
    overage: Permissions,
}

impl Side {
    /// Asks what people may do at `site` with each of `groups`, which are all groups of both sides; without a site, nothing.
    pub(super) fn of(site: Option<&Site>, groups: &BTreeSet<GroupId>) -> Self {
        let may = |groups: &Groups| -> Permissions {
            let scope = site.and_then(|site| allowed(groups, site).ok());
            let permissions = scope.iter().flat_map(|scope| scope.permissions().cloned());
            // A download takes two rules, and is compared as a setting.
            permissions.filter(|permission| permission.access != Access::Download).collect()
        };
        let listed = |group: GroupId| Groups::Listed(BTreeSet::from([group]));
        let counts_roles = site.is_some_and(|site| site.expected.groups_as_roles);
        let by_role = |group| if counts_roles { listed(group) } else { Groups::InRoles(1) };
        Self {
            in_no_group: may(&Groups::Listed(BTreeSet::new())),
            only_in: groups.iter().map(|group| (*group, may(&listed(*group)))).collect(),
            only_in_by_role: groups.iter().map(|group| (*group, may(&by_role(*group)))).collect(),
            overage: may(&Groups::Overage),
        }
    }

    /// Returns what anybody may do. Nobody may do more by an overage, or by groups in roles, than by listed groups.
    fn all(&self) -> Permissions {
        self.only_in.values().chain([&self.in_no_group]).flatten().cloned().collect()
    }

    fn groups_with(&self, permission: &Permission) -> Vec<GroupId> {
        let groups = self.only_in.iter().filter(|(_, may)| may.contains(permission));
        groups.map(|(group, _)| *group).collect()
    }
}

/// Returns the smallest examples of people who gain `permission`.
fn examples(from: &Side, to: &Side, permission: &Permission) -> Vec<Example> {
    let gains = |from: &Permissions, to: &Permissions| !from.contains(permission) && to.contains(permission);
    let overage = gains(&from.overage, &to.overage);
    if gains(&from.in_no_group, &to.in_no_group) {
        return vec![Example { kind: Kind::Everyone { overage }, group: None }];
    }
    let mut found = Vec::new();
    for (&group, may) in &to.only_in {
        if gains(&from.only_in[&group], may) {
            found.push(Example { kind: Kind::OnlyIn, group: Some(group) });
        } else if gains(&from.only_in_by_role[&group], &to.only_in_by_role[&group]) {
            found.push(Example { kind: Kind::OnlyInByRole, group: Some(group) });
        }
    }
    found.extend(overage.then_some(Example { kind: Kind::Overage, group: None }));
    found
}

fn people(kind: Kind, groups: &[GroupId], names: &GroupNames) -> People {
    let groups = groups.iter().map(|group| names.named(*group)).collect();
    match kind {
        Kind::Everyone { overage } => People::Everyone { overage },
        Kind::OnlyIn => People::OnlyIn { groups },
        Kind::OnlyInByRole => People::OnlyInByRole { groups },
        Kind::Overage => People::Overage,
    }
}

fn parts(kind: Kind, permissions: Vec<Permission>, from: &Side, names: &GroupNames) -> Vec<Part> {
    let part = |permission| {
        let unless_in = match kind {
            Kind::Everyone { .. } | Kind::OnlyIn => from.groups_with(&permission),
            // None of these people's groups counted before, so that none of them gave the permission.
            Kind::OnlyInByRole | Kind::Overage => Vec::new(),
        };
        let unless_in = unless_in.into_iter().map(|group| names.named(group)).collect();
        Part { permission, unless_in }
    };
    permissions.into_iter().map(part).collect()
}

/// Returns the groups that the rules of `site` name.
pub(super) fn named_groups(site: &Site) -> impl Iterator<Item = GroupId> {
    site.catalogues.iter().flat_map(Catalogue::groups)
}
