//! The decision on which catalogues a verified subject may read and write. Pure, and the only place that decides.

use std::time::Duration;

use super::{
    Permission, Scope, Site,
    judge::{Judgement, judge},
};
use crate::{
    entra::{Cloud, Groups, VerifiedSubject},
    error::shortened,
};

/// The access that a session may be minted for. Only [`decide`] builds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    audience: String,
    scope: Scope,
    life: Duration,
}

impl Grant {
    /// Returns the session's audience: the site's external URL.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Returns the access granted, which is never empty.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Returns the session's longest lifetime.
    pub fn life(&self) -> Duration {
        self.life
    }
}

/// Why no access is granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessRefusal {
    /// The site's rules name groups, and the token does not list the person's. Reading that as "no groups" would silently
    /// remove access.
    #[error("the person is in too many groups for the token to list")]
    GroupsOverage {
        /// The cloud whose Graph could be asked about them.
        cloud: Cloud,
    },
    /// No rule of the site gives the person access.
    #[error(
        "the person has access to no catalogue: the token lists {listed} group ids, and no rule names one of them"
    )]
    NoCatalogue {
        /// The number of groups in the token, by object id.
        listed: usize,
    },
    /// No rule of the site gives the person access, and the token lists groups only in `roles`, which do not count there.
    #[error(
        "the person has access to no catalogue: the token has no `groups`, and the {count} group ids in its `roles` do not count without `groups_as_roles` in the site file"
    )]
    GroupsInRoles {
        /// The number of object ids in `roles`.
        count: usize,
    },
    /// The request asks for a catalogue that is not allowed, or does not exist: the two must look the same.
    #[error("the scope asks for `{}`, and `{}` is allowed", shortened(&requested.to_string()), shortened(&allowed.to_string()))]
    ScopeNotAllowed {
        /// What the request asks for.
        requested: Scope,
        /// All that the person may have.
        allowed: Scope,
    },
}

/// Grants `subject` the scope `requested` if the rules of `site` allow all of it, or all that they allow if it is `None`. A
/// grant is never wider than the rules, nor than the request.
pub fn decide(
    subject: &VerifiedSubject,
    site: &Site,
    requested: Option<&Scope>,
) -> Result<Grant, AccessRefusal> {
    let allowed = allowed(subject.groups(), site)?;
    let scope = match requested {
        None => allowed,
        Some(requested) if requested.is_subset_of(&allowed) => requested.clone(),
        Some(requested) => {
            return Err(AccessRefusal::ScopeNotAllowed { requested: requested.clone(), allowed });
        }
    };
    Ok(Grant { audience: site.external_url.as_str().to_owned(), scope, life: site.session_life })
}

/// Returns everything that the rules of `site` allow a person with `groups`, which is never nothing, or why it is nothing.
/// It is a forecast: only a verified subject is [granted](decide) anything.
pub fn allowed(groups: &Groups, site: &Site) -> Result<Scope, AccessRefusal> {
    let mut scope = Vec::new();
    for catalogue in &site.catalogues {
        for (access, judgement) in judge(groups, catalogue) {
            if judgement == Judgement::Overage {
                return Err(AccessRefusal::GroupsOverage { cloud: site.cloud() });
            }
            if judgement.allows() {
                scope.push(Permission { catalogue: catalogue.id.clone(), access });
            }
        }
    }
    if scope.is_empty() { Err(nothing_allowed(groups)) } else { Ok(scope.into_iter().collect()) }
}

fn nothing_allowed(groups: &Groups) -> AccessRefusal {
    match groups {
        Groups::Listed(groups) => AccessRefusal::NoCatalogue { listed: groups.len() },
        Groups::InRoles(count) => AccessRefusal::GroupsInRoles { count: *count },
        // A site without any rule that names groups, or anybody.
        Groups::Overage => AccessRefusal::NoCatalogue { listed: 0 },
    }
}

/// For this crate's tests of what follows the decision.
#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Returns a grant for riverbend.
    pub(crate) fn grant(scope: &str, life: Duration) -> Grant {
        let audience = "https://poziserver-riverbend.example/pozi/".to_owned();
        Grant { audience, scope: scope.parse().unwrap(), life }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        entra::testing::subject,
        identifiers::GroupId,
        sites::{
            Access, Because, CatalogueId, Who,
            document::Everyone,
            explain,
            site::{Catalogue, testing},
        },
        timestamp::Timestamp,
    };

    fn member_of(groups: &[&str]) -> VerifiedSubject {
        let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
        subject(Groups::Listed(groups), Timestamp::from_unix_seconds(1))
    }

    fn granted(groups: &[&str], asked: Option<&str>) -> Result<String, AccessRefusal> {
        let asked = asked.map(|text| text.parse().unwrap());
        decide(&member_of(groups), &testing::site(), asked.as_ref()).map(|grant| grant.scope.to_string())
    }

    #[test]
    fn grants_what_the_groups_allow() {
        use testing::{EDITORS, PLANNERS};
        for (groups, scope) in [
            (vec![], "parks:read"),
            (vec![PLANNERS], "parks:read planning:read"),
            (vec![EDITORS], "parks:read planning:read planning:write"),
            (vec!["6f1f1d0e-8a83-4c59-9d44-1f6d0c9c3aff"], "parks:read"),
        ] {
            assert_eq!(granted(&groups, None).as_deref(), Ok(scope));
        }
    }

    #[test]
    fn grants_exactly_the_requested_scope_or_nothing() {
        use testing::{EDITORS, PLANNERS};
        let refused = Err("the scope asks for");
        for (groups, asked, answer) in [
            (PLANNERS, "planning:read", Ok("planning:read")),
            (EDITORS, "planning:write", Ok("planning:write")),
            (PLANNERS, "planning:write", refused),
            (PLANNERS, "planning:read planning:write", refused),
            (PLANNERS, "nowhere:read", refused),
            (PLANNERS, "parks:write", refused),
        ] {
            let found = granted(&[groups], Some(asked)).map_err(|refusal| refusal.to_string());
            match (&found, answer) {
                (Ok(scope), Ok(expected)) => assert_eq!(scope, expected),
                (Err(refusal), Err(expected)) => assert!(refusal.starts_with(expected), "{refusal}"),
                _ => panic!("{asked}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_person_without_access_is_told_so_for_every_scope() {
        let mut site = testing::site();
        site.catalogues.truncate(1);
        for asked in [None, Some("planning:read".parse().unwrap())] {
            let refused = decide(&member_of(&[]), &site, asked.as_ref());
            assert_eq!(refused, Err(AccessRefusal::NoCatalogue { listed: 0 }));
        }
    }

    #[test]
    fn refuses_groups_in_roles_unless_something_is_open_to_everyone() {
        let in_roles = subject(Groups::InRoles(3), Timestamp::from_unix_seconds(1));
        let mut site = testing::site();
        assert_eq!(decide(&in_roles, &site, None).unwrap().scope.to_string(), "parks:read");
        site.catalogues.truncate(1);
        assert_eq!(decide(&in_roles, &site, None), Err(AccessRefusal::GroupsInRoles { count: 3 }));
    }

    #[test]
    fn a_refused_scope_is_reported_with_what_is_allowed() {
        let asked = "planning:write nowhere:read".parse().unwrap();
        let refused = decide(&member_of(&[testing::PLANNERS]), &testing::site(), Some(&asked)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the scope asks for `nowhere:read planning:write`, and `parks:read planning:read` is allowed"
        );
    }

    #[test]
    fn refuses_an_overage_only_if_a_rule_names_groups() {
        let unlisted = subject(Groups::Overage, Timestamp::from_unix_seconds(1));
        let mut site = testing::site();
        assert_eq!(
            decide(&unlisted, &site, None),
            Err(AccessRefusal::GroupsOverage { cloud: Cloud::Public })
        );
        site.catalogues.remove(0);
        assert_eq!(decide(&unlisted, &site, None).unwrap().scope.to_string(), "parks:read");
    }

    fn group(index: u8) -> GroupId {
        GroupId::new(uuid::Uuid::from_u128(index.into()))
    }

    fn who() -> impl Strategy<Value = Who> {
        prop_oneof![
            1 => Just(Who::Everyone(Everyone::SignedIn)),
            6 => prop::collection::vec((0..6u8).prop_map(group), 0..3).prop_map(Who::Groups),
        ]
    }

    fn catalogues() -> impl Strategy<Value = Vec<Catalogue>> {
        prop::collection::vec((who(), who()), 1..6).prop_map(|rules| {
            let id = |index: usize| format!("c{index}").parse::<CatalogueId>().unwrap();
            let catalogue = |(index, (readers, writers))| Catalogue {
                id: id(index),
                title: String::new(),
                project: String::new(),
                readers,
                writers,
                print: Vec::new(),
                print_texts: Vec::new(),
                highlight: false,
            };
            rules.into_iter().enumerate().map(catalogue).collect()
        })
    }

    /// A second, simpler implementation of the rules to compare with.
    fn rules_give(site: &Site, own: &BTreeSet<GroupId>, permission: &Permission) -> bool {
        let within = |who: &Who| match who {
            Who::Everyone(_) => true,
            Who::Groups(groups) => groups.iter().any(|group| own.contains(group)),
        };
        site.catalogues.iter().any(|catalogue| {
            catalogue.id == permission.catalogue
                && (within(&catalogue.writers)
                    || permission.access == Access::Read && within(&catalogue.readers))
        })
    }

    proptest! {
        /// RFC 8693 §2.1.1; RFC 9068 §2.2.3; RFC 9700 §2.3.
        #[test]
        fn a_grant_is_never_wider_than_the_rules_nor_than_what_was_asked(
            catalogues in catalogues(),
            own in prop::collection::btree_set((0..6u8).prop_map(group), 0..4),
            asked in prop::option::of("(c[0-7]:(read|write))( c[0-7]:(read|write)){0,3}"),
        ) {
            let site = Site { catalogues, ..testing::site() };
            let subject = subject(Groups::Listed(own.clone()), Timestamp::from_unix_seconds(1));
            let asked = asked.map(|text| text.parse::<Scope>().unwrap());
            let all_given = |scope: &Scope| scope.permissions().all(|one| rules_give(&site, &own, one));
            match decide(&subject, &site, asked.as_ref()) {
                Ok(grant) => {
                    prop_assert!(!grant.scope.is_empty());
                    prop_assert!(all_given(&grant.scope));
                    prop_assert!(asked.is_none_or(|asked| asked == grant.scope));
                }
                Err(AccessRefusal::ScopeNotAllowed { .. }) => prop_assert!(!all_given(&asked.unwrap())),
                Err(AccessRefusal::NoCatalogue { .. }) => {
                    for catalogue in &site.catalogues {
                        let read = Permission { catalogue: catalogue.id.clone(), access: Access::Read };
                        prop_assert!(!rules_give(&site, &own, &read));
                    }
                }
                Err(AccessRefusal::GroupsOverage { .. } | AccessRefusal::GroupsInRoles { .. }) => {
                    prop_assert!(false, "the groups were listed");
                }
            }
        }

        #[test]
        fn an_explanation_allows_exactly_what_is_granted(
            catalogues in catalogues(),
            groups in prop_oneof![
                Just(Groups::Overage),
                (1..4usize).prop_map(Groups::InRoles),
                prop::collection::btree_set((0..6u8).prop_map(group), 0..4).prop_map(Groups::Listed),
            ],
        ) {
            let site = Site { catalogues, ..testing::site() };
            let subject = subject(groups, Timestamp::from_unix_seconds(1));
            let explained = explain(subject.groups(), &site);
            let verdicts = explained.iter().flat_map(|one| {
                [(one, Access::Read, &one.read), (one, Access::Write, &one.write)]
            });
            let open = verdicts.clone().filter(|(.., verdict)| verdict.is_allowed());
            let scope: Scope = open
                .map(|(one, access, _)| Permission { catalogue: one.catalogue.clone(), access })
                .collect();
            let is_overage = verdicts.clone().any(|(.., verdict)| *verdict.because() == Because::Overage);
            match decide(&subject, &site, None) {
                Ok(grant) => prop_assert!(grant.scope == scope && !is_overage),
                Err(AccessRefusal::NoCatalogue { .. } | AccessRefusal::GroupsInRoles { .. }) => {
                    prop_assert!(scope.is_empty() && !is_overage);
                }
                Err(AccessRefusal::GroupsOverage { .. }) => prop_assert!(scope.is_empty() && is_overage),
                Err(AccessRefusal::ScopeNotAllowed { .. }) => prop_assert!(false, "nothing was asked for"),
            }
        }
    }
}
