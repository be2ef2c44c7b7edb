//! The widest scope that a person can have at a site.

use super::{Access, Download, Permission, Scope, Site};

/// Returns everything that a person in all groups of `site`'s rules may do. No session of the site has more.
pub fn widest_scope(site: &Site) -> Scope {
    let permissions = site.catalogues.iter().flat_map(|catalogue| {
        let may_write = catalogue.writers.names_anyone();
        let may_read = may_write || catalogue.readers.names_anyone();
        let may_download =
            may_read && matches!(&catalogue.download, Download::Groups(groups) if !groups.is_empty());
        let accesses =
            [(Access::Download, may_download), (Access::Read, may_read), (Access::Write, may_write)];
        let allowed = accesses.into_iter().filter(|(_, may)| *may);
        allowed.map(|(access, _)| Permission { catalogue: catalogue.id.clone(), access })
    });
    permissions.collect()
}

/// Returns everything that a session opens while `site` is observed: every catalogue, for reading and downloading, and for
/// writing if its rule names anyone.
pub fn opened_scope(site: &Site) -> Scope {
    let permissions = site.catalogues.iter().flat_map(|catalogue| {
        let may_write = catalogue.writers.names_anyone();
        let has_download = catalogue.access_to_download() == Access::Download;
        let accesses = [(Access::Download, has_download), (Access::Read, true), (Access::Write, may_write)];
        let opened = accesses.into_iter().filter(|(_, opens)| *opens);
        opened.map(|(access, _)| Permission { catalogue: catalogue.id.clone(), access })
    });
    permissions.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entra::{Groups, testing::subject},
        sites::{decide, documents},
        timestamp::Timestamp,
    };

    fn decided(site: &Site) -> Scope {
        let person = subject(Groups::Listed(site.groups()), Timestamp::from_unix_seconds(1));
        decide(&person, site, None, Timestamp::from_unix_seconds(1))
            .map_or_else(|_| [].into_iter().collect(), |grant| grant.scope().clone())
    }

    #[test]
    fn is_what_a_person_in_every_group_is_granted() {
        let text = documents::document();
        for (from, to, scope) in [
            ("", "", "parks:read planning:read planning:write"),
            ("write = [", "# write = [", "parks:read planning:read"),
            ("read = \"everyone-signed-in\"", "read = []", "planning:read planning:write"),
            (
                "read = \"everyone-signed-in\"",
                "read = []\nwrite = \"everyone-signed-in\"",
                "parks:read parks:write planning:read planning:write",
            ),
        ] {
            let site = Site::parse(&text.replacen(from, to, 1)).unwrap();
            assert_eq!(widest_scope(&site).to_string(), scope);
            assert_eq!(widest_scope(&site), decided(&site));
        }
    }
}
