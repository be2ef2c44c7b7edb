//! A site as the shared registry stores it: its document with a revision, and the previous document. A document that cannot
//! be read affects only its own site, and the previous one serves in its place if that can be read.

use std::{fmt, sync::Arc};

use crate::{
    identifiers::TenantId,
    revision::Revision,
    sites::{Site, SiteFile, SiteFileError, clashes},
};

/// A site as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSite {
    /// The name that it is stored under.
    pub name: String,
    /// The revision of its document.
    pub revision: Revision,
    /// The TOML document: the text of a site file.
    pub document: String,
    /// The document of the previous revision, if there was one.
    pub previous: Option<String>,
}

/// The sites of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantSites {
    /// The sites that can be used.
    pub sites: Vec<Arc<Site>>,
    /// The sites of which no document can be read.
    pub unreadable: Vec<UnreadableSite>,
}

/// A site whose document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableSite {
    /// The name that it is stored under.
    pub name: String,
    /// The revision that cannot be read.
    pub revision: Revision,
}

/// A stored document that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteDocumentError {
    /// The site.
    pub site: UnreadableSite,
    /// What is wrong, with line and fix.
    pub problems: Vec<SiteFileError>,
    /// Whether the previous revision serves in its place.
    pub previous_serves: bool,
}

impl TenantSites {
    /// Creates the sites of a tenant, all of them readable.
    pub fn all(sites: Vec<Arc<Site>>) -> Self {
        Self { sites, unreadable: Vec::new() }
    }

    /// Whether the tenant is not registered.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty() && self.unreadable.is_empty()
    }

    /// Compiles the stored sites of `tenant`, and returns an error for each document that cannot be read.
    pub fn compile(tenant: TenantId, stored: &[StoredSite]) -> (Self, Vec<SiteDocumentError>) {
        let mut compiled = Self::default();
        let mut errors = Vec::new();
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
            errors.push(SiteDocumentError {
                site: site.clone(),
                problems,
                previous_serves: previous.is_some(),
            });
            match previous {
                Some(previous) => compiled.sites.push(previous),
                None => compiled.unreadable.push(site),
            }
        }
        (compiled, errors)
    }

    /// Returns the site of `text`, if it belongs to this tenant and name and does not clash with the sites before it.
    fn read(
        &self,
        tenant: TenantId,
        entry: &StoredSite,
        text: &str,
    ) -> Result<Arc<Site>, Vec<SiteFileError>> {
        let file = SiteFile { name: entry.to_string(), text: text.to_owned() };
        let site = file.compile()?;
        if site.tenant() != tenant || site.name.as_str() != entry.name {
            let message = format!(
                "this is site `{}` of tenant {}, stored in the wrong place",
                site.name,
                site.tenant()
            );
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sites::documents as testing;

    const BROKEN: &str = "name = ";

    fn stored(name: &str, document: &str, previous: Option<&str>) -> StoredSite {
        StoredSite {
            name: name.into(),
            revision: Revision(2),
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

    fn compiled(stored: &[StoredSite]) -> (Vec<String>, Vec<String>, Vec<SiteDocumentError>) {
        let (sites, errors) = TenantSites::compile(testing::site().tenant(), stored);
        assert_eq!(sites.is_empty(), stored.is_empty());
        let readable = sites.sites.iter().map(|site| site.name.to_string()).collect();
        (readable, sites.unreadable.into_iter().map(|site| site.name).collect(), errors)
    }

    #[test]
    fn a_broken_document_affects_only_its_own_site() {
        let own = testing::document();
        let (readable, unreadable, errors) =
            compiled(&[stored("riverbend", &own, None), stored("saltmarsh", BROKEN, Some(BROKEN))]);
        assert_eq!((readable, unreadable), (vec!["riverbend".to_owned()], vec!["saltmarsh".to_owned()]));
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].site.revision, Revision(2));
        assert!(!errors[0].previous_serves);
        let message = errors[0].problems[0].to_string();
        assert!(message.starts_with("site `saltmarsh`, revision 2:1: "), "{message}");
    }

    #[test]
    fn the_previous_revision_serves_if_the_newest_cannot_be_read() {
        let own = testing::document();
        let (readable, unreadable, errors) =
            compiled(&[stored("riverbend", BROKEN, Some(&own)), stored("saltmarsh", &second(), None)]);
        assert_eq!((readable.len(), unreadable.len()), (2, 0));
        assert!(errors[0].previous_serves);
    }

    #[test]
    fn refuses_a_document_in_the_wrong_place() {
        for (name, document) in [
            ("saltmarsh", testing::document()),
            ("riverbend", testing::document().replace("7f2b4d3e", "7f2b4d3f")),
        ] {
            let (readable, unreadable, errors) = compiled(&[stored(name, &document, None)]);
            assert_eq!((readable.len(), unreadable.len()), (0, 1), "{errors:?}");
        }
    }

    /// A token would be for both of them.
    #[test]
    fn refuses_the_second_of_two_sites_with_one_app_registration() {
        let twin = second().replace("0d9f7a55", "0d9f7a54");
        let (readable, unreadable, errors) =
            compiled(&[stored("riverbend", &testing::document(), None), stored("saltmarsh", &twin, None)]);
        assert_eq!((readable, unreadable), (vec!["riverbend".to_owned()], vec!["saltmarsh".to_owned()]));
        assert!(errors[0].problems[0].message.contains("client_id is the same as in site `riverbend`"));
    }

    #[test]
    fn nothing_stored_compiles_to_nothing() {
        assert_eq!(compiled(&[]), (vec![], vec![], vec![]));
    }
}
