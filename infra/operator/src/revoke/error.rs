//! Why a command about revocations failed.

use pozi_auth::{
    revocation::{ListFullError, ResumeError, RevocationStoreError},
    tenants::RegistryError,
};

use crate::{AwsError, site::LookupError};

/// Why `pozi revoke` failed.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// AWS cannot be used.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// There is no such site.
    #[error(transparent)]
    Site(#[from] LookupError),
    /// The stored document of the site has errors, so that its external URL is not known.
    #[error(
        "the stored document of {0} has errors, so that its external URL is not known; name the URL instead of the site"
    )]
    UnreadableSite(String),
    /// The argument is neither a site's name nor a URL.
    #[error("`{found}` is neither a URL nor a site's name: a name {problem}")]
    NotASite {
        /// The argument.
        found: String,
        /// What is wrong with it as a name.
        problem: &'static str,
    },
    /// The list takes no more.
    #[error(transparent)]
    Full(#[from] ListFullError),
    /// The list cannot be read or changed.
    #[error(transparent)]
    Store(RevocationStoreError),
    /// The numbering cannot go on there.
    #[error(transparent)]
    Resume(#[from] ResumeError),
    /// Nobody is there to ask, and the command line does not agree.
    #[error("{preview}nothing was done, because nobody is there to ask; repeat it with --yes")]
    NobodyToAsk {
        /// What would be done.
        preview: String,
    },
}

impl RevokeError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Aws(error) => error.code(),
            Self::Site(_) => "not_found",
            Self::UnreadableSite(_) => "site_unreadable",
            Self::NotASite { .. } => "arguments",
            Self::Full(_) => "list_full",
            Self::Store(_) => "store",
            Self::Resume(_) => "resume",
            Self::NobodyToAsk { .. } => "nobody_to_ask",
        }
    }
}

impl From<RevocationStoreError> for RevokeError {
    fn from(error: RevocationStoreError) -> Self {
        match error {
            RevocationStoreError::Unavailable(cause) => Self::Aws(AwsError::Table(RegistryError(cause))),
            error => Self::Store(error),
        }
    }
}
