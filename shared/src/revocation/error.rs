//! Why a document is refused.

use super::limits::{MAX_REVOCATION_BYTES, REVOCATIONS_TYPE};
use crate::{
    error::Received,
    json::ClaimError,
    jws::JwsError,
    timestamp::{CLOCK_AHEAD, Timestamp},
};

/// Why a revocation document is refused. Whatever the reason, a verifier goes on with the document that it holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationDocumentError {
    /// Larger than any that the service publishes.
    #[error("it has {bytes} bytes, and at most {} are read", MAX_REVOCATION_BYTES)]
    TooLong {
        /// Its size.
        bytes: usize,
    },
    /// Not a compact JWS.
    #[error(transparent)]
    Malformed(#[from] JwsError),
    /// A member of the header or payload is missing or has the wrong form.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// Another kind of document or token.
    #[error("its `typ` is not {}", REVOCATIONS_TYPE)]
    OtherType,
    /// The header has `crit`.
    #[error("its header has `crit`")]
    CriticalHeader,
    /// `alg` is not the algorithm of the key.
    #[error("its `alg` is {found}, and the key's is {expected}")]
    Algorithm {
        /// The algorithm of the key.
        expected: &'static str,
        /// What the header says.
        found: Received,
    },
    /// The issuer publishes no such key.
    #[error("the issuer publishes no key {0}")]
    UnknownKey(Received),
    /// The signature is not of that key over these bytes.
    #[error("its signature does not match")]
    BadSignature,
    /// Signed with a key that it revokes itself, or that the document before it revokes.
    #[error("it is signed with key {0}, which is revoked")]
    RevokedKey(String),
    /// Of another issuer.
    #[error("it is of issuer {found} instead of {expected}")]
    Issuer {
        /// The issuer whose documents are read.
        expected: String,
        /// What the payload says.
        found: Received,
    },
    /// Made in the future.
    #[error(
        "it was made {} s from now, and clocks may differ by {} s; check the clock of this machine",
        issued_at.since(*now).as_secs(), CLOCK_AHEAD.as_secs()
    )]
    FromFuture {
        /// Its `iat`.
        issued_at: Timestamp,
        /// The time here.
        now: Timestamp,
    },
    /// Its entries cannot be read.
    #[error("its entries cannot be read")]
    Set(#[from] RevocationSetError),
    /// Older than the document that is held: a copy from before, or of a table that was restored.
    #[error(
        "it has number {offered} of {}, and number {held} of {} is held; if the table was restored, run `pozi revoke resume --after {held}`",
        offered_at.unix_seconds(), held_at.unix_seconds()
    )]
    Older {
        /// The number of the held one.
        held: u64,
        /// Its `iat`.
        held_at: Timestamp,
        /// The number of the refused one.
        offered: u64,
        /// Its `iat`.
        offered_at: Timestamp,
    },
}

/// What is wrong with the entries of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RevocationSetError {
    /// Not base64url without padding.
    #[error("`set` is not base64url without padding")]
    Base64,
    /// More low bits in a code than are used.
    #[error("`rice` is {0}, and at most 40 is used")]
    Rice(u32),
    /// Fewer bits than the lengths say.
    #[error("`set` ends too early")]
    Truncated,
    /// More bits than the lengths say, or a set bit among those that fill the last byte.
    #[error("`set` goes on after its last entry")]
    TrailingBits,
    /// A number beyond the range of its group.
    #[error("an entry is beyond the range of its group")]
    OutOfRange,
    /// More groups or entries than are published, an empty group, or groups out of order.
    #[error("`groups` has a form that is never published")]
    Groups,
    /// A time too far after the document's own, which would end sessions that are still to come.
    #[error("a time in `groups` is too far ahead of `iat`")]
    FromFuture,
    /// A key's id that is not one, or is repeated.
    #[error("`keys` has a form that is never published")]
    Keys,
}

impl RevocationDocumentError {
    /// Returns a stable code, for logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::Malformed(_) => "malformed",
            Self::Claim(_) => "claim",
            Self::OtherType => "other_type",
            Self::CriticalHeader => "critical_header",
            Self::Algorithm { .. } => "unsupported_algorithm",
            Self::UnknownKey(_) => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::RevokedKey(_) => "revoked_key",
            Self::Issuer { .. } => "issuer_mismatch",
            Self::FromFuture { .. } => "from_future",
            Self::Set(_) => "set",
            Self::Older { .. } => "older",
        }
    }
}
