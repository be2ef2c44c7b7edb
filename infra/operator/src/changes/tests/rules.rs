//! Any rules of a site, made of bits so that ten thousand changes take seconds.

use std::sync::LazyLock;

use pozi_auth::{
    identifiers::GroupId,
    sites::{Catalogue, Download, Site, Who},
};
use proptest::prelude::*;

use super::{DOCUMENT, site};

/// The groups that rules name.
pub(super) const GROUPS: u8 = 6;

/// A group that no rule names.
pub(super) const STRANGERS: Bits = 1 << GROUPS;

const CATALOGUES: usize = 4;

/// A set of groups or of permissions: a bit each.
pub(super) type Bits = u8;

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

pub(super) fn ids(groups: Bits) -> impl Iterator<Item = GroupId> {
    (0..=GROUPS).filter(move |group| groups & 1 << group != 0).map(|group| GROUP_IDS[usize::from(group)])
}

pub(super) fn bit(group: GroupId) -> Bits {
    1 << GROUP_IDS.iter().position(|id| *id == group).unwrap()
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
pub(super) fn change() -> impl Strategy<Value = [Option<Rules>; 2]> {
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
