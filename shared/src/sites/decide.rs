//! The decision on which catalogues a verified subject may read and write. Pure, and the only place that decides.

use std::time::Duration;

use super::{Because, Permission, Scope, Site, judge::judge, widest::opened_scope};
use crate::{
    entra::{Cloud, Groups, VerifiedSubject},
    error::shortened,
    revision::Revision,
    timestamp::Timestamp,
};

/// The access that a session may be minted for. Only [`decide`] builds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    audience: String,
    scope: Scope,
    life: Duration,
    revision: Revision,
    observed: Option<Observed>,
}

/// What the rules of a site that is only observed would have granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The part of the session's scope that the rules allow; it may be empty.
    pub enforced_scope: Scope,
    /// Why an exchange would be refused; `None` if it would be granted, though perhaps with a smaller scope.
    pub refusal: Option<AccessRefusal>,
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

    /// Returns the revision of the site's document that it was decided by.
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Returns what the rules would have granted, if they are only observed.
    pub fn observed(&self) -> Option<&Observed> {
        self.observed.as_ref()
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
/// grant is never wider than the rules, nor than the request. While the site is observed at `now`, the rules open every
/// catalogue instead; such a grant ends with the observation, and says what the rules would have granted.
pub fn decide(
    subject: &VerifiedSubject,
    site: &Site,
    requested: Option<&Scope>,
    now: Timestamp,
) -> Result<Grant, AccessRefusal> {
    let enforced = allowed(subject.groups(), site).and_then(|allowed| within(requested, allowed));
    let Some(end) = site.enforcement.observed_until(now) else {
        return Ok(grant(site, enforced?, site.session_life, None));
    };
    let scope = within(requested, opened_scope(site))?;
    let observed = Observed::of(enforced, &scope);
    Ok(grant(site, scope, site.session_life.min(end.since(now)), Some(observed)))
}

fn grant(site: &Site, scope: Scope, life: Duration, observed: Option<Observed>) -> Grant {
    Grant { audience: site.external_url.as_str().to_owned(), scope, life, revision: site.revision, observed }
}

/// Returns the scope `requested` if all of it is `allowed`, or all that is if nothing was requested.
fn within(requested: Option<&Scope>, allowed: Scope) -> Result<Scope, AccessRefusal> {
    match requested {
        None => Ok(allowed),
        Some(requested) if requested.is_subset_of(&allowed) => Ok(requested.clone()),
        Some(requested) => Err(AccessRefusal::ScopeNotAllowed { requested: requested.clone(), allowed }),
    }
}

impl Observed {
    /// Returns what the decision `enforced` leaves of the scope that is `opened`.
    fn of(enforced: Result<Scope, AccessRefusal>, opened: &Scope) -> Self {
        match enforced {
            Ok(scope) => Self { enforced_scope: scope, refusal: None },
            Err(refusal) => {
                let enforced_scope = match &refusal {
                    AccessRefusal::ScopeNotAllowed { allowed, .. } => allowed.common_with(opened),
                    _ => Scope::default(),
                };
                Self { enforced_scope, refusal: Some(refusal) }
            }
        }
    }
}

/// Returns everything that the rules of `site` allow a person with `groups`, which is never nothing, or why it is nothing.
/// It is a forecast: only a verified subject is [granted](decide) anything.
pub fn allowed(groups: &Groups, site: &Site) -> Result<Scope, AccessRefusal> {
    let mut scope = Vec::new();
    for catalogue in &site.catalogues {
        for (access, because) in judge(groups, catalogue).each() {
            if because == Because::Overage {
                return Err(AccessRefusal::GroupsOverage { cloud: site.cloud() });
            }
            if because.allows() {
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
        let revision = Revision::after(None);
        Grant { audience, scope: scope.parse().unwrap(), life, revision, observed: None }
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
            Access, CatalogueId, Download, Enforcement, Who,
            document::Everyone,
            explain,
            site::{Catalogue, testing},
        },
        timestamp::Timestamp,
    };

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

    fn member_of(groups: &[&str]) -> VerifiedSubject {
        let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
        subject(Groups::Listed(groups), Timestamp::from_unix_seconds(1))
    }

    fn granted(groups: &[&str], asked: Option<&str>) -> Result<String, AccessRefusal> {
        let asked = asked.map(|text| text.parse().unwrap());
        decide(&member_of(groups), &testing::site(), asked.as_ref(), NOW).map(|grant| grant.scope.to_string())
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
            let refused = decide(&member_of(&[]), &site, asked.as_ref(), NOW);
            assert_eq!(refused, Err(AccessRefusal::NoCatalogue { listed: 0 }));
        }
    }

    #[test]
    fn refuses_groups_in_roles_unless_something_is_open_to_everyone() {
        let in_roles = subject(Groups::InRoles(3), Timestamp::from_unix_seconds(1));
        let mut site = testing::site();
        assert_eq!(decide(&in_roles, &site, None, NOW).unwrap().scope.to_string(), "parks:read");
        site.catalogues.truncate(1);
        assert_eq!(decide(&in_roles, &site, None, NOW), Err(AccessRefusal::GroupsInRoles { count: 3 }));
    }

    #[test]
    fn a_refused_scope_is_reported_with_what_is_allowed() {
        let asked = "planning:write nowhere:read".parse().unwrap();
        let refused =
            decide(&member_of(&[testing::PLANNERS]), &testing::site(), Some(&asked), NOW).unwrap_err();
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
            decide(&unlisted, &site, None, NOW),
            Err(AccessRefusal::GroupsOverage { cloud: Cloud::Public })
        );
        site.catalogues.remove(0);
        assert_eq!(decide(&unlisted, &site, None, NOW).unwrap().scope.to_string(), "parks:read");
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

    fn download() -> impl Strategy<Value = Download> {
        prop_oneof![
            Just(Download::Readers),
            prop::collection::vec((0..6u8).prop_map(group), 0..3).prop_map(Download::Groups),
        ]
    }

    fn catalogues() -> impl Strategy<Value = Vec<Catalogue>> {
        prop::collection::vec((who(), who(), download()), 1..6).prop_map(|rules| {
            let id = |index: usize| format!("c{index}").parse::<CatalogueId>().unwrap();
            let catalogue = |(index, (readers, writers, download))| Catalogue {
                id: id(index),
                title: String::new(),
                project: String::new(),
                readers,
                writers,
                download,
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
            let may_write = within(&catalogue.writers);
            let may_read = may_write || within(&catalogue.readers);
            let allows = match (permission.access, &catalogue.download) {
                (Access::Read, _) => may_read,
                (Access::Write, _) => may_write,
                (Access::Download, Download::Readers) => false,
                (Access::Download, Download::Groups(groups)) => {
                    may_read && groups.iter().any(|group| own.contains(group))
                }
            };
            catalogue.id == permission.catalogue && allows
        })
    }

    fn observed_until(day: &str) -> Site {
        Site { enforcement: format!("observe until {day}").parse().unwrap(), ..testing::site() }
    }

    #[test]
    fn an_observed_site_opens_everything_and_says_what_its_rules_allow() {
        use testing::PLANNERS;
        // NOW is 2027-01-15 08:00 UTC.
        let site = observed_until("2027-01-15");
        let all = "parks:read planning:read planning:write";
        let cases: [(&[&str], Option<&str>, _, _, Option<&str>); 5] = [
            (&[PLANNERS], None, all, "parks:read planning:read", None),
            (&[], None, all, "parks:read", None),
            (&[PLANNERS], Some("planning:read"), "planning:read", "planning:read", None),
            (&[], Some("planning:read"), "planning:read", "", Some("the scope asks for")),
            (
                &[PLANNERS],
                Some("planning:read planning:write"),
                "planning:read planning:write",
                "planning:read",
                Some("the scope asks for"),
            ),
        ];
        for (groups, asked, scope, enforced, refusal) in cases {
            let asked = asked.map(|text| text.parse().unwrap());
            let grant = decide(&member_of(groups), &site, asked.as_ref(), NOW).unwrap();
            let observed = grant.observed().unwrap();
            assert_eq!(
                (grant.scope.to_string().as_str(), observed.enforced_scope.to_string().as_str()),
                (scope, enforced)
            );
            let found = observed.refusal.as_ref().map(ToString::to_string);
            assert_eq!(found.is_some(), refusal.is_some(), "{found:?}");
            assert!(found.unwrap_or_default().starts_with(refusal.unwrap_or_default()));
        }
        let overage = subject(Groups::Overage, Timestamp::from_unix_seconds(1));
        let grant = decide(&overage, &site, None, NOW).unwrap();
        assert_eq!(grant.scope.to_string(), all);
        let observed = Observed {
            enforced_scope: Scope::default(),
            refusal: Some(AccessRefusal::GroupsOverage { cloud: Cloud::Public }),
        };
        assert_eq!(grant.observed(), Some(&observed));
        let asked = "parks:write".parse().unwrap();
        let refused = decide(&member_of(&[PLANNERS]), &site, Some(&asked), NOW);
        assert!(matches!(refused, Err(AccessRefusal::ScopeNotAllowed { .. })), "nobody may write parks");
    }

    #[test]
    fn an_observed_session_ends_with_the_observation_and_the_day_after_is_enforced() {
        let site = observed_until("2027-01-15");
        let end = 1_800_057_600;
        for (now, life) in [(end - 3_600, 600), (end - 600, 600), (end - 599, 599), (end - 1, 1)] {
            let grant = decide(&member_of(&[]), &site, None, Timestamp::from_unix_seconds(now)).unwrap();
            assert_eq!((grant.life.as_secs(), grant.observed.is_some()), (life, true), "{now}");
        }
        for (site, now) in [(&site, end), (&site, end + 86_400), (&observed_until("2027-06-01"), end)] {
            let grant = decide(&member_of(&[]), site, None, Timestamp::from_unix_seconds(now)).unwrap();
            assert_eq!((grant.life.as_secs(), grant.observed), (600, None));
            assert_eq!(grant.scope.to_string(), "parks:read");
        }
        assert_eq!(site.enforcement, Enforcement::ObservedUntil("2027-01-15".parse().unwrap()));
    }

    #[test]
    fn only_readers_in_its_groups_download() {
        use testing::{EDITORS, PLANNERS};
        let mut site = testing::site();
        for (groups, own, scope) in [
            (&[PLANNERS][..], &[PLANNERS][..], "parks:read planning:download planning:read"),
            (&[PLANNERS], &[EDITORS], "parks:read planning:read planning:write"),
            (&[EDITORS], &[EDITORS], "parks:read planning:download planning:read planning:write"),
            (&[], &[EDITORS, PLANNERS], "parks:read planning:read planning:write"),
        ] {
            let download = groups.iter().map(|group| group.parse().unwrap()).collect();
            site.catalogues[0].download = Download::Groups(download);
            let grant = decide(&member_of(own), &site, None, NOW).unwrap();
            assert_eq!(grant.scope.to_string(), scope);
        }
        site.catalogues[0].readers = Who::default();
        site.catalogues[0].writers = Who::default();
        site.catalogues[0].download = Download::Groups(vec![PLANNERS.parse().unwrap()]);
        let grant = decide(&member_of(&[PLANNERS]), &site, None, NOW).unwrap();
        assert_eq!(grant.scope.to_string(), "parks:read", "a download needs reading");
    }

    proptest! {
        /// RFC 8693 §2.1.1; RFC 9068 §2.2.3; RFC 9700 §2.3.
        #[test]
        fn a_grant_is_never_wider_than_the_rules_nor_than_what_was_asked(
            catalogues in catalogues(),
            own in prop::collection::btree_set((0..6u8).prop_map(group), 0..4),
            asked in prop::option::of("(c[0-7]:(download|read|write))( c[0-7]:(download|read|write)){0,3}"),
        ) {
            let site = Site { catalogues, ..testing::site() };
            let subject = subject(Groups::Listed(own.clone()), Timestamp::from_unix_seconds(1));
            let asked = asked.map(|text| text.parse::<Scope>().unwrap());
            let all_given = |scope: &Scope| scope.permissions().all(|one| rules_give(&site, &own, one));
            match decide(&subject, &site, asked.as_ref(), NOW) {
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
                let download = one.download.as_ref().map(|verdict| (one, Access::Download, verdict));
                [(one, Access::Read, &one.read), (one, Access::Write, &one.write)].into_iter().chain(download)
            });
            let open = verdicts.clone().filter(|(.., verdict)| verdict.is_allowed());
            let scope: Scope = open
                .map(|(one, access, _)| Permission { catalogue: one.catalogue.clone(), access })
                .collect();
            let is_overage = verdicts.clone().any(|(.., verdict)| *verdict.because() == Because::Overage);
            match decide(&subject, &site, None, NOW) {
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
