//! Entra's errors at sign-in, by the number after `AADSTS`.
//!
//! Source: [Microsoft](https://learn.microsoft.com/entra/identity-platform/reference-error-codes).

mod people;
mod registration;
mod requests;

use super::entry::Entry;

/// All of them.
pub(super) const ENTRIES: &[&[Entry]] = &[registration::ENTRIES, people::ENTRIES, requests::ENTRIES];
