//! The hashes by which a document names sites, people and sessions.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

/// What of a session was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevokedKind {
    /// The key that signed it.
    Key,
    /// Its site: every session of it.
    Site,
    /// Its person: every session of theirs.
    Person,
    /// The session itself.
    Session,
}

/// What a document may name a session by, hashed. To be computed once for each verified session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionMarks {
    site: u64,
    person: u64,
    session: u64,
}

impl RevokedKind {
    /// Returns its name, as in logs and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Site => "site",
            Self::Person => "person",
            Self::Session => "session",
        }
    }
}

impl fmt::Display for RevokedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl SessionMarks {
    /// Hashes the claims `aud`, `sub` and `jti` of a session, in the characters that they have there.
    pub fn of(audience: &str, subject: &str, id: &str) -> Self {
        Self {
            site: mark(RevokedKind::Site, audience),
            person: mark(RevokedKind::Person, subject),
            session: mark(RevokedKind::Session, id),
        }
    }

    /// Returns the marks with what they are of.
    pub(super) fn all(&self) -> [(RevokedKind, u64); 3] {
        [
            (RevokedKind::Site, self.site),
            (RevokedKind::Person, self.person),
            (RevokedKind::Session, self.session),
        ]
    }
}

/// Returns the first 8 bytes, big-endian, of the SHA-256 of `<kind> <text>`.
pub(super) fn mark(kind: RevokedKind, text: &str) -> u64 {
    let mut context = Context::new(&SHA256);
    for part in [kind.name(), " ", text] {
        context.update(part.as_bytes());
    }
    let digest = context.finish();
    digest.as_ref().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Returns `mark` scaled to `0..range`. Order and distribution stay the same.
pub(super) fn scaled(mark: u64, range: u64) -> u64 {
    // Never more than `range`, so that nothing is lost.
    u64::try_from((u128::from(mark) * u128::from(range)) >> 64).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256_hex;

    #[test]
    fn marks_are_the_beginning_of_a_hash_with_its_kind() {
        for kind in [RevokedKind::Site, RevokedKind::Person, RevokedKind::Session] {
            let hash = sha256_hex(format!("{kind} x").as_bytes());
            assert_eq!(format!("{:016x}", mark(kind, "x")), hash[..16]);
        }
    }

    #[test]
    fn scales_to_the_whole_range() {
        for range in [1, 2, 1_000 << 13, 1 << 50] {
            assert_eq!(scaled(0, range), 0);
            assert_eq!(scaled(u64::MAX, range), range - 1);
            assert_eq!(scaled(1 << 63, range), range / 2);
        }
    }
}
