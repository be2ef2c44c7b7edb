//! What was revoked, as it is stored.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{RevokedKind, limits::LIST_HELD, marks::mark};
use crate::{
    identifiers::{ObjectId, SessionId, TenantId},
    keyring::KeyId,
    sites::MAX_SESSION_MINUTES,
    timestamp::{CLOCK_AHEAD, Timestamp},
};

/// How long an entry for a site, a person or a session can still matter to a verifier.
const MATTERS_TO_VERIFIERS: Duration = Duration::from_secs(60 * MAX_SESSION_MINUTES + CLOCK_AHEAD.as_secs());

/// How long such an entry is stored: for longer than Entra issues a subject token for (28 h, with Continuous Access Evaluation).
const STORED: Duration = Duration::from_hours(30);

/// How long an entry for a key is stored: a backup of the table may bring the key back.
const KEY_STORED: Duration = Duration::from_hours(9_600);

/// What was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Revoked {
    /// All sessions of a site.
    Site {
        /// Its external URL, `aud` of its sessions.
        url: String,
    },
    /// All sessions of a person, at every site.
    Person {
        /// Their tenant.
        tenant: TenantId,
        /// Their object id in it.
        object: ObjectId,
    },
    /// One session.
    Session {
        /// Its `jti`.
        id: SessionId,
    },
    /// A signing key, absolutely: the holder of a leaked key chooses `iat`, so a time would revoke nothing.
    Key {
        /// Its id.
        id: KeyId,
    },
}

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationEntry {
    /// What was revoked.
    #[serde(flatten)]
    pub revoked: Revoked,
    /// When it was entered.
    pub entered: Timestamp,
    /// Who entered it.
    pub by: String,
    /// When a run of rotation first saw that `entered` is in the future. While it is, this is used instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<Timestamp>,
}

impl Revoked {
    /// Returns its kind.
    pub const fn kind(&self) -> RevokedKind {
        match self {
            Self::Site { .. } => RevokedKind::Site,
            Self::Person { .. } => RevokedKind::Person,
            Self::Session { .. } => RevokedKind::Session,
            Self::Key { .. } => RevokedKind::Key,
        }
    }

    /// Returns the mark of a site, a person or a session.
    fn mark(&self) -> Option<u64> {
        match self {
            Self::Key { .. } => None,
            named => Some(mark(named.kind(), &named.to_string())),
        }
    }
}

/// Writes it as the claim, or the header member, that sessions name it by.
impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site { url } => f.write_str(url),
            Self::Person { tenant, object } => write!(f, "{tenant}.{object}"),
            Self::Session { id } => id.fmt(f),
            Self::Key { id } => id.fmt(f),
        }
    }
}

impl RevocationEntry {
    /// Returns the entry that `by` makes at `now`, in at most 128 characters.
    pub(super) fn new(revoked: Revoked, by: &str, now: Timestamp) -> Self {
        Self { revoked, entered: now, by: by.chars().take(128).collect(), seen: None }
    }

    /// Returns the time before which what it names was issued to be refused, as of `now`: a little after it was entered, for
    /// what an exchange minted that had not read it yet. For a key this says nothing.
    pub fn issued_before(&self, now: Timestamp) -> Timestamp {
        self.known_since(now).unwrap_or(now).plus(LIST_HELD)
    }

    /// Returns its mark and time if it can still matter to a verifier at `now`.
    pub(super) fn live_mark(&self, now: Timestamp) -> Option<(Timestamp, u64)> {
        let issued_before = self.issued_before(now);
        let is_live = issued_before.plus(MATTERS_TO_VERIFIERS) > now;
        Some((issued_before, self.revoked.mark().filter(|_| is_live)?))
    }

    /// Whether it is stored any longer at `now`.
    pub(super) fn is_kept(&self, now: Timestamp) -> bool {
        let stored = if self.revoked.kind() == RevokedKind::Key { KEY_STORED } else { STORED };
        self.known_since(now).is_none_or(|since| now.since(since) < stored)
    }

    /// Returns the entry with the note that it was seen, if its time is in the future and no run has noted that.
    pub(super) fn noted(&self, now: Timestamp) -> Option<Self> {
        self.known_since(now).is_none().then(|| Self { seen: Some(now), ..self.clone() })
    }

    /// Returns since when it counts. `None` if its time is in the future, and no run has noted that: a clock was wrong.
    fn known_since(&self, now: Timestamp) -> Option<Timestamp> {
        let counts = |time: &Timestamp| now.age_of(*time).is_some();
        Some(self.entered).filter(counts).or(self.seen.filter(counts))
    }
}
