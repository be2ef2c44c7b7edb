//! Why an Entra token is not accepted: one variant a reason, with what was found, for the log.

use std::time::Duration;

use crate::{
    identifiers::{ClientId, TenantId},
    json::ClaimError,
    jws::NotAJws,
    timestamp::Timestamp,
};

/// Why a subject token is refused. `Display` is for the log: it may quote claims that are no personal data, never the
/// token. What a caller is told is decided in [`crate::oauth`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectRefusal {
    /// Not a JWT of the shape Entra issues.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// A header that a verifier must understand (`crit`, RFC 7515 §4.1.11) and that nobody here does.
    #[error("the header has `crit`")]
    CriticalHeader,
    /// Signed by something else than RS256, or not at all.
    #[error("signed with `{alg}`, not RS256")]
    UnsupportedAlgorithm {
        /// The header's `alg`.
        alg: String,
    },
    /// A Microsoft Graph token: its header's `nonce` means that only Graph can check the signature.
    #[error("the header has `nonce`: a Microsoft Graph token")]
    GraphToken,
    /// One of our own session tokens.
    #[error("a Pozi session token")]
    PoziToken,
    /// No site is registered for the tenant.
    #[error("no site is registered for tenant {tenant}")]
    UnknownTenant {
        /// Claim `tid`.
        tenant: TenantId,
    },
    /// `iss` is not the one that belongs to `ver` and `tid`.
    #[error("issued by `{found}`, not by `{expected}`")]
    IssuerMismatch {
        /// Claim `iss`.
        found: String,
        /// What it must be.
        expected: String,
    },
    /// `aud` is no form of the site's own name.
    #[error("meant for `{found}`")]
    AudienceMismatch {
        /// Claim `aud`.
        found: String,
    },
    /// Asked for by a client that the site does not list.
    #[error("asked for by client {found}")]
    ClientNotAllowed {
        /// Claim `appid` or `azp`.
        found: ClientId,
    },
    /// A person's token without the scope `user_impersonation`.
    #[error("has no scope `user_impersonation`")]
    ScopeMissing,
    /// An ID token, which tells the browser who signed in and opens nothing.
    #[error("an ID token")]
    IdToken,
    /// A program's own token, with nobody signed in.
    #[error("an app-only token")]
    AppOnlyToken,
    /// Past its `exp`.
    #[error("expired {} s ago", ago.as_secs())]
    Expired {
        /// Seconds since `exp`.
        ago: Duration,
    },
    /// `nbf` or `iat` lies ahead by more than the leeway.
    #[error("not valid before {} (Unix seconds)", valid_from.unix_seconds())]
    NotYetValid {
        /// The later of the two.
        valid_from: Timestamp,
    },
    /// The tenant publishes no key of that id, as far as may be asked now.
    #[error("no key `{key_id}` is published for the tenant")]
    UnknownKey {
        /// The header's `kid`, or `x5t` where there is none.
        key_id: String,
        /// When asking again can help, in whole seconds, where the tenant was not asked this time: another token under
        /// an unknown key had it asked only just.
        retry_after: Option<Duration>,
    },
    /// The key vouches for another issuer only.
    #[error("the key vouches for `{key_issuer}` only")]
    KeyIssuerMismatch {
        /// The key's `issuer`.
        key_issuer: String,
    },
    /// The signature is not of that key over these bytes.
    #[error("the signature does not match")]
    BadSignature,
    /// The tenant's keys cannot be fetched and none are held.
    #[error("the tenant's keys are unavailable")]
    KeysUnavailable {
        /// When asking again can help, in whole seconds.
        retry_after: Duration,
    },
}

/// Why a text is not a JWT of the shape Entra issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not a compact JWS.
    #[error(transparent)]
    NotAJws(#[from] NotAJws),
    /// A claim or header member is missing or has the wrong form.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// `typ` is there and is not `JWT`.
    #[error("`typ` is not JWT")]
    Type,
    /// `ver` is neither 1.0 nor 2.0.
    #[error("`ver` is neither 1.0 nor 2.0")]
    Version,
    /// A member that differs from `tid` in letter case only stands beside it.
    #[error("`tid` comes in several letter cases")]
    TenantTwice,
}

impl From<NotAJws> for SubjectRefusal {
    fn from(problem: NotAJws) -> Self {
        Malformed::from(problem).into()
    }
}

impl From<ClaimError> for SubjectRefusal {
    fn from(problem: ClaimError) -> Self {
        Malformed::from(problem).into()
    }
}
