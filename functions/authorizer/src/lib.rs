#![doc = include_str!("../README.md")]

mod answer;
#[cfg(feature = "lambda")]
pub mod aws;
mod event;
mod route;

use pozi_auth::{
    config::{AuthorizerConfig, ResponseKind, RoutePrefix, SessionHeader},
    session::{SessionKeySource, SessionRefusal, SessionVerifier, VerifiedSession, WOULD_BE_REFUSED},
    sites::ExternalUrl,
    timestamp::Clock,
};

pub use self::{answer::Answer, event::Event};
use self::{
    event::{Invoked, SessionHeaderError},
    route::{Route, RouteRefusal},
};

/// The function's state.
#[derive(Debug)]
pub struct Authorizer<C, K> {
    clock: C,
    verifier: SessionVerifier<K>,
    site: ExternalUrl,
    header: SessionHeader,
    parameter: String,
    prefix: RoutePrefix,
    response: ResponseKind,
}

/// The error that API Gateway gets. It answers 401 to exactly `Unauthorized`, and 500 to any other text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizerError {
    /// There is no valid session (REST APIs only: an HTTP API cannot answer 401 for an authorizer).
    #[error("Unauthorized")]
    Unauthorized,
    /// The issuer's keys cannot be fetched. This says nothing about the session, so it must not be cached.
    #[error("the issuer's keys are unavailable")]
    KeysUnavailable,
    /// The revocation document is older than the site accepts. This says nothing about the session, so it must not be cached.
    #[error("the issuer's revocation document is unavailable")]
    RevocationsUnavailable,
    /// The session may become valid: its key is not known yet, or its time has not come. The answer must not be cached (HTTP
    /// APIs only).
    #[error("the session's key is not known, or the session is not valid yet")]
    Undecided,
    /// The API caches answers by something else than the session.
    #[error("the session's header is not an identity source of the API's authorizer")]
    IdentitySource,
    /// The event has no ARN of an API.
    #[error("not an authorizer event: it has no ARN of an API")]
    InvalidEvent,
}

impl<C: Clock, K: SessionKeySource> Authorizer<C, K> {
    /// Creates an authorizer that answers as `config` says, with the keys of `keys`.
    pub fn new(config: AuthorizerConfig, clock: C, keys: K) -> Self {
        let audience = config.audience.as_str().to_owned();
        let verifier = SessionVerifier::new(config.issuer, audience, config.tenant, keys)
            .requiring(config.minimum_revision)
            .limiting(config.revocation_limit);
        Self {
            clock,
            verifier,
            site: config.audience,
            header: config.session_header,
            parameter: config.catalogue_parameter,
            prefix: config.route_prefix,
            response: config.response,
        }
    }

    /// Returns the answer to `event`.
    pub async fn answer(&self, event: &Event) -> Result<Answer, AuthorizerError> {
        let invoked = event.invoked().ok_or(AuthorizerError::InvalidEvent)?;
        let decided = self.decide(event, invoked).await;
        log_decision(&decided);
        let is_simple = self.is_simple(event);
        match decided {
            Ok((session, route)) if is_simple => {
                Ok(Answer::yes(&session, self.site.as_str(), &route.catalogue))
            }
            Ok((session, route)) => {
                Ok(Answer::policy(&session, self.site.as_str(), &route.catalogue, invoked))
            }
            Err(refusal) => match refusal.error(event.is_rest()) {
                Some(error) => Err(error),
                None if is_simple => Ok(Answer::no()),
                None => Ok(Answer::deny_all(invoked)),
            },
        }
    }

    async fn decide(&self, event: &Event, invoked: Invoked<'_>) -> Result<(VerifiedSession, Route), Refusal> {
        let token = event.session(self.header)?;
        if !event.is_cached_by(token) {
            return Err(Refusal::IdentitySource);
        }
        let session = self.verifier.verify(token, self.clock.now()).await?;
        let route = if self.is_simple(event) {
            Route::of_parameter(event, invoked, &self.parameter)
        } else {
            Route::of_path(event, invoked, &self.prefix, &self.parameter)
        };
        match route {
            Ok(route) if session.allows(&route.catalogue, route.access) => Ok((session, route)),
            Ok(_) => Err(Refusal::Scope(Box::new(session))),
            Err(refusal) => Err(Refusal::Route(refusal, Box::new(session))),
        }
    }

    fn is_simple(&self, event: &Event) -> bool {
        self.response == ResponseKind::Simple && event.takes_simple_answer()
    }
}

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Header(#[from] SessionHeaderError),
    #[error("the session's header is not an identity source of the API's authorizer")]
    IdentitySource,
    #[error(transparent)]
    Session(#[from] SessionRefusal),
    #[error("{0}")]
    Route(RouteRefusal, Box<VerifiedSession>),
    #[error("the session does not open the catalogue")]
    Scope(Box<VerifiedSession>),
}

impl Refusal {
    /// Returns a stable code, for the log.
    fn code(&self) -> &'static str {
        match self {
            Self::Header(error) => error.code(),
            Self::IdentitySource => "identity_source",
            Self::Session(refusal) => refusal.code(),
            Self::Route(refusal, _) => refusal.code(),
            Self::Scope(_) => "scope",
        }
    }

    /// Returns the error to answer with, if the refusal is not to be cached or the API can answer 401. A refusal that will
    /// stand may be cached.
    fn error(&self, is_rest: bool) -> Option<AuthorizerError> {
        match self {
            Self::IdentitySource => Some(AuthorizerError::IdentitySource),
            Self::Session(SessionRefusal::KeysUnavailable) => Some(AuthorizerError::KeysUnavailable),
            Self::Session(SessionRefusal::RevocationsUnavailable(_)) => {
                Some(AuthorizerError::RevocationsUnavailable)
            }
            Self::Header(_) | Self::Session(_) if is_rest => Some(AuthorizerError::Unauthorized),
            Self::Session(SessionRefusal::UnknownKey | SessionRefusal::NotYetValid) => {
                Some(AuthorizerError::Undecided)
            }
            Self::Header(_) | Self::Session(_) | Self::Route(..) | Self::Scope(_) => None,
        }
    }

    /// Returns the session, if it is valid.
    fn session(&self) -> Option<&VerifiedSession> {
        match self {
            Self::Route(_, session) | Self::Scope(session) => Some(session),
            _ => None,
        }
    }
}

/// Logs one line for each decision. The session's `jti` leads to the audit event of the exchange.
fn log_decision(decided: &Result<(VerifiedSession, Route), Refusal>) {
    let refusal = decided.as_ref().err();
    let session = decided.as_ref().map_or_else(Refusal::session, |(session, _)| Some(session));
    let would_be_refused = decided
        .as_ref()
        .is_ok_and(|(session, route)| session.opens_by_observation(&route.catalogue, route.access));
    tracing::info!(
        target: "pozi::authorizer",
        decision = if refusal.is_none() { "allowed" } else { "refused" },
        reason = refusal.map(Refusal::code),
        detail = refusal.map(tracing::field::display),
        observed = would_be_refused.then_some(WOULD_BE_REFUSED),
        jti = session.map(VerifiedSession::id),
        "a request was decided"
    );
}
