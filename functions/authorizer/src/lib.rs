#![doc = include_str!("../README.md")]

mod answer;
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

/// What is told to API Gateway as an error. It answers 401 to the first word, as it stands, and 500 to any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// There is no session, or it does not count (REST APIs; HTTP APIs know no 401 from an authorizer).
    #[error("Unauthorized")]
    Unauthorized,
    /// The issuer's keys cannot be had: no fault of the session, and not to be cached.
    #[error("the issuer's keys are unavailable")]
    KeysUnavailable,
    /// The event's ARN is none of an API.
    #[error("not an authorizer's event")]
    NotAnEvent,
}

/// Why a request does not pass, as a word for the log.
type Reason = &'static str;

impl<C: Clock, K: SessionKeySource> Authorizer<C, K> {
    /// Answers as `config` says, with the keys of `keys`.
    pub fn new(config: &AuthorizerConfig, clock: C, keys: K) -> Self {
        Self {
            clock,
            verifier: SessionVerifier::new(config.issuer.clone(), config.audience.clone(), keys),
            site: config.audience.clone(),
            parameter: config.catalogue_parameter.clone(),
            prefix: config.route_prefix.clone(),
            response: config.response,
        }
    }

    /// The answer to `event`.
    pub async fn answer(&self, event: &Event) -> Result<Answer, Failure> {
        let invoked = event.invoked().ok_or(Failure::NotAnEvent)?;
        let is_simple = self.response == ResponseKind::Simple && event.takes_simple_answer();
        let session = match self.session(event).await {
            Ok(session) => session,
            Err(SessionRefusal::KeysUnavailable) => {
                tell(None, Some("keys_unavailable"));
                return Err(Failure::KeysUnavailable);
            }
            Err(refusal) => {
                tracing::debug!(target: LOG, %refusal, "a session does not count");
                tell(None, Some("session"));
                return if event.is_rest() {
                    Err(Failure::Unauthorized)
                } else if is_simple {
                    Ok(Answer::no())
                } else {
                    Ok(Answer::nothing(invoked))
                };
            }
        };
        if !is_simple {
            tell(Some(&session), None);
            return Ok(Answer::all_of(&session, &self.site, invoked, &self.prefix));
        }
        let refusal = self.refuses(event, invoked.method, &session);
        tell(Some(&session), refusal);
        Ok(if refusal.is_none() { Answer::yes(&session, &self.site) } else { Answer::no() })
    }

    async fn session(&self, event: &Event) -> Result<VerifiedSession, SessionRefusal> {
        self.verifier.verify(event.session().unwrap_or_default(), self.clock.now()).await
    }

    /// Why this request may not pass with `session`; nothing when it may.
    fn refuses(&self, event: &Event, method: &str, session: &VerifiedSession) -> Option<Reason> {
        let Some(access) = answer::access_for(method) else { return Some("method") };
        let named = event.parameter(&self.parameter).and_then(|text| text.parse::<CatalogueId>().ok());
        let Some(catalogue) = named else { return Some("no_catalogue") };
        (!session.allows(&catalogue, access)).then_some("scope")
    }
}

const LOG: &str = "pozi::authorizer";

/// One line a decision; the session's `jti` leads to the exchange's audit event.
fn tell(session: Option<&VerifiedSession>, refusal: Option<Reason>) {
    tracing::info!(
        target: LOG,
        decision = if refusal.is_none() { "allowed" } else { "refused" },
        reason = refusal,
        jti = session.map(VerifiedSession::id),
        "a request was authorized or not"
    );
}
