//! Which site a request means: the one that it names, or else the one that its token is for.

use std::sync::Arc;

use super::TenantSites;
use crate::{revision::Revision, sites::Site};

/// A `resource` (RFC 8707 §2) or `audience` (RFC 8693 §2.1) of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(pub String);

/// Why a request does not mean exactly one site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetRefusal {
    /// A name of no site, or of another tenant's site: the two must look the same.
    #[error("a target names no site of the token's tenant")]
    Unknown,
    /// Names of several sites. A session is for one.
    #[error("the targets name several sites")]
    Several,
    /// No usable site is meant, but the tenant has one that cannot be used.
    #[error("the request may mean site `{name}`, whose revision {revision} cannot be used: {reason}")]
    Unreadable {
        /// The unreadable site.
        name: String,
        /// Its revision.
        revision: Revision,
        /// The code of the reason.
        reason: &'static str,
    },
    /// No site is named, and the token's audience is not that of a site.
    #[error("no target is given, and the token is for `{audience}`")]
    NotMeant {
        /// Claim `aud`.
        audience: String,
    },
}

/// Chooses among the sites of the token's tenant.
pub fn choose<'a>(
    sites: &'a TenantSites,
    targets: &[Target],
    audience: &str,
) -> Result<&'a Arc<Site>, TargetRefusal> {
    choose_readable(&sites.sites, targets, audience).map_err(|refusal| {
        match (refusal, sites.unreadable.first()) {
            (TargetRefusal::Unknown | TargetRefusal::NotMeant { .. }, Some(site)) => {
                let (name, revision, reason) = (site.name.clone(), site.revision, site.reason);
                TargetRefusal::Unreadable { name, revision, reason }
            }
            (refusal, _) => refusal,
        }
    })
}

fn choose_readable<'a>(
    sites: &'a [Arc<Site>],
    targets: &[Target],
    audience: &str,
) -> Result<&'a Arc<Site>, TargetRefusal> {
    let mut named = targets.iter().map(|Target(name)| sites.iter().find(|site| site.is_named(name)));
    match named.next() {
        Some(first) => {
            let first = first.ok_or(TargetRefusal::Unknown)?;
            for other in named {
                if other.ok_or(TargetRefusal::Unknown)?.name != first.name {
                    return Err(TargetRefusal::Several);
                }
            }
            Ok(first)
        }
        // Registration makes sure that no two sites of a tenant have the same audience.
        None => sites
            .iter()
            .find(|site| site.expected.accepts_audience(audience))
            .ok_or_else(|| TargetRefusal::NotMeant { audience: audience.chars().take(200).collect() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sites::documents as testing, tenants::UnreadableSite};

    const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";
    const SALTMARSH: &str = "https://poziserver-saltmarsh.example/pozi";

    fn sites() -> TenantSites {
        let other = testing::document()
            .replace("\"riverbend\"", "\"saltmarsh\"")
            .replace("poziserver-riverbend", "poziserver-saltmarsh")
            .replace("0d9f7a54", "0d9f7a55");
        TenantSites::all(vec![Arc::new(testing::site()), Arc::new(Site::parse(&other).unwrap())])
    }

    fn chosen(targets: &[&str], audience: &str) -> Result<String, TargetRefusal> {
        let targets: Vec<_> = targets.iter().map(|name| Target((*name).to_owned())).collect();
        choose(&sites(), &targets, audience).map(|site| site.name.to_string())
    }

    #[test]
    fn accepts_a_site_by_url_or_name_any_number_of_times() {
        assert_eq!(chosen(&[RIVERBEND], SALTMARSH).as_deref(), Ok("riverbend"));
        assert_eq!(chosen(&["saltmarsh", SALTMARSH], RIVERBEND).as_deref(), Ok("saltmarsh"));
    }

    #[test]
    fn chooses_the_site_that_the_token_is_for_without_a_target() {
        assert_eq!(chosen(&[], SALTMARSH).as_deref(), Ok("saltmarsh"));
        assert_eq!(chosen(&[], "0D9F7A55-53c5-4a3e-8f5e-0f3a0b6f2c10").as_deref(), Ok("saltmarsh"));
        assert_eq!(chosen(&[], "elsewhere"), Err(TargetRefusal::NotMeant { audience: "elsewhere".into() }));
    }

    #[test]
    fn refuses_unknown_and_several_targets() {
        assert_eq!(chosen(&["elsewhere"], RIVERBEND), Err(TargetRefusal::Unknown));
        assert_eq!(chosen(&[RIVERBEND, "elsewhere"], RIVERBEND), Err(TargetRefusal::Unknown));
        assert_eq!(chosen(&["riverbend", "saltmarsh"], RIVERBEND), Err(TargetRefusal::Several));
    }

    #[test]
    fn a_target_that_may_be_an_unreadable_site_is_not_unknown() {
        let revision = Revision(7);
        let reason = "not_claimed";
        let unreadable = vec![UnreadableSite { name: "fenwick".into(), revision, reason }];
        let sites = TenantSites { unreadable, ..sites() };
        let target = |name: &str| [Target(name.to_owned())];
        let expected = Err(TargetRefusal::Unreadable { name: "fenwick".into(), revision, reason });
        assert_eq!(choose(&sites, &target("fenwick"), RIVERBEND), expected);
        assert_eq!(choose(&sites, &[], "elsewhere"), expected);
        assert!(choose(&sites, &[], SALTMARSH).is_ok(), "the readable sites are not affected");
    }
}
