//! The gate's reasons, in its answers and its log. Those about a session are shared with the authorizer.

mod access;
mod qgis;
mod requests;

use super::entry::Entry;

/// All of them.
pub(super) const ENTRIES: &[&[Entry]] = &[access::ENTRIES, requests::ENTRIES, qgis::ENTRIES];
