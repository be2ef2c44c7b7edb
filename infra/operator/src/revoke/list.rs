//! `pozi revoke list`.

use std::fmt;

use pozi_auth::{
    revision::Revision,
    revocation::{RevocationEntry, RevocationList, RevokedKind},
    timestamp::Timestamp,
};
use serde::Serialize;

use crate::{
    Output, World,
    moments::{rfc3339, utc},
    output::{self, lines},
};

/// The stored list.
#[derive(Debug, Serialize)]
struct Listed {
    sequence: u64,
    ring_revision: Revision,
    entries: Vec<ListedEntry>,
}

#[derive(Debug, Serialize)]
struct ListedEntry {
    kind: &'static str,
    id: String,
    entered: String,
    /// From when new sessions are accepted; never after a key was revoked.
    issued_before: Option<String>,
    by: String,
    #[serde(skip)]
    times: (Timestamp, Option<Timestamp>),
}

/// Shows `list`.
pub(super) fn list(list: &RevocationList, world: &World) -> Output {
    let entry = |entry: &RevocationEntry| {
        let kind = entry.revoked.kind();
        let issued_before = (kind != RevokedKind::Key).then(|| entry.issued_before(world.now));
        ListedEntry {
            kind: kind.name(),
            id: entry.revoked.to_string(),
            entered: rfc3339(entry.entered),
            issued_before: issued_before.map(rfc3339),
            by: entry.by.clone(),
            times: (entry.entered, issued_before),
        }
    };
    let entries = list.entries().iter().map(entry).collect();
    Output::new(&Listed { sequence: list.sequence(), ring_revision: list.ring_revision(), entries })
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = output::table(["KIND", "WHAT", "REVOKED", "ACCEPTED AGAIN FROM", "BY"]);
        for ListedEntry { kind, id, by, times: (entered, from), .. } in &self.entries {
            let from = from.map_or_else(|| "never".to_owned(), utc);
            table.add_row([(*kind).to_owned(), id.clone(), utc(*entered), from, by.clone()]);
        }
        if self.entries.is_empty() {
            writeln!(f, "Nothing is revoked.")?;
        } else {
            write!(f, "{}", lines(&table))?;
        }
        writeln!(
            f,
            "\nThe list has number {}. It knows the key ring up to revision {}.",
            self.sequence, self.ring_revision
        )
    }
}
