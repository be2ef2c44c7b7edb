//! The reasons of the token exchange. Its own sentences are in `pozi_auth::oauth` and are not repeated here.

mod access;
mod requests;
mod service;
mod tokens;

use super::entry::Entry;

/// All of them.
pub(super) const ENTRIES: &[&[Entry]] =
    &[access::ENTRIES, tokens::ENTRIES, requests::ENTRIES, service::ENTRIES];
