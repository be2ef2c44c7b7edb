//! Revisions of stored documents.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Counts the documents that were stored in one place, from 1. A writer names the revision that it read, so that of two
/// writers at once the second is refused instead of undoing the first one's change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision after `current`; the first one where nothing is stored yet.
    #[must_use]
    pub fn after(current: Option<Self>) -> Self {
        Self(current.map_or(1, |Self(count)| count.saturating_add(1)))
    }

    /// Returns the revision before this one. The first one has none, and stays.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.saturating_sub(1).max(1))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
