//! Every reason for a refusal, one variant each, with what was found, for the log.

use crate::{
    entra::SubjectRefusal,
    keyring::SigningError,
    sites::AccessRefusal,
    tenants::{RegistryError, TargetRefusal},
};

/// Why no session was handed over. `Display` is for the log.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The request itself.
    #[error(transparent)]
    Request(#[from] RequestRefusal),
    /// The subject token.
    #[error(transparent)]
    Subject(#[from] SubjectRefusal),
    /// The site asked for.
    #[error(transparent)]
    Target(#[from] TargetRefusal),
    /// The access asked for.
    #[error(transparent)]
    Access(#[from] AccessRefusal),
    /// A browser that shows another site's page.
    #[error("the origin is none of the site's")]
    OriginNotAllowed,
    /// The registry cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Nothing can be signed.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

/// What is wrong with a request before anybody looks at its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefusal {
    /// No such path.
    #[error("no such path")]
    NotFound,
    /// The path takes other methods.
    #[error("the path takes other methods")]
    MethodNotAllowed,
    /// Not a form.
    #[error("the body is not a form")]
    UnsupportedMediaType,
    /// A body over [`super::MAX_BODY_BYTES`].
    #[error("the body is too large")]
    BodyTooLarge,
    /// The body broke off.
    #[error("the body broke off")]
    BodyUnreadable,
    /// Over [`super::MAX_PARAMETERS`].
    #[error("too many parameters")]
    TooManyParameters,
    /// A parameter that may come once came again.
    #[error("a parameter is repeated")]
    Repeated,
    /// A parameter that must be there is not.
    #[error("parameter `{0}` is missing")]
    Missing(&'static str),
    /// Another grant type than token exchange.
    #[error("another grant type")]
    UnsupportedGrantType,
    /// A subject token type that is neither access token nor JWT.
    #[error("another subject token type")]
    UnsupportedSubjectTokenType,
    /// A requested token type that is neither access token nor JWT.
    #[error("another requested token type")]
    UnsupportedRequestedTokenType,
    /// An actor token: nobody acts for somebody else here.
    #[error("an actor token")]
    ActorToken,
    /// A subject token over [`crate::jws::MAX_TOKEN_BYTES`].
    #[error("the subject token is too large")]
    TokenTooLarge,
    /// A scope that is not `<catalogue>:<read|write>`.
    #[error("the scope is malformed")]
    InvalidScope,
    /// A resource that is not an absolute URI without a fragment.
    #[error("the resource is malformed")]
    InvalidResource,
    /// Something here went wrong.
    #[error("an error of our own")]
    Internal,
}
