//! Why a command about sites failed.

use std::io;

use pozi_auth::{adapters::LoadError, error::with_causes, revision::Revision, tenants::SiteStoreError};

use super::{LookupError, faults};
use crate::{AwsError, new::NewError};

/// Why a command about sites failed.
#[derive(Debug, thiserror::Error)]
pub enum SiteCommandError {
    /// Site files cannot be read, or have errors.
    #[error(transparent)]
    Files(#[from] LoadError),
    /// The site file was not written.
    #[error(transparent)]
    New(#[from] NewError),
    /// The push was refused or ended early.
    #[error(transparent)]
    Push(#[from] PushError),
    /// There is no such site or revision.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// AWS cannot be used.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A stored site could not be changed.
    #[error("{site} was not changed")]
    Store {
        /// The site.
        site: String,
        /// Why.
        source: StoreError,
    },
    /// A file cannot be written.
    #[error("{0} cannot be written")]
    File(String, #[source] io::Error),
    /// A command that needs one site file was given a folder of several.
    #[error("{0} is not one site file; compare one at a time")]
    OneFile(String),
    /// A name is not that of a site.
    #[error("`{found}` is not a site's name: it {problem}; to compare a file, leave out --from")]
    NotASite {
        /// The name.
        found: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The command line names nothing to move to.
    #[error("say where to move the site: --tenant with --client, --external-url or --internal-url")]
    NothingToMove,
    /// A stored document cannot be edited, because it is not TOML.
    #[error("the stored document cannot be edited; push a corrected file first")]
    NotEditable(#[source] toml_edit::TomlError),
    /// Nobody is there to ask, and the command line does not agree.
    #[error(
        "{preview}nothing was written, because nobody is there to ask; repeat it with --yes (or --confirm, to remove)"
    )]
    NobodyToAsk {
        /// What would be written.
        preview: String,
    },
}

/// Why a push failed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The files have errors, are older than what is stored, or clash with stored sites. Nothing was written.
    #[error(transparent)]
    Files(LoadError),
    /// The stored sites cannot be read. Nothing was written.
    #[error("nothing was written")]
    Read(#[source] AwsError),
    /// A document was not written, and none after it.
    #[error("{done}{site} and the sites after it were not written; check `pozi list`, then push again")]
    Write {
        /// What was done before, in lines.
        done: String,
        /// The site that failed.
        site: String,
        /// Why its document was not written.
        source: StoreError,
    },
    /// A site was written, but its file still says that it was edited from the revision before.
    #[error(
        "{site} was stored as revision {revision}, but the file {file} cannot be updated to say so; pull it again"
    )]
    File {
        /// The site.
        site: String,
        /// Its new revision.
        revision: Revision,
        /// The file.
        file: String,
        /// Why it cannot be written.
        source: std::io::Error,
    },
}

/// Why a write was refused.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// AWS cannot be used.
    #[error(transparent)]
    Aws(AwsError),
    /// Another operator was faster, or another site has the name or the URL.
    #[error(transparent)]
    Refused(SiteStoreError),
}

impl From<SiteStoreError> for StoreError {
    fn from(error: SiteStoreError) -> Self {
        match error {
            SiteStoreError::Unavailable(error) => Self::Aws(error.into()),
            refused => Self::Refused(refused),
        }
    }
}

impl SiteCommandError {
    /// Wraps the error of a write of `site`.
    pub(crate) fn store(site: &str, source: SiteStoreError) -> Self {
        Self::Store { site: site.to_owned(), source: source.into() }
    }

    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Files(_) | Self::Push(PushError::Files(_)) => "files",
            Self::New(error) => error.code(),
            Self::Push(_) => "push",
            Self::Lookup(_) => "not_found",
            Self::Aws(error) => error.code(),
            Self::Store { .. } => "store",
            Self::File(..) => "file",
            Self::OneFile(_) | Self::NotASite { .. } | Self::NothingToMove => "arguments",
            Self::NotEditable(_) => "not_toml",
            Self::NobodyToAsk { .. } => "nobody_to_ask",
        }
    }

    /// Returns what people see: errors in files with their lines.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Files(LoadError::Faulty(errors))
            | Self::Push(PushError::Files(LoadError::Faulty(errors))) => faults::shown(errors),
            _ => with_causes(self),
        }
    }
}
