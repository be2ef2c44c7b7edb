//! Every reason for a refusal, one variant each, with the details for the log.

use std::{fmt, time::Duration};

use super::urn::{ACCESS_TOKEN_TYPE, GRANT_TYPE, JWT_TYPE};
use crate::{
    entra::{GraphTokenError, MembershipError, SubjectRefusal},
    error::Received,
    jws::MAX_TOKEN_BYTES,
    keyring::SigningError,
    revocation::{RevocationListError, RevokedKind},
    session::SessionTooLarge,
    sites::AccessRefusal,
    tenants::{RegistryError, TargetRefusal},
    timestamp::Timestamp,
};

/// Why no session was issued. `Display` is for the log.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The request is malformed or not supported.
    #[error(transparent)]
    Request(#[from] RequestRefusal),
    /// The subject token is not acceptable.
    #[error(transparent)]
    Subject(#[from] SubjectRefusal),
    /// The request does not identify one site.
    #[error(transparent)]
    Target(#[from] TargetRefusal),
    /// The token lists no groups, and Microsoft Graph did not say which of the site's the person is in.
    #[error(transparent)]
    Memberships(#[from] MembershipError),
    /// The access is not granted.
    #[error(transparent)]
    Access(#[from] AccessRefusal),
    /// The request comes from a page with an origin that the site does not list.
    #[error("the `Origin` is {found}, and the site's are {expected}")]
    OriginNotAllowed {
        /// The header.
        found: Received,
        /// The site's origins, separated by commas.
        expected: String,
    },
    /// The request has several `Origin` headers, which no browser sends.
    #[error("there are several `Origin` headers, or several values in one")]
    OriginRepeated,
    /// The registry cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Nothing can be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// What was issued to the person or for the site before a time was revoked.
    #[error("revoked with the {kind}: issued at {}, and accepted from {} (Unix seconds)", issued.unix_seconds(), accepted_from.unix_seconds())]
    Revoked {
        /// What was revoked.
        kind: RevokedKind,
        /// When the subject token was issued.
        issued: Timestamp,
        /// From when a token is accepted again.
        accepted_from: Timestamp,
    },
    /// There were too many exchanges of late.
    #[error("too many exchanges of {limited} at this instance; the next is allowed in {} ms", retry_after.as_millis())]
    RateLimited {
        /// Of whom.
        limited: Limited,
        /// The time until one is allowed.
        retry_after: Duration,
    },
    /// It is not known what was revoked.
    #[error(transparent)]
    Revocations(#[from] RevocationListError),
    /// The session allows so much that programs would refuse its header.
    #[error(transparent)]
    SessionTooLarge(#[from] SessionTooLarge),
}

/// Whose exchanges are limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// A person's.
    Person,
    /// All those of a tenant.
    Tenant,
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person => "the person",
            Self::Tenant => "the tenant",
        })
    }
}

/// What is wrong with a request, apart from the content of its token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefusal {
    /// The path does not exist.
    #[error("no such path")]
    NotFound,
    /// The path exists, but not for this method.
    #[error("the path does not support this method")]
    MethodNotAllowed,
    /// The path is that of an authorization endpoint, which the service does not have.
    #[error("there is no authorization endpoint")]
    NoAuthorizationEndpoint,
    /// The `Content-Type` is not that of a form.
    #[error("the content type is {0}, not `application/x-www-form-urlencoded`")]
    UnsupportedMediaType(Received),
    /// The body is larger than [`super::MAX_BODY_BYTES`].
    #[error("the body is too large")]
    BodyTooLarge,
    /// The body ended early.
    #[error("the body ended early")]
    BodyUnreadable,
    /// There are more than [`super::MAX_PARAMETERS`].
    #[error("too many parameters")]
    TooManyParameters,
    /// A parameter other than `resource` and `audience` is repeated.
    #[error("the parameter {0} is repeated")]
    Repeated(Received),
    /// A required parameter is missing.
    #[error("parameter `{0}` is missing")]
    Missing(&'static str),
    /// The grant type is not token exchange.
    #[error("the grant type is {0}, not `{GRANT_TYPE}`")]
    UnsupportedGrantType(Received),
    /// The subject token type is neither access token nor JWT.
    #[error("the subject token type is {0}, neither `{ACCESS_TOKEN_TYPE}` nor `{JWT_TYPE}`")]
    UnsupportedSubjectTokenType(Received),
    /// The requested token type is neither access token nor JWT.
    #[error("the requested token type is {0}, neither `{ACCESS_TOKEN_TYPE}` nor `{JWT_TYPE}`")]
    UnsupportedRequestedTokenType(Received),
    /// There is an actor token; delegation is not supported.
    #[error("actor tokens are not supported")]
    ActorToken,
    /// The subject token is larger than [`crate::jws::MAX_TOKEN_BYTES`].
    #[error("the subject token has {bytes} bytes, and {MAX_TOKEN_BYTES} are allowed")]
    TokenTooLarge {
        /// Its length.
        bytes: usize,
    },
    /// The `graph_token` is not a token.
    #[error(transparent)]
    InvalidGraphToken(#[from] GraphTokenError),
    /// The scope is not a list of `<catalogue>:<read|write>`.
    #[error("the scope is {0}, not words of the form `<catalogue>:<read|write>`")]
    InvalidScope(Received),
    /// The scope is present and names no catalogue.
    #[error("the scope is {0}, which names no catalogue")]
    EmptyScope(Received),
    /// The resource is not an absolute URI without a fragment.
    #[error("the resource is {0}, not an absolute URI without a fragment")]
    InvalidResource(Received),
    /// Answers a request whose handler panicked.
    #[error("internal error")]
    Internal,
}
