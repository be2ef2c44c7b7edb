//! Why an Entra token is not accepted, with the details for the log.

use std::time::Duration;

use crate::{
    identifiers::{ClientId, TenantId},
    json::ClaimError,
    jws::JwsError,
    timestamp::Timestamp,
};

/// Why a subject token is refused. `Display` is for the log: it may quote claims that are not personal data, never the
/// token. [`crate::oauth`] decides what the caller is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectRefusal {
    /// Not a JWT as Entra issues them.
    #[error(transparent)]
    Malformed(#[from] MalformedTokenError),
    /// The header has critical extensions (`crit`, RFC 7515 §4.1.11); none is supported.
    #[error("the header has `crit`")]
    CriticalHeader,
    /// Not signed with RS256.
    #[error("signed with `{alg}`, not RS256")]
    UnsupportedAlgorithm {
        /// The header's `alg`.
        alg: String,
    },
    /// A space, a line break or an invisible character.
    #[error("there is a space, a line break or an invisible character {at}")]
    Whitespace {
        /// Where it is.
        at: Place,
    },
    /// A Microsoft Graph token. With a `nonce` in the header, only Graph can check the signature.
    #[error("it is a Microsoft Graph token: {mark}")]
    GraphToken {
        /// By what it is recognised.
        mark: String,
    },
    /// A token that only the holder of a key may use (RFC 7800), or a request signed with that key.
    #[error("it is a proof-of-possession token: {mark}")]
    ProofOfPossession {
        /// By what it is recognised.
        mark: &'static str,
    },
    /// A token of a tenant for customers: Azure AD B2C or Entra External ID.
    #[error("it is of a tenant for customers, with issuer `{issuer}`")]
    B2cToken {
        /// Claim `iss`.
        issuer: String,
    },
    /// A token of a personal Microsoft account.
    #[error("it is of a personal Microsoft account")]
    PersonalAccount,
    /// One of our own session tokens.
    #[error("it is a Pozi session token")]
    PoziToken,
    /// No site is registered for the tenant.
    #[error("no site is registered for tenant {tenant}")]
    UnknownTenant {
        /// Claim `tid`.
        tenant: TenantId,
    },
    /// `iss` does not belong to `ver` and `tid`.
    #[error("issued by `{found}`, not by `{expected}`")]
    IssuerMismatch {
        /// Claim `iss`.
        found: String,
        /// What it must be.
        expected: String,
    },
    /// `aud` is not the site's application.
    #[error("the audience is `{found}`, not the site's application `{application_id_uri}` or {client}")]
    AudienceMismatch {
        /// Claim `aud`.
        found: String,
        /// The site's Application ID URI.
        application_id_uri: String,
        /// The site's client id.
        client: ClientId,
    },
    /// Requested by a client that the site does not list.
    #[error("requested by client {found}, not by {expected}")]
    ClientNotAllowed {
        /// Claim `appid` or `azp`.
        found: ClientId,
        /// The clients that the site lists, separated by commas.
        expected: String,
    },
    /// A person's token without the scope `user_impersonation`.
    #[error("the scope is `{found}`, without `user_impersonation`")]
    ScopeMissing {
        /// Claim `scp`.
        found: String,
    },
    /// An ID token, which gives no access.
    #[error("it is an ID token")]
    IdToken,
    /// The token of a program, without a person.
    #[error("it is an app-only token")]
    AppOnlyToken,
    /// Past its `exp`.
    #[error("expired {} s ago", ago.as_secs())]
    Expired {
        /// Seconds since `exp`.
        ago: Duration,
    },
    /// `nbf` or `iat` is ahead of the clock by more than the leeway.
    #[error("not valid before {}, and it is {} (Unix seconds)", valid_from.unix_seconds(), now.unix_seconds())]
    NotYetValid {
        /// The later of the two.
        valid_from: Timestamp,
        /// The time by this service's clock.
        now: Timestamp,
    },
    /// `iat` is longer ago than the site allows.
    #[error("issued {} s ago, and the site allows {} s", age.as_secs(), limit.as_secs())]
    TooOld {
        /// The time since `iat`.
        age: Duration,
        /// The longest that the site allows.
        limit: Duration,
    },
    /// The newest key set available has no key of that id.
    #[error("the tenant publishes no key `{key_id}`, only {published}")]
    UnknownKey {
        /// The header's `kid`, or `x5t` where there is none.
        key_id: String,
        /// The ids of the keys in that set, separated by commas.
        published: String,
        /// When a retry can help, in whole seconds; `None` if the keys were fetched for this very request. They are not
        /// fetched again soon after another token with an unknown key.
        retry_after: Option<Duration>,
    },
    /// The key belongs to another issuer.
    #[error("the key belongs to issuer `{key_issuer}`, not to `{expected}`")]
    KeyIssuerMismatch {
        /// The key's `issuer`.
        key_issuer: String,
        /// The issuer of the tenant.
        expected: String,
    },
    /// The signature is invalid.
    #[error("the signature does not match")]
    BadSignature,
    /// The tenant's keys cannot be fetched, and none are cached.
    #[error("the tenant's keys are unavailable")]
    KeysUnavailable {
        /// When a retry can help, in whole seconds.
        retry_after: Duration,
    },
}

/// A place in a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Place {
    /// Before it.
    #[error("at its start")]
    Start,
    /// Between two of its characters.
    #[error("in it")]
    Within,
    /// After it.
    #[error("at its end")]
    End,
}

/// Why a text is not a JWT as Entra issues them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedTokenError {
    /// Not a compact JWS.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// A claim or header member is missing or has the wrong form.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// `typ` is present and is not `JWT`.
    #[error("`typ` is `{found}`, not `JWT`")]
    Type {
        /// Header member `typ`.
        found: String,
    },
    /// `ver` is neither 1.0 nor 2.0.
    #[error("`ver` is `{found}`, neither `1.0` nor `2.0`")]
    Version {
        /// Claim `ver`.
        found: String,
    },
    /// A second member differs from `tid` only in letter case.
    #[error("`tid` is repeated in another letter case")]
    AmbiguousTenant,
}

impl From<JwsError> for SubjectRefusal {
    fn from(error: JwsError) -> Self {
        MalformedTokenError::from(error).into()
    }
}

impl From<ClaimError> for SubjectRefusal {
    fn from(error: ClaimError) -> Self {
        MalformedTokenError::from(error).into()
    }
}
