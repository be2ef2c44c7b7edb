#![doc = include_str!("../README.md")]

mod answer;
#[cfg(feature = "lambda")]
pub mod aws;
mod event;

use pozi_auth::{
    config::{AuthorizerConfig, ResponseKind, RoutePrefix},
    session::{SessionKeySource, SessionRefusal, SessionVerifier, VerifiedSession},
    sites::CatalogueId,
    timestamp::Clock,
};

pub use self::{answer::Answer, event::Event};

/// The function's state.
#[derive(Debug)]
pub struct Authorizer<C, K> {
    clock: C,
    verifier: SessionVerifier<K>,
    site: String,
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
    /// The event has no ARN of an API.
    #[error("not an authorizer event: it has no ARN of an API")]
    InvalidEvent,
}

/// Why a request is refused, as a stable word for the log.
type Reason = &'static str;

impl<C: Clock, K: SessionKeySource> Authorizer<C, K> {
    /// Creates an authorizer that answers as `config` says, with the keys of `keys`.
    pub fn new(config: AuthorizerConfig, clock: C, keys: K) -> Self {
        Self {
            clock,
            verifier: SessionVerifier::new(config.issuer, config.audience.clone(), config.tenant, keys),
            site: config.audience,
            parameter: config.catalogue_parameter,
            prefix: config.route_prefix,
            response: config.response,
        }
    }

    /// Returns the answer to `event`.
    pub async fn answer(&self, event: &Event) -> Result<Answer, AuthorizerError> {
        let invoked = event.invoked().ok_or(AuthorizerError::InvalidEvent)?;
        let is_simple = self.response == ResponseKind::Simple && event.takes_simple_answer();
        let session = match self.session(event).await {
            Ok(session) => session,
            Err(SessionRefusal::KeysUnavailable) => {
                log_decision(None, Some("keys_unavailable"));
                return Err(AuthorizerError::KeysUnavailable);
            }
            Err(refusal) => {
                tracing::debug!(target: LOG, %refusal, "a session is not valid");
                log_decision(None, Some("session"));
                return if event.is_rest() {
                    Err(AuthorizerError::Unauthorized)
                } else if is_simple {
                    Ok(Answer::no())
                } else {
                    Ok(Answer::deny_all(invoked))
                };
            }
        };
        if !is_simple {
            log_decision(Some(&session), None);
            return Ok(Answer::policy(&session, &self.site, invoked, &self.prefix));
        }
        let refusal = self.refusal(event, invoked.method, &session);
        log_decision(Some(&session), refusal);
        Ok(if refusal.is_none() { Answer::yes(&session, &self.site) } else { Answer::no() })
    }

    async fn session(&self, event: &Event) -> Result<VerifiedSession, SessionRefusal> {
        self.verifier.verify(event.session().unwrap_or_default(), self.clock.now()).await
    }

    /// Returns why `session` does not allow the request, or `None` if it does.
    fn refusal(&self, event: &Event, method: &str, session: &VerifiedSession) -> Option<Reason> {
        let Some(access) = answer::access_for(method) else { return Some("method") };
        let named = event.parameter(&self.parameter).and_then(|text| text.parse::<CatalogueId>().ok());
        let Some(catalogue) = named else { return Some("no_catalogue") };
        (!session.allows(&catalogue, access)).then_some("scope")
    }
}

const LOG: &str = "pozi::authorizer";

/// Logs one line for each decision. The session's `jti` leads to the audit event of the exchange.
fn log_decision(session: Option<&VerifiedSession>, refusal: Option<Reason>) {
    tracing::info!(
        target: LOG,
        decision = if refusal.is_none() { "allowed" } else { "refused" },
        reason = refusal,
        jti = session.map(VerifiedSession::id),
        "a request was decided"
    );
}
