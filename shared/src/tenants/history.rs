//! Who changed a stored site, and when.

use crate::{revision::Revision, timestamp::Timestamp};

/// A change of a stored site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Who made it: the identity that AWS knows the operator by.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What it was for, if it was more than a new document, such as `rolled back to revision 2`.
    pub note: Option<String>,
}

/// A revision of a site as its history keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastRevision {
    /// The revision.
    pub revision: Revision,
    /// The change that made it.
    pub edit: Edit,
    /// The document; `None` if the site was removed from here, or has another name or tenant since.
    pub document: Option<String>,
}
