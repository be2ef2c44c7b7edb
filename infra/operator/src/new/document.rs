//! The text of a new site file.

use std::fmt::Write as _;

use pozi_auth::{
    identifiers::GroupId,
    sites::{Access, ExternalUrl, InternalUrl, SiteFile, SiteFileError, SiteName},
};
use toml_edit::Value as Toml;

use super::draft::{Catalogue, Draft, usual_project};

/// Writes `draft` as a site file, without the keys that are missing. Names of groups are comments, each beside its id.
pub(crate) fn document(draft: &Draft) -> String {
    let mut text = String::new();
    let mut key = |before: &str, key: &str, value: Option<&str>| {
        if let Some(value) = value {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{before}{key} = {}", quoted(value));
        }
    };
    key("", "name", draft.name.as_ref().map(SiteName::as_str));
    let five =
        "\n# The five items that the council handed in: 1 to 4 here, 5 (groups and catalogues) below.\n";
    key(five, "internal_url", draft.internal_url.as_ref().map(InternalUrl::as_str));
    key("", "external_url", draft.external_url.as_ref().map(ExternalUrl::as_str));
    key("", "client_id", draft.client_id.map(|id| id.to_string()).as_deref());
    key("", "tenant_id", draft.tenant_id.map(|id| id.to_string()).as_deref());
    if !draft.origins.is_empty() {
        text.push_str("\n# Where the Web App is served.\norigins = [\n");
        for origin in &draft.origins {
            let _ = writeln!(text, "    {},", quoted(&origin.to_string()));
        }
        text.push_str("]\n");
    }
    for catalogue in &draft.catalogues {
        add_catalogue(&mut text, catalogue, draft);
    }
    text
}

/// Returns what is wrong with `draft` as a site file, each with its place and its fix. Keys that are missing are among it.
pub(crate) fn faults(draft: &Draft) -> Vec<String> {
    let text = document(draft);
    let file = SiteFile { name: String::new(), text };
    let fault = |error: SiteFileError| {
        let at = error.at.and_then(|at| file.text.get(at)).filter(|at| !at.is_empty() && !at.contains('\n'));
        at.map_or_else(|| error.message.clone(), |at| format!("{at}: {}", error.message))
    };
    file.compile().err().into_iter().flatten().map(fault).collect()
}

fn add_catalogue(text: &mut String, catalogue: &Catalogue, draft: &Draft) {
    let Catalogue { id, title, project, everyone, groups } = catalogue;
    let usual = usual_project(id);
    let check = if project.is_none() { "  # check: nobody has said where the project is" } else { "" };
    let _ = writeln!(text, "\n[[catalogue]]\nid = {}\ntitle = {}", quoted(id.as_str()), quoted(title));
    let _ = writeln!(text, "project = {}{check}", quoted(project.as_deref().unwrap_or(&usual)));
    let with = |access: Access| groups.iter().filter(move |(_, own)| **own == access).map(|(id, _)| *id);
    if *everyone {
        text.push_str("read = \"everyone-signed-in\"  # guests included\n");
    } else {
        add_groups(text, "read", with(Access::Read), draft);
    }
    if groups.values().any(|access| *access == Access::Write) {
        add_groups(text, "write", with(Access::Write), draft);
    }
}

fn add_groups(text: &mut String, key: &str, groups: impl Iterator<Item = GroupId>, draft: &Draft) {
    let mut groups = groups.peekable();
    if groups.peek().is_none() {
        let _ = writeln!(text, "{key} = []");
        return;
    }
    let _ = writeln!(text, "{key} = [");
    for group in groups {
        let name: String = draft.name_of(group).chars().filter(|found| !found.is_control()).collect();
        let comment = if name.is_empty() { String::new() } else { format!("  # {name}") };
        let _ = writeln!(text, "    \"{group}\",{comment}");
    }
    text.push_str("]\n");
}

fn quoted(text: &str) -> String {
    Toml::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use pozi_auth::sites::Site;
    use proptest::prelude::*;

    use super::{
        super::{draft::id_of, facts::Value, labels::Item},
        *,
    };

    fn guid() -> impl Strategy<Value = String> {
        "[1-9a-f][0-9a-f]{7}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"
    }

    fn catalogue() -> impl Strategy<Value = Option<Catalogue>> {
        let groups = proptest::collection::btree_map(guid(), any::<bool>(), 0..5);
        let project = proptest::option::of("[ -~é’]{1,20}");
        ("[ -~é“\u{1f5fa}]{1,40}", project, any::<bool>(), groups).prop_map(
            |(title, project, everyone, groups)| {
                let access = |write| if write { Access::Write } else { Access::Read };
                let project = project.filter(|path| !path.trim().is_empty());
                Some(Catalogue {
                    id: id_of(&title)?,
                    title,
                    project,
                    everyone,
                    groups: groups
                        .into_iter()
                        .map(|(id, write)| (id.parse().unwrap(), access(write)))
                        .collect(),
                })
            },
        )
    }

    fn draft() -> impl Strategy<Value = Draft> {
        let ids = (guid(), guid());
        let origins = proptest::collection::btree_set("https://[a-z]{1,9}\\.example", 1..4);
        let catalogues = proptest::collection::vec(catalogue(), 1..6);
        ("[a-z0-9]{1,9}", "[a-z]{1,9}", ids, origins, catalogues, "[ -~é\u{1f5fa}\n\r\t\u{7f}\u{0}]{0,20}")
            .prop_map(|(name, path, (client, tenant), origins, catalogues, group)| {
                let mut draft = Draft::default();
                let items = [
                    (Item::Name, name),
                    (Item::InternalUrl, format!("http://gis.riverbend.internal/{path}/")),
                    (Item::ExternalUrl, format!("https://poziserver-riverbend.example/{path}/")),
                    (Item::ClientId, client),
                    (Item::TenantId, tenant),
                ];
                let origins = origins.into_iter().map(|origin| (Item::Origin, origin));
                for (item, text) in items.into_iter().chain(origins) {
                    draft.set(Value::parse(item, &text).unwrap());
                }
                for catalogue in catalogues.into_iter().flatten() {
                    let is_new =
                        |other: &Catalogue| other.id != catalogue.id && other.project != catalogue.project;
                    if draft.catalogues.iter().all(is_new) {
                        draft.names.extend(catalogue.groups.keys().map(|id| (*id, group.clone())));
                        draft.catalogues.push(catalogue);
                    }
                }
                draft
            })
    }

    /// Returns the draft that a compiled site is, without the names of its groups.
    fn drafted(site: Site) -> Draft {
        let groups = |who| match who {
            pozi_auth::sites::Who::Everyone(_) => Vec::new(),
            pozi_auth::sites::Who::Groups(groups) => groups,
        };
        let catalogue = |own: pozi_auth::sites::Catalogue| Catalogue {
            everyone: matches!(own.readers, pozi_auth::sites::Who::Everyone(_)),
            groups: [(own.readers, Access::Read), (own.writers, Access::Write)]
                .into_iter()
                .flat_map(|(who, access)| groups(who).into_iter().map(move |id| (id, access)))
                .collect(),
            project: Some(own.project),
            id: own.id,
            title: own.title,
        };
        Draft {
            name: Some(site.name),
            internal_url: Some(site.internal_url),
            external_url: Some(site.external_url),
            client_id: Some(site.expected.client),
            tenant_id: Some(site.expected.tenant),
            origins: site.origins,
            catalogues: site.catalogues.into_iter().map(catalogue).collect(),
            names: BTreeMap::new(),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(draft in draft()) {
            prop_assume!(!draft.catalogues.is_empty());
            let file = SiteFile { name: "a".into(), text: document(&draft) };
            let site = file.compile();
            prop_assert!(site.is_ok(), "{:?}\n{}", site, file.text);
            let mut expected = draft;
            expected.names.clear();
            for catalogue in &mut expected.catalogues {
                catalogue.project.get_or_insert(usual_project(&catalogue.id));
                if catalogue.everyone {
                    catalogue.groups.retain(|_, access| *access == Access::Write);
                }
            }
            prop_assert_eq!(drafted(site.unwrap()), expected);
        }
    }
}
