//! Finding a stored site by its name, and reading what is stored of it.

use pozi_auth::revision::Revision;
use pozi_auth::{
    identifiers::TenantId,
    sites::{Site, SiteFile, SiteFileError, SiteName},
    tenants::{AllTenants, Holder, PastRevision, SiteHistory, StoredSite},
    timestamp::Timestamp,
};

use crate::AwsError;

/// A stored site with its tenant.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its tenant.
    pub(crate) tenant: TenantId,
    /// What is stored.
    pub(crate) stored: StoredSite,
}

/// A site or revision is not there.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// No stored site has the name.
    #[error("no site is named {name}{}", known(.stored))]
    NoSite {
        /// The name.
        name: String,
        /// The names of the stored sites.
        stored: Vec<String>,
    },
    /// The site has no such revision.
    #[error("{site} has no revision {revision} in its history; `pozi history {site}` lists them")]
    NoRevision {
        /// The site.
        site: String,
        /// The revision.
        revision: Revision,
    },
    /// The document of a revision has errors.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faulty(Vec<SiteFileError>),
    /// The table cannot be read.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

fn known(stored: &[String]) -> String {
    match stored {
        [] => "; the table has no sites".to_owned(),
        some if some.len() <= 20 => format!("; the sites are {}", some.join(", ")),
        _ => "; `pozi list` lists the sites".to_owned(),
    }
}

/// Finds the stored site named `name`.
pub(crate) async fn find(table: &impl AllTenants, name: &SiteName) -> Result<Found, LookupError> {
    let all = table.all().await.map_err(AwsError::from)?;
    let mut sites = all
        .into_iter()
        .flat_map(|(tenant, sites)| sites.into_iter().map(move |stored| Found { tenant, stored }));
    let mut others = Vec::new();
    let found = sites.find(|found| {
        let is_it = found.stored.name == name.as_str();
        others.extend((!is_it).then(|| found.stored.name.clone()));
        is_it
    });
    found.ok_or_else(|| {
        others.sort();
        LookupError::NoSite { name: name.to_string(), stored: others }
    })
}

impl Found {
    /// Returns the site as a holder of claims.
    pub(crate) fn holder(&self) -> Holder {
        Holder { tenant: self.tenant, site: self.stored.name.clone() }
    }

    /// Returns the site that serves: that of the stored document, or of the previous one if that has errors.
    pub(crate) fn in_use(&self) -> Option<Site> {
        let of = |text: &String| Site::parse(text).ok();
        of(&self.stored.document).or_else(|| self.stored.previous.as_ref().and_then(of))
    }
}

/// Returns the document of `revision`: the stored one, or one of the history.
pub(crate) async fn document_of(
    table: &impl SiteHistory,
    found: &Found,
    revision: Revision,
) -> Result<String, LookupError> {
    if revision == found.stored.revision {
        return Ok(found.stored.document.clone());
    }
    let history = table.history(&found.holder()).await.map_err(AwsError::from)?;
    let is_it = |past: &PastRevision| past.revision == revision && past.document.is_some();
    let recorded = history.into_iter().find(is_it).and_then(|past| past.document);
    let previous =
        || (Revision::after(Some(revision)) == found.stored.revision).then(|| found.stored.previous.clone());
    let missing = LookupError::NoRevision { site: found.stored.name.clone(), revision };
    recorded.or_else(|| previous().flatten()).ok_or(missing)
}

/// Compiles `document`, of `revision` of `site`.
pub(crate) fn compile(site: &str, revision: Revision, document: &str) -> Result<Site, LookupError> {
    file(site, revision, document).compile().map_err(LookupError::Faulty)
}

/// Compiles `document`, of `revision` of `site`, which becomes the revision after `stored` at `now`. Fails also if the site
/// would be observed for too long, or refuse every session.
pub(crate) fn compile_to_store(
    site: &str,
    (revision, stored): (Revision, Revision),
    document: &str,
    now: Timestamp,
) -> Result<Site, LookupError> {
    let file = file(site, revision, document);
    let compiled = file.compile().map_err(LookupError::Faulty)?;
    let next = Revision::after(Some(stored));
    let checked = [file.check_enforcement(now), file.check_minimum_revision(Some(next))];
    let errors: Vec<_> = checked.into_iter().filter_map(Result::err).collect();
    if errors.is_empty() { Ok(compiled) } else { Err(LookupError::Faulty(errors)) }
}

fn file(site: &str, revision: Revision, document: &str) -> SiteFile {
    SiteFile { name: format!("{site}, revision {revision}"), text: document.to_owned() }
}
