//! Authorisation: a [`Site`] is parsed and compiled when it is loaded; [`decide`] alone decides which of its catalogues a
//! verified subject may read and write, and [`explain`] says why.

mod addresses;
mod characters;
mod checks;
mod closed;
mod decide;
mod document;
mod encoding;
mod enforcement;
mod error;
mod explain;
mod fields;
mod judge;
mod name;
mod origin;
mod path_style;
mod read;
mod registered;
mod scope;
mod site;
mod syntax;
mod text;
mod widest;

pub(crate) use self::registered::clashes;
pub use self::{
    addresses::{ExternalUrl, InternalUrl},
    closed::{closed, would_close},
    decide::{AccessRefusal, Grant, Observed, allowed, decide},
    document::{
        Download, GraphPermissions, MAX_DOCUMENT_BYTES, MAX_SESSION_MINUTES, PastRevocationLimit,
        REVOCATION_LIMIT_MINUTES, SiteDocument, Who, site_schema,
    },
    enforcement::{Day, Enforcement, MAX_OBSERVED_DAYS, ObservedTooLongError},
    error::SiteError,
    explain::{Explained, Verdict, explain},
    judge::Because,
    name::SiteName,
    origin::{Origin, OriginError},
    path_style::PathStyle,
    registered::{SiteFile, SiteFileError, register},
    scope::{Access, CatalogueId, CatalogueIdError, Permission, Scope, ScopeError},
    site::{Catalogue, Site},
    syntax::{escaped_path, syntax_advice},
    widest::{opened_scope, widest_scope},
};
#[cfg(test)]
pub(crate) use self::{decide::testing, site::testing as documents};
