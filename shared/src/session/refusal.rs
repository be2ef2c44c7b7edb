//! Why a session is refused.

use super::claims::TYPE;
use crate::{json::ClaimError, jws::JwsError, revision::Revision};

/// Why a session is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionRefusal {
    /// Not a compact JWS.
    #[error(transparent)]
    Malformed(#[from] JwsError),
    /// A claim or header member is missing or has the wrong form.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// Another kind of token, such as an Entra token.
    #[error("not a Pozi session: `typ` is not {TYPE}")]
    NotASession,
    /// The header has `crit`.
    #[error("the header has `crit`")]
    CriticalHeader,
    /// `alg` is not the algorithm of the key.
    #[error("`alg` is not the algorithm of the key")]
    UnsupportedAlgorithm,
    /// The issuer publishes no such key.
    #[error("the issuer publishes no such key")]
    UnknownKey,
    /// The signature is not of that key over these bytes.
    #[error("the signature does not match")]
    BadSignature,
    /// Minted by another issuer.
    #[error("minted by another issuer")]
    IssuerMismatch,
    /// Meant for another site.
    #[error("meant for another site")]
    AudienceMismatch,
    /// Of a person of another tenant than the site's.
    #[error("for a person of another tenant")]
    TenantMismatch,
    /// Past its `exp`.
    #[error("expired")]
    Expired,
    /// Minted in the future.
    #[error("minted in the future")]
    NotYetValid,
    /// `scope` has the wrong form.
    #[error("`scope` is not <catalogue>:<download|read|write>, sorted and separated by one space")]
    Scope,
    /// Decided by a document of the site that is older than the oldest one accepted.
    #[error("decided by {} of the site's document, and the oldest accepted is {minimum}", in_words(*.found))]
    PolicyOutdated {
        /// The session's revision; `None` if it has none.
        found: Option<Revision>,
        /// The oldest one accepted.
        minimum: Revision,
    },
    /// The issuer's keys cannot be fetched.
    #[error("the issuer's keys are unavailable")]
    KeysUnavailable,
}

impl SessionRefusal {
    /// Returns a stable code, for logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Claim(_) => "claim",
            Self::NotASession => "not_a_session",
            Self::CriticalHeader => "critical_header",
            Self::UnsupportedAlgorithm => "unsupported_algorithm",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::AudienceMismatch => "audience_mismatch",
            Self::TenantMismatch => "tenant_mismatch",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Scope => "malformed_scope",
            Self::PolicyOutdated { .. } => "policy_outdated",
            Self::KeysUnavailable => "keys_unavailable",
        }
    }
}

/// Returns a revision in words.
fn in_words(found: Option<Revision>) -> String {
    found.map_or_else(|| "an unknown revision".to_owned(), |found| format!("revision {found}"))
}
