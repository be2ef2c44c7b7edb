//! The sites that an explanation is about, read once.

use std::sync::Arc;

use pozi_auth::{
    identifiers::TenantId,
    revocation::RevocationList,
    sites::{Site, SiteFile, SiteName},
    tenants::{RegistryError, SiteRegistry, StoredSite, TenantSites},
    timestamp::Timestamp,
};

use super::ExplainError;
use crate::group_names::GroupNames;

/// The registered sites, as far as they were read.
#[derive(Debug)]
pub(super) enum KnownSites {
    /// All that are stored, and what was revoked.
    Stored(Vec<(TenantId, Vec<StoredSite>)>, RevocationList),
    /// The one of a site file.
    File(SiteFile, Arc<Site>),
}

/// The site that the command line names.
#[derive(Debug)]
pub(super) struct NamedSite {
    /// The site.
    pub site: Arc<Site>,
    /// What people should know about where it comes from.
    pub note: Option<String>,
}

impl KnownSites {
    /// Returns the stored site `name`, as the service uses it.
    pub(super) fn find(&self, name: &SiteName) -> Result<NamedSite, ExplainError> {
        let Self::Stored(tenants, _) = self else { return Err(ExplainError::NoSite(name.clone())) };
        let is_named = |stored: &StoredSite| stored.name == name.as_str();
        let found = tenants.iter().find(|(_, stored)| stored.iter().any(is_named));
        let (tenant, stored) = found.ok_or_else(|| ExplainError::NoSite(name.clone()))?;
        let (sites, errors) = TenantSites::compile(*tenant, stored);
        let error = errors.into_iter().find(|error| error.site.name == name.as_str());
        let cause = error.map(|error| (error.site.revision, error.cause));
        match (sites.sites.into_iter().find(|site| site.name == *name), cause) {
            (Some(site), None) => Ok(NamedSite { site, note: None }),
            (Some(site), Some((revision, cause))) => {
                let note = format!(
                    "The service still uses the revision before {revision}, which has errors:\n{cause}"
                );
                Ok(NamedSite { site, note: Some(note) })
            }
            (None, cause) => {
                let cause = cause.map(|(_, cause)| cause.to_string()).unwrap_or_default();
                Err(ExplainError::Unreadable { site: name.clone(), cause })
            }
        }
    }

    /// Returns what was revoked.
    pub(super) fn revoked(&self) -> RevocationList {
        match self {
            Self::Stored(_, revoked) => revoked.clone(),
            Self::File(..) => RevocationList::default(),
        }
    }

    /// Returns the names of the groups of `site`.
    pub(super) fn names(&self, site: &Site) -> GroupNames {
        match self {
            Self::File(file, _) => GroupNames::of(&file.text),
            Self::Stored(tenants, _) => {
                let mut all = tenants.iter().filter(|(tenant, _)| *tenant == site.tenant());
                let own =
                    all.find_map(|(_, stored)| stored.iter().find(|one| one.name == site.name.as_str()));
                let previous = own.and_then(|own| own.previous.as_deref()).map(GroupNames::of);
                let names = own.map(|own| GroupNames::of(&own.document)).unwrap_or_default();
                names.or(previous.unwrap_or_default())
            }
        }
    }
}

impl SiteRegistry for KnownSites {
    async fn sites_of(&self, tenant: TenantId, _: Timestamp) -> Result<Arc<TenantSites>, RegistryError> {
        let sites = match self {
            Self::File(_, site) if site.tenant() == tenant => TenantSites::all(vec![Arc::clone(site)]),
            Self::File(..) => TenantSites::default(),
            Self::Stored(tenants, _) => {
                let stored = tenants.iter().find(|(known, _)| *known == tenant).map(|(_, stored)| stored);
                stored.map(|stored| TenantSites::compile(tenant, stored).0).unwrap_or_default()
            }
        };
        Ok(Arc::new(sites))
    }
}
