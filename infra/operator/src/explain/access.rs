//! What the rules of a site open for a person, and why: the product's own judgement, with every group that a rule names.

use pozi_auth::{
    entra::Groups,
    identifiers::GroupId,
    sites::{self, Access, Catalogue, Download, Explained, Site, Verdict},
};
use serde::Serialize;

use crate::group_names::GroupNames;

/// What a person may do with a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CatalogueAccess {
    /// The catalogue's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Whether they may read it.
    pub read: RuleAccess,
    /// Whether they may write it.
    pub write: RuleAccess,
    /// Whether they may download it, if there is a rule for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download: Option<RuleAccess>,
}

/// The result of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct RuleAccess {
    /// Whether it opens the catalogue.
    pub opens: bool,
    /// The code of the reason.
    pub because: &'static str,
    /// The reason in a sentence.
    pub sentence: &'static str,
    /// The groups that the rule names, in its order.
    pub groups: Vec<NamedGroup>,
}

/// A group of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct NamedGroup {
    /// Its object id.
    pub id: GroupId,
    /// Its name in the site file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the person is in it.
    pub membership: Membership,
}

/// Whether a person is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Membership {
    /// They are.
    Has,
    /// They are not.
    Lacks,
    /// The token does not say.
    Unknown,
}

/// Returns what the rules of `site` open for a person with `groups`, in the order of the site file.
pub(super) fn by_rules(groups: &Groups, site: &Site, names: &GroupNames) -> Vec<CatalogueAccess> {
    let explained = sites::explain(groups, site);
    site.catalogues
        .iter()
        .zip(&explained)
        .map(|(catalogue, one)| of_catalogue(groups, catalogue, one, names))
        .collect()
}

fn of_catalogue(
    groups: &Groups,
    catalogue: &Catalogue,
    explained: &Explained,
    names: &GroupNames,
) -> CatalogueAccess {
    let rule = |verdict: &Verdict, of_rule: &[GroupId]| rule_access(groups, verdict, of_rule, names);
    let download = match &catalogue.download {
        Download::Readers => &[][..],
        Download::Groups(groups) => groups,
    };
    CatalogueAccess {
        id: explained.catalogue.as_str().to_owned(),
        title: explained.title.clone(),
        read: rule(&explained.read, catalogue.readers.groups()),
        write: rule(&explained.write, catalogue.writers.groups()),
        download: explained.download.as_ref().map(|verdict| rule(verdict, download)),
    }
}

fn rule_access(groups: &Groups, verdict: &Verdict, of_rule: &[GroupId], names: &GroupNames) -> RuleAccess {
    let group = |id: &GroupId| NamedGroup {
        id: *id,
        name: names.name_of(*id).map(str::to_owned),
        membership: membership(groups, *id),
    };
    RuleAccess {
        opens: verdict.is_allowed(),
        because: verdict.because().name(),
        sentence: verdict.sentence(),
        groups: of_rule.iter().map(group).collect(),
    }
}

fn membership(groups: &Groups, group: GroupId) -> Membership {
    match groups {
        Groups::Listed(own) if own.contains(&group) => Membership::Has,
        Groups::Listed(_) => Membership::Lacks,
        Groups::Overage | Groups::InRoles(_) => Membership::Unknown,
    }
}

impl CatalogueAccess {
    /// Returns the result of each rule, with the access that it is about.
    pub(super) fn rules(&self) -> impl Iterator<Item = (Access, &RuleAccess)> {
        let download = self.download.as_ref().map(|rule| (Access::Download, rule));
        [(Access::Read, &self.read), (Access::Write, &self.write)].into_iter().chain(download)
    }
}

/// The codes of the reasons for which something is closed, as in [`Because::name`].
pub(super) fn closed_because(catalogues: &[CatalogueAccess]) -> Vec<&'static str> {
    let rules = catalogues.iter().flat_map(CatalogueAccess::rules);
    let mut codes: Vec<_> = rules.filter(|(_, rule)| !rule.opens).map(|(_, rule)| rule.because).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use pozi_auth::sites::{AccessRefusal, Because, CatalogueId, Permission, Scope, allowed};
    use proptest::prelude::*;

    use super::*;

    const SITES: u32 = 1_000;
    const PEOPLE: usize = 100;

    /// One of five groups, by its number.
    fn group(number: u8) -> GroupId {
        format!("00000000-0000-4000-8000-00000000000{number}").parse().unwrap()
    }

    /// The groups whose bits are set.
    fn groups(bits: u8) -> impl Iterator<Item = GroupId> {
        (0..5).filter(move |bit| bits & (1 << bit) != 0).map(group)
    }

    /// A rule: everyone, or the groups of the lower five bits.
    fn rule(bits: u8) -> String {
        let ids: Vec<_> = groups(bits).map(|id| format!("\"{id}\"")).collect();
        if bits > 0xe0 { "\"everyone-signed-in\"".to_owned() } else { format!("[{}]", ids.join(", ")) }
    }

    /// A rule for downloads: none, or the groups of the lower five bits.
    fn download(bits: u8) -> String {
        if bits > 0x7f { String::new() } else { format!("download = {}\n", rule(bits)) }
    }

    fn site(rules: &[(u8, u8, u8)]) -> Site {
        let riverbend = include_str!("../../../local/sites/riverbend.toml");
        let head = riverbend.split_once("[[catalogue]]").unwrap().0;
        let catalogue = |(index, (read, write, bulk)): (usize, &(u8, u8, u8))| {
            let (read, write, download) = (rule(*read), rule(*write), download(*bulk));
            let named = format!("id = \"c{index}\"\ntitle = \"T\"\nproject = \"C:/{index}.qgz\"");
            format!("[[catalogue]]\n{named}\nread = {read}\nwrite = {write}\n{download}")
        };
        let catalogues: Vec<_> = rules.iter().enumerate().map(catalogue).collect();
        let text = format!("{head}{}", catalogues.concat());
        Site::parse(&text).unwrap()
    }

    fn person(bits: u8) -> Groups {
        match bits {
            0..=0xef => Groups::Listed(groups(bits).collect()),
            0xf0..=0xf7 => Groups::Overage,
            _ => Groups::InRoles(usize::from(bits & 7)),
        }
    }

    fn opened(catalogues: &[CatalogueAccess]) -> Scope {
        let permission =
            |id: &str, access| Permission { catalogue: id.parse::<CatalogueId>().unwrap(), access };
        let of = |one: &CatalogueAccess| {
            let open = one.rules().filter(|(_, rule)| rule.opens);
            open.map(|(access, _)| permission(&one.id, access)).collect::<Vec<_>>()
        };
        catalogues.iter().flat_map(of).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: SITES, ..ProptestConfig::default() })]

        /// 100,000 people at 1,000 sites: what is shown as open is what a session is granted, and every group is shown as it
        /// is.
        #[test]
        fn what_is_shown_as_open_is_what_is_granted(
            rules in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 1..5),
            people in prop::collection::vec(any::<u8>(), PEOPLE),
        ) {
            let site = site(&rules);
            for bits in people {
                let person = person(bits);
                let catalogues = by_rules(&person, &site, &GroupNames::default());
                match allowed(&person, &site) {
                    Ok(scope) => prop_assert_eq!(opened(&catalogues), scope),
                    Err(refusal) => {
                        prop_assert_eq!(opened(&catalogues), Scope::default());
                        let is_overage = closed_because(&catalogues).contains(&<Because>::Overage.name());
                        prop_assert_eq!(is_overage, matches!(refusal, AccessRefusal::GroupsOverage { .. }));
                    }
                }
                let own: BTreeSet<_> = if let Groups::Listed(own) = &person { own.clone() } else { BTreeSet::new() };
                for shown in catalogues.iter().flat_map(CatalogueAccess::rules).flat_map(|(_, rule)| &rule.groups) {
                    prop_assert_eq!(shown.membership == Membership::Has, own.contains(&shown.id));
                }
            }
        }
    }
}
