//! A site as the shared registry stores it: its document with a revision, and the previous document. A document that cannot
//! be used affects only its own site. The previous one serves in place of one with errors, if it has none itself.

use std::{fmt, sync::Arc};

use super::{ClaimError, Claims, Edit, Holder};
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
    /// Those of its claims that are stored, whoever holds them.
    pub claims: Claims,
    /// The change that made the revision; `None` if it was stored before changes were recorded.
    pub edit: Option<Edit>,
}

/// The sites of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantSites {
    /// The sites that can be used.
    pub sites: Vec<Arc<Site>>,
    /// The sites of which no document can be used.
    pub unreadable: Vec<UnreadableSite>,
}

/// A site whose document cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableSite {
    /// The name that it is stored under.
    pub name: String,
    /// The revision that cannot be used.
    pub revision: Revision,
    /// The code of the reason, for the log.
    pub reason: &'static str,
}

/// Why a stored document cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnreadableCause {
    /// It has errors, each with its line and fix.
    Document(Vec<SiteFileError>),
    /// The site does not hold its external URL or its name.
    Claim(ClaimError),
}

/// A stored document that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteDocumentError {
    /// The site.
    pub site: UnreadableSite,
    /// What is wrong.
    pub cause: UnreadableCause,
    /// Whether the previous revision serves in its place.
    pub previous_serves: bool,
}

impl StoredSite {
    /// Whether the site, of `tenant`, holds the external URL and the name that it claimed.
    pub fn holds_its_claims(&self, tenant: TenantId) -> bool {
        self.claims.are_all_held_by(&Holder { tenant, site: self.name.clone() })
    }
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

    /// Returns the names of all its sites.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let unreadable = self.unreadable.iter().map(|site| site.name.as_str());
        self.sites.iter().map(|site| site.name.as_str()).chain(unreadable)
    }

    /// Compiles the stored sites of `tenant`, and returns an error for each document that cannot be used.
    pub fn compile(tenant: TenantId, stored: &[StoredSite]) -> (Self, Vec<SiteDocumentError>) {
        let mut compiled = Self::default();
        let mut errors = Vec::new();
        for entry in stored {
            let cause = match compiled.read(tenant, entry, (entry.revision, &entry.document)) {
                Ok(site) => {
                    compiled.sites.push(site);
                    continue;
                }
                Err(cause) => cause,
            };
            let reason = cause.code();
            let site = UnreadableSite { name: entry.name.clone(), revision: entry.revision, reason };
            let previous = compiled.previous(tenant, entry, &cause);
            errors.push(SiteDocumentError { site: site.clone(), cause, previous_serves: previous.is_some() });
            match previous {
                Some(previous) => compiled.sites.push(previous),
                None => compiled.unreadable.push(site),
            }
        }
        (compiled, errors)
    }

    /// Returns the previous site of an entry whose document has errors, if it can be used. A site that does not hold its
    /// claims has no substitute: somebody else may be meant.
    fn previous(&self, tenant: TenantId, entry: &StoredSite, cause: &UnreadableCause) -> Option<Arc<Site>> {
        match cause {
            UnreadableCause::Document(_) => {
                self.read(tenant, entry, (entry.revision.before(), entry.previous.as_ref()?)).ok()
            }
            UnreadableCause::Claim(_) => None,
        }
    }

    /// Returns the site of `text`, if it belongs to this tenant and name, does not clash with the sites before it, and holds
    /// its claims.
    fn read(
        &self,
        tenant: TenantId,
        entry: &StoredSite,
        (revision, text): (Revision, &str),
    ) -> Result<Arc<Site>, UnreadableCause> {
        let file = SiteFile { name: entry.to_string(), text: text.to_owned() };
        let mut site = file.compile()?;
        site.revision = revision;
        if site.tenant() != tenant || site.name.as_str() != entry.name {
            let message = format!(
                "this is site `{}` of tenant {}, stored in the wrong place",
                site.name,
                site.tenant()
            );
            return Err(vec![SiteFileError { file: file.name, line: None, at: None, message }].into());
        }
        let clashes: Vec<_> = self
            .sites
            .iter()
            .flat_map(|other| clashes(&file, &site, &format!("site `{}`", other.name), other))
            .collect();
        if !clashes.is_empty() {
            return Err(clashes.into());
        }
        entry.claims.check(&site)?;
        Ok(Arc::new(site))
    }
}

impl UnreadableCause {
    /// Returns a stable code for the log.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Document(_) => "document",
            Self::Claim(error) => error.code(),
        }
    }
}

impl From<Vec<SiteFileError>> for UnreadableCause {
    fn from(errors: Vec<SiteFileError>) -> Self {
        Self::Document(errors)
    }
}

impl From<ClaimError> for UnreadableCause {
    fn from(error: ClaimError) -> Self {
        Self::Claim(error)
    }
}

impl fmt::Display for UnreadableCause {
    /// Writes a line for each error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(errors) => {
                let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::Claim(error) => error.fmt(f),
        }
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
    use crate::{sites::documents as testing, tenants::Claim};

    const BROKEN: &str = "name = ";

    fn stored(name: &str, document: &str, previous: Option<&str>) -> StoredSite {
        StoredSite {
            name: name.into(),
            revision: Revision(2),
            document: document.into(),
            previous: previous.map(str::to_owned),
            edit: None,
            claims: [document, previous.unwrap_or_default()]
                .into_iter()
                .find_map(|text| Site::parse(text).ok())
                .map(|site| Claims::held_by(&site))
                .unwrap_or_default(),
        }
    }

    fn message(error: &SiteDocumentError) -> String {
        error.cause.to_string()
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
        let message = message(&errors[0]);
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
        assert!(message(&errors[0]).contains("client_id is the same as in site `riverbend`"));
    }

    /// Not even by its previous document: its URL is another site's audience.
    #[test]
    fn a_site_without_its_claims_is_not_served() {
        let own = testing::document();
        let entry = || stored("riverbend", &own, Some(&own));
        let unclaimed = StoredSite { claims: Claims::default(), ..entry() };
        let holder = Holder { tenant: TenantId::new(uuid::Uuid::nil()), site: "fenwick".into() };
        let taken = Claim::of(&testing::site()).into_iter().map(|claim| (claim, holder.clone())).collect();
        let taken = StoredSite { claims: taken, ..entry() };
        let edited = StoredSite { claims: Claims::held_by(&Site::parse(&second()).unwrap()), ..entry() };
        for (entry, code, says) in [
            (unclaimed, "not_claimed", "is not claimed for this site; push it again"),
            (taken, "claimed_by_another", "is claimed by another site, `fenwick`"),
            (edited, "not_claimed", "push it again"),
        ] {
            let (readable, unreadable, errors) = compiled(&[entry, stored("saltmarsh", &second(), None)]);
            assert_eq!(
                (&*readable, &*unreadable),
                (&["saltmarsh".to_owned()][..], &["riverbend".to_owned()][..])
            );
            assert_eq!((errors[0].site.reason, errors[0].previous_serves), (code, false));
            assert!(message(&errors[0]).contains(says), "{errors:?}");
        }
    }

    #[test]
    fn a_previous_document_serves_only_with_its_claims() {
        let own = testing::document();
        let entry = StoredSite { claims: Claims::default(), ..stored("riverbend", BROKEN, Some(&own)) };
        let (readable, unreadable, errors) = compiled(&[entry]);
        assert_eq!((readable.len(), unreadable.len(), errors[0].site.reason), (0, 1, "document"));
    }

    #[test]
    fn nothing_stored_compiles_to_nothing() {
        assert_eq!(compiled(&[]), (vec![], vec![], vec![]));
    }
}
