//! The numbers that the format and its users agree on.

use std::time::Duration;

use crate::last_good::Lifetimes;

/// The largest document, in bytes.
pub const MAX_REVOCATION_BYTES: usize = 4_096;

/// The `typ` of a document's header, which no token has (RFC 8725 §3.11).
pub const REVOCATIONS_TYPE: &str = "pozi-revocations+jwt";

/// The most entries for sites, people and sessions of a list, and so of a document.
pub(super) const MAX_ENTRIES: usize = 1_000;

/// The most groups of a document.
pub(super) const MAX_GROUPS: usize = 8;

/// How long an exchange uses a list.
pub const LIST_LIFETIMES: Lifetimes = Lifetimes {
    fresh: Duration::from_secs(5),
    background: Duration::ZERO,
    keep: Duration::from_hours(12),
    cooldown: Duration::from_secs(1),
};

/// How long an exchange may use an older list while others read the new one: by so much a revocation comes late there. What is
/// minted meanwhile is covered by the entry as well.
pub const LIST_HELD: Duration = Duration::from_secs(2 * LIST_LIFETIMES.fresh.as_secs());
