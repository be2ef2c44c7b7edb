//! Authorisation: a [`Site`] is parsed and compiled when it is loaded; [`decide`] alone decides which of its catalogues a
//! verified subject may read and write, and [`explain`] says why.

mod addresses;
mod backslash;
mod decide;
mod document;
mod explain;
mod judge;
mod name;
mod registered;
mod scope;
mod site;
mod text;
mod widest;

pub(crate) use self::registered::clashes;
pub use self::{
    addresses::{ExternalUrl, InternalUrl, Origin},
    backslash::{backslash_advice, escaped_path},
    decide::{AccessRefusal, Grant, decide},
    document::{SiteDocument, Who, site_schema},
    explain::{Because, Explained, Verdict, explain},
    name::SiteName,
    registered::{SiteFile, SiteFileError, register},
    scope::{Access, CatalogueId, CatalogueIdError, Permission, Scope, ScopeError},
    site::{Catalogue, MAX_SESSION_MINUTES, Site, SiteError},
    widest::widest_scope,
};
#[cfg(test)]
pub(crate) use self::{decide::testing, site::testing as documents};
