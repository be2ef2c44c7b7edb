//! A verified document, and the check of a session against it.

use std::time::Duration;

use super::{
    RevocationDocumentError, RevokedKind, SessionMarks,
    payload::{Group, Payload, read},
};
use crate::{revision::Revision, timestamp::Timestamp};

/// What a verified document says. Only this module makes one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revocations {
    sequence: u64,
    issued_at: Timestamp,
    ring_revision: Revision,
    signed_by: String,
    keys: Vec<String>,
    /// The earliest first.
    groups: Vec<Group>,
}

impl Revocations {
    /// Returns a document that revokes nothing, and that any other one may follow: what holds before the first one is
    /// fetched, or where none is ever.
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns a document that revokes nothing, in place of the first one, which has been awaited since `since`.
    pub fn awaited_since(since: Timestamp) -> Self {
        Self { issued_at: since, ..Self::default() }
    }

    /// Reads the payload of a document that was verified with key `signed_by`.
    pub(super) fn of(payload: Payload, signed_by: &str) -> Result<Self, RevocationDocumentError> {
        let groups = read(&payload)?;
        let Payload { iat, sequence, ring_revision, keys, .. } = payload;
        let revocations =
            Self { sequence, issued_at: iat, ring_revision, signed_by: signed_by.to_owned(), keys, groups };
        if revocations.revokes_key(signed_by) {
            return Err(RevocationDocumentError::RevokedKey(signed_by.to_owned()));
        }
        Ok(revocations)
    }

    /// Returns which of its kinds revokes a session that was signed with the key `key_id` and whose `iat` is `issued`, or `None`
    /// if none does. A key is revoked absolutely, because its holder chooses `iat`; all else, only before a time.
    pub fn revokes(&self, key_id: &str, issued: Timestamp, marks: &SessionMarks) -> Option<RevokedKind> {
        if self.revokes_key(key_id) {
            return Some(RevokedKind::Key);
        }
        let concerned = self.groups.iter().rev().take_while(|group| issued < group.issued_before);
        concerned
            .flat_map(|group| marks.all().into_iter().filter(|(_, mark)| group.contains(*mark)))
            .map(|(kind, _)| kind)
            .next()
    }

    /// Whether it revokes the key `key_id`.
    pub fn revokes_key(&self, key_id: &str) -> bool {
        self.keys.iter().any(|key| key == key_id)
    }

    /// Refuses `next` as the one to hold after this one: if it has a lower number, the same number and an earlier time, or
    /// was signed with a key that this one revokes.
    pub fn check_successor(&self, next: &Self) -> Result<(), RevocationDocumentError> {
        if self.revokes_key(&next.signed_by) {
            return Err(RevocationDocumentError::RevokedKey(next.signed_by.clone()));
        }
        if (next.sequence, next.issued_at) < (self.sequence, self.issued_at) {
            return Err(RevocationDocumentError::Older {
                held: self.sequence,
                held_at: self.issued_at,
                offered: next.sequence,
                offered_at: next.issued_at,
            });
        }
        Ok(())
    }

    /// Returns its number, which grows with every change of the list.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Returns when it was made, rounded down to the minute.
    pub fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// Returns its age at `now`, by its own time: it is made anew every minute, so an old one may be a copy that somebody keeps,
    /// and proves no contact with the service.
    pub fn age(&self, now: Timestamp) -> Duration {
        now.since(self.issued_at)
    }

    /// Returns the highest revision of the key ring that the service knew.
    pub fn ring_revision(&self) -> Revision {
        self.ring_revision
    }

    /// Returns how many keys, sites, people and sessions it revokes.
    pub fn count(&self) -> usize {
        self.keys.len() + self.groups.iter().map(Group::count).sum::<usize>()
    }
}
