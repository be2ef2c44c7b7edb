//! What a registry that many machines share keeps of a site: its document, counted by revisions, and the one before. A
//! document that cannot be read costs its own site alone, and where the one before can be, not even that.

use std::{fmt, sync::Arc};

use crate::{
    identifiers::TenantId,
    sites::{Site, SiteFile, SiteFileError, clashes},
};

/// Counts the replacements of a site's document, so that two who replace it at once cannot undo each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SiteRevision(pub u64);

/// A site as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSite {
    /// The name that it is stored under.
    pub name: String,
    /// Counts its documents from 1.
    pub revision: SiteRevision,
    /// The TOML document, as a site file has it.
    pub document: String,
    /// The document of the revision before, where there was one.
    pub previous: Option<String>,
}

/// The sites of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantSites {
    /// Those that can be used.
    pub sites: Vec<Arc<Site>>,
    /// Those that are registered with a document that nothing can be made of.
    pub unreadable: Vec<UnreadableSite>,
}

/// A site whose document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableSite {
    /// The name that it is stored under.
    pub name: String,
    /// The revision that is at fault.
    pub revision: SiteRevision,
}

/// A document that could not be read, for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFault {
    /// Which.
    pub site: UnreadableSite,
    /// What is wrong, with lines and fixes.
    pub problems: Vec<SiteFileError>,
    /// Whether the revision before serves in its place.
    pub previous_serves: bool,
}

impl TenantSites {
    /// Sites that are all without fault.
    pub fn all(sites: Vec<Arc<Site>>) -> Self {
        Self { sites, unreadable: Vec::new() }
    }

    /// Whether the tenant is not registered.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty() && self.unreadable.is_empty()
    }

    /// Compiles what is stored of `tenant`, and says what is wrong with it.
    pub fn compile(tenant: TenantId, stored: &[StoredSite]) -> (Self, Vec<DocumentFault>) {
        let mut compiled = Self::default();
        let mut faults = Vec::new();
        for entry in stored {
            let problems = match compiled.read(tenant, entry, &entry.document) {
                Ok(site) => {
                    compiled.sites.push(site);
                    continue;
                }
                Err(problems) => problems,
            };
            let site = UnreadableSite { name: entry.name.clone(), revision: entry.revision };
            let previous = entry.previous.as_ref().and_then(|text| compiled.read(tenant, entry, text).ok());
            faults.push(DocumentFault { site: site.clone(), problems, previous_serves: previous.is_some() });
            match previous {
                Some(previous) => compiled.sites.push(previous),
                None => compiled.unreadable.push(site),
            }
        }
        (compiled, faults)
    }

    /// The site of `text`, if it is the one that is stored under this tenant and name and gets on with those before it.
    fn read(
        &self,
        tenant: TenantId,
        entry: &StoredSite,
        text: &str,
    ) -> Result<Arc<Site>, Vec<SiteFileError>> {
        let file = SiteFile { name: entry.to_string(), text: text.to_owned() };
        let site = file.compile()?;
        if site.tenant() != tenant || site.name.as_str() != entry.name {
            let message =
                format!("this is `{}` of tenant {}, stored in the wrong place", site.name, site.tenant());
            return Err(vec![SiteFileError { file: file.name, line: None, message }]);
        }
        let clashes: Vec<_> = self
            .sites
            .iter()
            .flat_map(|other| clashes(&file, &site, &format!("site `{}`", other.name), other))
            .collect();
        if clashes.is_empty() { Ok(Arc::new(site)) } else { Err(clashes) }
    }
}

impl fmt::Display for StoredSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "site `{}`, revision {}", self.name, self.revision)
    }
}

impl fmt::Display for SiteRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::documents as testing;

    const BROKEN: &str = "name = ";

    fn stored(name: &str, document: &str, previous: Option<&str>) -> StoredSite {
        StoredSite {
            name: name.into(),
            revision: SiteRevision(2),
            document: document.into(),
            previous: previous.map(str::to_owned),
        }
    }

    fn second() -> String {
        testing::document()
            .replace("\"riverbend\"", "\"saltmarsh\"")
            .replace("poziserver-riverbend", "poziserver-saltmarsh")
            .replace("0d9f7a54", "0d9f7a55")
    }

    fn compiled(stored: &[StoredSite]) -> (Vec<String>, Vec<String>, Vec<DocumentFault>) {
        let (sites, faults) = TenantSites::compile(testing::site().tenant(), stored);
        assert_eq!(sites.is_empty(), stored.is_empty());
        let readable = sites.sites.iter().map(|site| site.name.to_string()).collect();
        (readable, sites.unreadable.into_iter().map(|site| site.name).collect(), faults)
    }

    #[test]
    fn a_broken_document_costs_its_own_site_alone() {
        let own = testing::document();
        let (readable, unreadable, faults) =
            compiled(&[stored("riverbend", &own, None), stored("saltmarsh", BROKEN, Some(BROKEN))]);
        assert_eq!((readable, unreadable), (vec!["riverbend".to_owned()], vec!["saltmarsh".to_owned()]));
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].site.revision, SiteRevision(2));
        assert!(!faults[0].previous_serves);
        let said = faults[0].problems[0].to_string();
        assert!(said.starts_with("site `saltmarsh`, revision 2:1: "), "{said}");
    }

    #[test]
    fn the_revision_before_serves_where_the_newest_cannot_be_read() {
        let own = testing::document();
        let (readable, unreadable, faults) =
            compiled(&[stored("riverbend", BROKEN, Some(&own)), stored("saltmarsh", &second(), None)]);
        assert_eq!((readable.len(), unreadable.len()), (2, 0));
        assert!(faults[0].previous_serves);
    }

    #[test]
    fn a_document_in_the_wrong_place_is_no_ones() {
        for (name, document) in [
            ("saltmarsh", testing::document()),
            ("riverbend", testing::document().replace("7f2b4d3e", "7f2b4d3f")),
        ] {
            let (readable, unreadable, faults) = compiled(&[stored(name, &document, None)]);
            assert_eq!((readable.len(), unreadable.len()), (0, 1), "{faults:?}");
        }
    }

    /// A token could not tell which of the two it is for.
    #[test]
    fn of_two_sites_with_one_registration_the_second_is_refused() {
        let twin = second().replace("0d9f7a55", "0d9f7a54");
        let (readable, unreadable, faults) =
            compiled(&[stored("riverbend", &testing::document(), None), stored("saltmarsh", &twin, None)]);
        assert_eq!((readable, unreadable), (vec!["riverbend".to_owned()], vec!["saltmarsh".to_owned()]));
        assert!(faults[0].problems[0].message.contains("client_id is the same as in site `riverbend`"));
    }

    #[test]
    fn nothing_stored_is_nobody() {
        assert_eq!(compiled(&[]), (vec![], vec![], vec![]));
    }
}
