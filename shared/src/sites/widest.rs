//! The widest scope that a person can have at a site.

use super::{Access, Permission, Scope, Site, Who};

/// Returns everything that a person in all groups of `site`'s rules may do. No session of the site has more.
pub fn widest_scope(site: &Site) -> Scope {
    let permissions = site.catalogues.iter().flat_map(|catalogue| {
        let may_write = names_anyone(&catalogue.writers);
        let may_read = may_write || names_anyone(&catalogue.readers);
        let permission = |access| Permission { catalogue: catalogue.id.clone(), access };
        let read = may_read.then(|| permission(Access::Read));
        read.into_iter().chain(may_write.then(|| permission(Access::Write)))
    });
    permissions.collect()
}

fn names_anyone(who: &Who) -> bool {
    match who {
        Who::Everyone(_) => true,
        Who::Groups(groups) => !groups.is_empty(),
    }
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
        decide(&person, site, None).map_or_else(|_| [].into_iter().collect(), |grant| grant.scope().clone())
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
