//! What they may see: a [`Site`] is parsed and compiled when it is loaded, and [`decide`] alone says which of its
//! catalogues a verified subject may read and write; [`explain`] says why.

mod addresses;
mod backslash;
mod choose;
mod decide;
mod document;
mod explain;
mod judge;
mod registered;
mod scope;
mod site;
mod stored;

pub use self::{
    addresses::{ExternalUrl, InternalUrl, Origin},
    backslash::{backslash_advice, escaped_path},
    choose::{Target, TargetRefusal, choose},
    decide::{AccessRefusal, Grant, decide},
    document::{SiteDocument, Who, site_schema},
    explain::{Because, Explained, Verdict, explain},
    registered::{SiteFile, SiteFileProblem, register},
    scope::{Access, CatalogueId, NotACatalogueId, NotAScope, Permission, Scope},
    site::{Catalogue, DEFAULT_SESSION_MINUTES, MAX_SESSION_MINUTES, Site, SiteName, SiteProblem},
    stored::{DocumentFault, SiteRevision, StoredSite, TenantSites, UnreadableSite},
};
#[cfg(test)]
pub(crate) use self::{decide::testing, site::testing as documents};
