//! Which site a request means: the one that it names, or else the one that its signed token is for.

use std::sync::Arc;

use super::{TenantSites, UnreadableSite};
use crate::{
    entra::{Cloud, SignedToken},
    error::{Received, shortened},
    revision::Revision,
    sites::Site,
};

/// A `resource` (RFC 8707 §2) or `audience` (RFC 8693 §2.1) of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target(pub String);

/// Why a request does not mean exactly one site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetRefusal {
    /// A name of no site, or of another tenant's site: the two must look the same.
    #[error("{found} names no site of the token's tenant, which has {registered}")]
    Unknown {
        /// The target.
        found: Received,
        /// The names of the tenant's sites.
        registered: String,
    },
    /// Names of several sites. A session is for one.
    #[error("the targets name several sites: {found}")]
    Several {
        /// The first two.
        found: String,
    },
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
    #[error("no target is given, and the token is for `{audience}`, not for {registered}")]
    NotMeant {
        /// Claim `aud`.
        audience: String,
        /// The Application ID URIs of the tenant's sites.
        registered: String,
    },
}

/// Chooses among the sites of the token's tenant. Only a signed token gets so far, so that nobody else can tell what is
/// registered.
pub fn choose<'a>(
    sites: &'a TenantSites,
    targets: &[Target],
    token: &SignedToken,
) -> Result<&'a Arc<Site>, TargetRefusal> {
    choose_for(sites, targets, token.audience())
}

/// Returns the cloud of a tenant: all its sites are in the same one. Fails if none of them can be read.
pub fn cloud_of(sites: &TenantSites) -> Result<Cloud, TargetRefusal> {
    match (sites.sites.first(), sites.unreadable.first()) {
        (Some(site), _) => Ok(site.cloud()),
        (None, Some(site)) => Err(TargetRefusal::unreadable(site)),
        (None, None) => {
            Err(TargetRefusal::Unknown { found: Received::of(""), registered: "none".to_owned() })
        }
    }
}

fn choose_for<'a>(
    sites: &'a TenantSites,
    targets: &[Target],
    audience: &str,
) -> Result<&'a Arc<Site>, TargetRefusal> {
    choose_readable(&sites.sites, targets, audience).map_err(|refusal| {
        match (refusal, sites.unreadable.first()) {
            (TargetRefusal::Unknown { .. } | TargetRefusal::NotMeant { .. }, Some(site)) => {
                TargetRefusal::unreadable(site)
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
    let Some((first, others)) = targets.split_first() else {
        // Registration makes sure that no two sites of a tenant have the same audience.
        let meant = sites.iter().find(|site| site.expected.accepts_audience(audience));
        return meant.ok_or_else(|| TargetRefusal::NotMeant {
            audience: shortened(audience),
            registered: list(sites, |site| format!("`{}`", site.external_url.application_id_uri())),
        });
    };
    let chosen = find(sites, first)?;
    for other in others {
        if find(sites, other)?.name != chosen.name {
            let found = format!("{} and {}", Received::of(&first.0), Received::of(&other.0));
            return Err(TargetRefusal::Several { found });
        }
    }
    Ok(chosen)
}

fn find<'a>(sites: &'a [Arc<Site>], Target(name): &Target) -> Result<&'a Arc<Site>, TargetRefusal> {
    sites.iter().find(|site| site.is_named(name)).ok_or_else(|| TargetRefusal::Unknown {
        found: Received::of(name),
        registered: list(sites, |site| format!("`{}`", site.name)),
    })
}

fn list(sites: &[Arc<Site>], what: impl Fn(&Site) -> String) -> String {
    shortened(&sites.iter().map(|site| what(site)).collect::<Vec<_>>().join(", "))
}

impl TargetRefusal {
    fn unreadable(site: &UnreadableSite) -> Self {
        Self::Unreadable { name: site.name.clone(), revision: site.revision, reason: site.reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::documents as testing;

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
        choose_for(&sites(), &targets, audience).map(|site| site.name.to_string())
    }

    #[test]
    fn accepts_a_site_by_url_or_name_any_number_of_times() {
        assert_eq!(chosen(&[RIVERBEND], SALTMARSH).as_deref(), Ok("riverbend"));
        assert_eq!(chosen(&["saltmarsh", SALTMARSH], RIVERBEND).as_deref(), Ok("saltmarsh"));
    }

    /// RFC 9068 §3.
    #[test]
    fn chooses_the_site_that_the_token_is_for_without_a_target() {
        assert_eq!(chosen(&[], SALTMARSH).as_deref(), Ok("saltmarsh"));
        assert_eq!(chosen(&[], "0D9F7A55-53c5-4a3e-8f5e-0f3a0b6f2c10").as_deref(), Ok("saltmarsh"));
        assert_eq!(
            chosen(&[], "elsewhere"),
            Err(TargetRefusal::NotMeant {
                audience: "elsewhere".into(),
                registered:
                    "`https://poziserver-riverbend.example/pozi`, `https://poziserver-saltmarsh.example/pozi`"
                        .into(),
            })
        );
    }

    /// RFC 8707 §2.2; RFC 9068 §3.
    #[test]
    fn refuses_unknown_and_several_targets() {
        let unknown = Err(TargetRefusal::Unknown {
            found: Received::of("elsewhere"),
            registered: "`riverbend`, `saltmarsh`".into(),
        });
        assert_eq!(chosen(&["elsewhere"], RIVERBEND), unknown);
        assert_eq!(chosen(&[RIVERBEND, "elsewhere"], RIVERBEND), unknown);
        let several = Err(TargetRefusal::Several { found: "`riverbend` and `saltmarsh`".into() });
        assert_eq!(chosen(&["riverbend", "saltmarsh"], RIVERBEND), several);
    }

    #[test]
    fn a_target_that_may_be_an_unreadable_site_is_not_unknown() {
        let revision = Revision(7);
        let unreadable = vec![UnreadableSite { name: "fenwick".into(), revision, reason: "document" }];
        let sites = TenantSites { unreadable, ..sites() };
        let target = |name: &str| [Target(name.to_owned())];
        let expected =
            Err(TargetRefusal::Unreadable { name: "fenwick".into(), revision, reason: "document" });
        assert_eq!(choose_for(&sites, &target("fenwick"), RIVERBEND), expected);
        assert_eq!(choose_for(&sites, &[], "elsewhere"), expected);
        assert!(choose_for(&sites, &[], SALTMARSH).is_ok(), "the readable sites are not affected");
        assert_eq!(cloud_of(&sites), Ok(Cloud::Public));
        let none_readable = TenantSites { sites: vec![], unreadable: sites.unreadable.clone() };
        assert_eq!(cloud_of(&none_readable), expected.map(|_| Cloud::Public));
    }
}
