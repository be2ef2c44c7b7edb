//! Errors in a configuration.

use std::io;

use pozi_auth::{
    adapters::{AuthorityError, LoadError},
    address::SecureUrlError,
    sites::CatalogueId,
};

use super::document::DocumentError;

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("cannot read {0}: {1}")]
    Read(String, #[source] io::Error),
    /// `gate.toml` is wrong; the path of the file.
    #[error("{0}: {1}")]
    Invalid(String, #[source] DocumentError),
    /// The site file is wrong.
    #[error(transparent)]
    Site(#[from] LoadError),
    /// `site` names a folder that does not have exactly one site.
    #[error("{0} contains {1} sites; set `site` to the file of the one site that this gate serves")]
    SiteCount(String, usize),
    /// Two catalogues have the same project.
    #[error(
        "the catalogues `{0}` and `{1}` have the same project, so `MAP` cannot tell them apart; give each its own project"
    )]
    SharedProject(CatalogueId, CatalogueId),
    /// Keys and revocations cannot be fetched from the issuer's address.
    #[error("issuer: {0}")]
    Issuer(#[source] SecureUrlError),
    /// `ca_file` contains no usable certificate authority; the path of the file.
    #[error("ca_file {0}: {1}")]
    Authorities(String, #[source] AuthorityError),
    /// `[upstream]` or `[qgis]` is wrong.
    #[error(transparent)]
    Upstream(#[from] super::upstream::UpstreamConfigError),
}
