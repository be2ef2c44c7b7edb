//! Why there is no configuration, each in words that say what to write instead.

use std::{io, path::Path};

use pozi_auth::{
    adapters::{AuthorityError, LoadError},
    address::SecureUrlError,
    sites::CatalogueId,
};

use super::document::DocumentError;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] FileError),
    /// `gate.toml` is wrong; the place and the fix.
    #[error("{0}: {1}")]
    Invalid(String, DocumentError),
    /// The site file is wrong.
    #[error(transparent)]
    Site(#[from] LoadError),
    /// `site` names a folder with another number of sites than one.
    #[error("{0}: there are {1} sites in it; name the file of this gate's one site")]
    Sites(String, usize),
    /// Two catalogues have one project.
    #[error(
        "the catalogues `{0}` and `{1}` have the same project; a request for it would be about both: give each its own"
    )]
    SharedProject(CatalogueId, CatalogueId),
    /// The issuer's address is none that keys are fetched from.
    #[error("issuer: {0}")]
    Keys(#[source] SecureUrlError),
    /// `ca_file` is none.
    #[error("{0}: {1}")]
    Authorities(String, AuthorityError),
    /// `[upstream]` or `[qgis]` is wrong.
    #[error(transparent)]
    Upstream(#[from] super::upstream::UpstreamFault),
}

/// A file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {cause}")]
pub struct FileError {
    path: String,
    #[source]
    cause: io::Error,
}

impl FileError {
    pub(super) fn reading(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.display().to_string();
        move |cause| Self { path, cause }
    }
}
