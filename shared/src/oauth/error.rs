//! Every reason for a refusal, one variant each, with the details for the log.

use crate::{
    entra::SubjectRefusal,
    keyring::SigningError,
    session::SessionTooLarge,
    sites::AccessRefusal,
    tenants::{RegistryError, TargetRefusal},
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
    /// The access is not granted.
    #[error(transparent)]
    Access(#[from] AccessRefusal),
    /// The request comes from a page with an origin that the site does not list.
    #[error("the `Origin` header is not one of the site's origins")]
    OriginNotAllowed,
    /// The registry cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Nothing can be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The session allows so much that programs would refuse its header.
    #[error(transparent)]
    SessionTooLarge(#[from] SessionTooLarge),
}

/// What is wrong with a request, apart from the content of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefusal {
    /// The path does not exist.
    #[error("no such path")]
    NotFound,
    /// The path exists, but not for this method.
    #[error("the path does not support this method")]
    MethodNotAllowed,
    /// The `Content-Type` is not that of a form.
    #[error("the body is not a form")]
    UnsupportedMediaType,
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
    #[error("a parameter is repeated")]
    Repeated,
    /// A required parameter is missing.
    #[error("parameter `{0}` is missing")]
    Missing(&'static str),
    /// The grant type is not token exchange.
    #[error("unsupported grant type")]
    UnsupportedGrantType,
    /// The subject token type is neither access token nor JWT.
    #[error("unsupported subject token type")]
    UnsupportedSubjectTokenType,
    /// The requested token type is neither access token nor JWT.
    #[error("unsupported requested token type")]
    UnsupportedRequestedTokenType,
    /// There is an actor token; delegation is not supported.
    #[error("actor tokens are not supported")]
    ActorToken,
    /// The subject token is larger than [`crate::jws::MAX_TOKEN_BYTES`].
    #[error("the subject token is too large")]
    TokenTooLarge,
    /// The scope is not a list of `<catalogue>:<read|write>`.
    #[error("the scope is malformed")]
    InvalidScope,
    /// The resource is not an absolute URI without a fragment.
    #[error("the resource is malformed")]
    InvalidResource,
    /// Answers a request whose handler panicked.
    #[error("internal error")]
    Internal,
}
