//! The stored list of what was revoked. Every change makes a new one with a higher number.

use serde::{Deserialize, Serialize};

use super::{RevocationEntry, Revoked, RevokedKind, limits::MAX_ENTRIES};
use crate::{
    identifiers::{ObjectId, TenantId},
    keyring::{KeyId, KeyRequirements, KeyRing},
    revision::Revision,
    timestamp::Timestamp,
};

/// The highest number that every reader of JSON keeps (RFC 7493 §2.2).
const MAX_SEQUENCE: u64 = (1 << 53) - 1;

/// What was revoked, and what is known of the key ring.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevocationList {
    sequence: u64,
    ring_revision: Revision,
    entries: Vec<RevocationEntry>,
}

/// The list takes no more entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{MAX_ENTRIES} sites, people and sessions were revoked within 30 h, and the list takes no more; revoke the site instead, which ends all of its sessions at once"
)]
pub struct ListFullError;

/// The numbering cannot go on after a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// The list is beyond it already.
    #[error("the list has number {current} already, which is higher than {after}; nothing is to be done")]
    NotBehind {
        /// The list's number.
        current: u64,
        /// The number to go on after.
        after: u64,
    },
    /// There is none after it.
    #[error("{0} is not a number that a list ever has")]
    TooHigh(u64),
}

impl RevocationList {
    /// Reads a stored list.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// Returns the list as it is stored.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// Returns its number; 0 before the first change.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Returns the highest revision of the key ring that is known.
    pub fn ring_revision(&self) -> Revision {
        self.ring_revision
    }

    /// Returns the entries, in the order in which they were entered.
    pub fn entries(&self) -> &[RevocationEntry] {
        &self.entries
    }

    /// Returns the ids of revoked keys, in the order in which they were entered.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &KeyId> {
        self.entries
            .iter()
            .filter_map(|entry| if let Revoked::Key { id } = &entry.revoked { Some(id) } else { None })
    }

    /// Returns the entry that refuses what was issued at `issued` to a person for the site with this URL, or `None` if none does.
    pub fn refuses(
        &self,
        (tenant, object): (TenantId, ObjectId),
        site: &str,
        issued: Timestamp,
        now: Timestamp,
    ) -> Option<&RevocationEntry> {
        let concerns = |entry: &&RevocationEntry| match &entry.revoked {
            Revoked::Site { url } => url == site,
            Revoked::Person { tenant: of, object: who } => (*of, *who) == (tenant, object),
            Revoked::Session { .. } | Revoked::Key { .. } => false,
        };
        self.entries.iter().filter(concerns).find(|entry| issued < entry.issued_before(now))
    }

    /// Returns what the key that signs must satisfy.
    pub fn requirements(&self) -> KeyRequirements {
        KeyRequirements { revoked: self.keys().cloned().collect(), ring_from: self.ring_revision }
    }

    /// Returns the list with an entry for `revoked`, made by `by`. An earlier entry for the same is replaced.
    pub fn enter(&self, revoked: Revoked, by: &str, now: Timestamp) -> Result<Self, ListFullError> {
        let new = RevocationEntry::new(revoked, by, now);
        let others = self.entries.iter().filter(|entry| entry.revoked != new.revoked).cloned();
        let next = self.changed(others.chain([new.clone()]), now);
        let counted = next.entries.iter().filter(|entry| entry.revoked.kind() != RevokedKind::Key).count();
        if counted > MAX_ENTRIES { Err(ListFullError) } else { Ok(next) }
    }

    /// Returns the list with what a run of rotation, named `by`, knows of the key ring: its revision, its revoked keys, and that
    /// times of entries are in the future. `None` if the list has it all.
    pub fn record_ring(&self, ring: &KeyRing, revision: Revision, by: &str, now: Timestamp) -> Option<Self> {
        let is_new = |id: &&KeyId| self.keys().all(|known| known != *id);
        let revoked = ring.keys().iter().filter(|key| key.is_revoked()).map(|key| &key.id).filter(is_new);
        let new: Vec<_> =
            revoked.map(|id| RevocationEntry::new(Revoked::Key { id: id.clone() }, by, now)).collect();
        let has_future = self.entries.iter().any(|entry| entry.noted(now).is_some());
        if new.is_empty() && revision <= self.ring_revision && !has_future {
            return None;
        }
        let noted = self.entries.iter().map(|entry| entry.noted(now).unwrap_or_else(|| entry.clone()));
        let next = self.changed(noted.chain(new), now);
        Some(Self { ring_revision: revision.max(self.ring_revision), ..next })
    }

    /// Returns the list that takes a restored ring of the revision `stored` for the current one.
    #[must_use]
    pub fn accept_ring(&self, stored: Revision, now: Timestamp) -> Self {
        Self { ring_revision: stored, ..self.changed(self.entries.iter().cloned(), now) }
    }

    /// Returns the list with a number above `after`, the one that verifiers hold: after a table was restored, whose list has a
    /// lower one.
    pub fn resume(&self, after: u64, now: Timestamp) -> Result<Self, ResumeError> {
        if self.sequence > after {
            return Err(ResumeError::NotBehind { current: self.sequence, after });
        }
        if after >= MAX_SEQUENCE {
            return Err(ResumeError::TooHigh(after));
        }
        Ok(Self { sequence: after + 1, ..self.changed(self.entries.iter().cloned(), now) })
    }

    /// Returns the next list, with those of `entries` that are still stored.
    fn changed(&self, entries: impl Iterator<Item = RevocationEntry>, now: Timestamp) -> Self {
        let sequence = (self.sequence + 1).min(MAX_SEQUENCE);
        let entries = entries.filter(|entry| entry.is_kept(now)).collect();
        Self { sequence, ring_revision: self.ring_revision, entries }
    }
}
