//! The site that is looked at, and its document.

use std::{path::Path, sync::Arc};

use pozi_auth::{
    adapters::{LoadError, read_site_files},
    sites::{Site, SiteFile},
    tenants::{AllTenants, TenantSites},
    timestamp::Timestamp,
};

use super::DoctorError;
use crate::{AwsError, site::check};

/// A site, and what is wrong with its document.
pub(super) struct Subject {
    /// Its name, or that of its file.
    pub(super) name: String,
    /// The site; `None` if its document has errors.
    pub(super) site: Option<Arc<Site>>,
    /// The document's errors, each with its place and fix.
    pub(super) errors: Vec<String>,
    /// What may become an error.
    pub(super) warnings: Vec<String>,
    /// Which revision was read, if it was a stored one.
    pub(super) stored: Option<Stored>,
}

/// How a stored document is in use.
pub(super) struct Stored {
    /// Its revision.
    pub(super) revision: u64,
    /// Whether the revision before it serves in its place.
    pub(super) previous_serves: bool,
}

impl Subject {
    /// Reads the site of a file.
    pub(super) fn of_file(path: &Path, now: Timestamp) -> Result<Self, DoctorError> {
        let name = path.display().to_string();
        let file = match read_site_files(path) {
            Ok(files) => files.into_iter().next(),
            Err(LoadError::Faulty(errors)) => {
                let errors = errors.iter().map(ToString::to_string).collect();
                return Ok(Self { name, site: None, errors, warnings: Vec::new(), stored: None });
            }
            Err(error) => return Err(error.into()),
        };
        let file = file.ok_or_else(|| LoadError::Empty(name.clone()))?;
        let (errors, warnings) = checked(&file, now);
        let site = file.compile().ok().map(Arc::new);
        let name = site.as_ref().map_or(name, |site| site.name.to_string());
        Ok(Self { name, site, errors, warnings, stored: None })
    }

    /// Reads the stored site `name`, as the service would.
    pub(super) async fn stored(
        name: &str,
        table: &impl AllTenants,
        now: Timestamp,
    ) -> Result<Self, DoctorError> {
        let all = table.all().await.map_err(AwsError::from)?;
        let found = all.iter().find_map(|(tenant, stored)| {
            stored.iter().find(|entry| entry.name == name).map(|entry| (*tenant, stored, entry))
        });
        let Some((tenant, stored, entry)) = found else {
            let mut known: Vec<_> =
                all.iter().flat_map(|(_, stored)| stored).map(|entry| entry.name.as_str()).collect();
            known.sort_unstable();
            return Err(DoctorError::NoSuchSite { name: name.to_owned(), known: known.join(", ") });
        };
        let (sites, faults) = TenantSites::compile(tenant, stored);
        let fault = faults.into_iter().find(|fault| fault.site.name == name);
        let file = SiteFile { name: entry.to_string(), text: entry.document.clone() };
        let (errors, warnings) = match &fault {
            Some(fault) => (fault.cause.to_string().lines().map(str::to_owned).collect(), Vec::new()),
            None => checked(&file, now),
        };
        Ok(Self {
            name: name.to_owned(),
            site: sites.sites.into_iter().find(|site| site.name.as_str() == name),
            errors,
            warnings,
            stored: Some(Stored {
                revision: entry.revision.0,
                previous_serves: fault.is_some_and(|fault| fault.previous_serves),
            }),
        })
    }
}

/// Returns the errors and the warnings of `file`.
fn checked(file: &SiteFile, now: Timestamp) -> (Vec<String>, Vec<String>) {
    let texts = |errors: Vec<_>| errors.iter().map(ToString::to_string).collect();
    match check(std::slice::from_ref(file), now) {
        Ok(warnings) => (Vec::new(), texts(warnings)),
        Err(errors) => (texts(errors), Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use pozi_auth::{
        identifiers::TenantId,
        revision::Revision,
        tenants::{Claims, RegistryError, StoredSite},
    };

    use super::*;

    const RIVERBEND: &str = include_str!("../../../local/sites/riverbend.toml");

    struct Table(TenantId, Vec<StoredSite>);

    impl AllTenants for Table {
        async fn all(&self) -> Result<Vec<(TenantId, Vec<StoredSite>)>, RegistryError> {
            Ok(vec![(self.0, self.1.clone())])
        }
    }

    async fn stored(
        document: &str,
        previous: Option<&str>,
        is_claimed: bool,
        name: &str,
    ) -> Result<Subject, String> {
        let site = Site::parse(RIVERBEND).unwrap();
        let entry = StoredSite {
            name: "riverbend".into(),
            revision: Revision(4),
            document: document.into(),
            previous: previous.map(str::to_owned),
            claims: if is_claimed { Claims::held_by(&site) } else { Claims::default() },
            edit: None,
        };
        let now = Timestamp::from_unix_seconds(1_800_000_000);
        Subject::stored(name, &Table(site.tenant(), vec![entry]), now)
            .await
            .map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn reads_a_stored_site_as_the_service_does() {
        let found = stored(RIVERBEND, None, true, "riverbend").await.unwrap();
        assert_eq!((found.errors, found.warnings, found.site.is_some()), (vec![], vec![], true));
        assert_eq!(found.stored.map(|stored| (stored.revision, stored.previous_serves)), Some((4, false)));

        let broken = stored("name = ", Some(RIVERBEND), true, "riverbend").await.unwrap();
        assert!(broken.errors[0].starts_with("site `riverbend`, revision 4:1: "), "{:?}", broken.errors);
        assert_eq!((broken.site.is_some(), broken.stored.unwrap().previous_serves), (true, true));

        let unclaimed = stored(RIVERBEND, None, false, "riverbend").await.unwrap();
        assert!(unclaimed.errors[0].contains("push it again"), "{:?}", unclaimed.errors);
        assert!(unclaimed.site.is_none());
    }

    #[tokio::test]
    async fn names_the_stored_sites_if_there_is_no_such_site() {
        let error = stored(RIVERBEND, None, true, "riverbent").await.err();
        assert_eq!(error.as_deref(), Some("there is no site `riverbent`; the stored sites are: riverbend"));
    }
}
