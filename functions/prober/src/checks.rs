//! The checks of a probe: one half that the service gives a session which its verifiers accept, the other that it refuses.

use std::time::Duration;

use http::{Method, Request, Response, StatusCode, Uri, header::CONTENT_TYPE};
use pozi_auth::{
    error::{shortened, with_causes},
    fetch::{FetchError, ServiceCall},
    issuer::REVOCATIONS_PATH,
    oauth::{ACCESS_TOKEN_TYPE, GRANT_TYPE},
    session::{Issuer, SessionKeySet, SessionVerifier},
    sites::Site,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    ProbeReport,
    documents::{self, Published},
    tenant::SCOPE,
    token::Tokens,
};

/// The checks of one half find an outage, those of the other that somebody gets in who must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Half {
    /// The service must publish keys, and give a valid session.
    Exchange,
    /// The service must refuse, and says why.
    Refusal,
}

/// A check that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Its half.
    pub half: Half,
    /// What was checked.
    pub check: &'static str,
    /// What should have been found.
    pub expected: &'static str,
    /// What was found. Never a token.
    pub actual: String,
}

/// Checks `service`, which signs for `issuer`, at `now`, with the prober's `site`.
pub(crate) struct Checks<'a, S> {
    pub(crate) service: &'a S,
    pub(crate) issuer: &'a Issuer,
    pub(crate) site: &'a Site,
    pub(crate) now: Timestamp,
}

/// A successful answer.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    expires_in: u64,
    scope: String,
}

/// A refusal.
#[derive(Deserialize)]
struct Refused {
    reason: String,
}

/// A check that passed, or not.
type Outcome = Result<(), Failure>;

const KEY_SET: &str = "/.well-known/jwks.json";
/// The reason of a service without keys.
const NO_KEY: &str = "signing_unavailable";

impl Half {
    /// Returns its name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Refusal => "refusal",
        }
    }
}

impl<S: ServiceCall> Checks<'_, S> {
    /// Makes all checks, one after the other, so that a probe needs no more of the service than one client.
    pub(crate) async fn make(&self, tokens: &Tokens) -> ProbeReport {
        let key_set = match self.document(KEY_SET).await {
            Err(reason) if reason == NO_KEY => {
                return ProbeReport { has_keys: false, checks: 0, failures: Vec::new() };
            }
            document => document,
        };
        let mut outcomes = self.exchanges(&tokens.valid, key_set).await.to_vec();
        outcomes.extend([
            self.refusal("a token for another application", "audience_mismatch", &tokens.for_another).await,
            self.refusal("a person in no group", "no_catalogue", &tokens.in_another_group).await,
            self.refusal("a spoiled signature", "bad_signature", &tokens.spoiled).await,
            self.refusal("an expired token", "expired", &tokens.expired).await,
        ]);
        let checks = outcomes.len();
        let failures = outcomes.into_iter().filter_map(Result::err).collect();
        ProbeReport { has_keys: true, checks, failures }
    }

    /// Checks the published documents, and the exchange of `token`.
    async fn exchanges(&self, token: &str, key_set: Result<Vec<u8>, String>) -> [Outcome; 3] {
        let revocations = self.document(REVOCATIONS_PATH).await;
        let (held, listed) = (key_set.clone().unwrap_or_default(), revocations.clone().unwrap_or_default());
        let published = documents::published(self.issuer, held, listed, self.now).await;
        let session = self.session(token, &published).await;
        let status = published.status();
        let key_set = key_set.and_then(|set| SessionKeySet::parse(&set).map_err(|error| with_causes(&error)));
        let revocations = revocations.and_then(|_| match status.refused {
            _ if status.is_received => Ok(()),
            Some(error) => Err(with_causes(&error)),
            None => Err("no key to verify it with".to_owned()),
        });
        [
            check(Half::Exchange, "the key set", "a usable key", key_set.map(drop)),
            check(Half::Exchange, "the revocation document", "a valid document", revocations),
            check(Half::Exchange, "a valid token", "a valid session for probe:read", session),
        ]
    }

    /// Returns the document at `path`, or the reason why there is none.
    async fn document(&self, path: &'static str) -> Result<Vec<u8>, String> {
        let answer = self.call(Method::GET, path, String::new()).await;
        let answer = answer.map_err(|error| with_causes(&error))?;
        if answer.status() == StatusCode::OK { Ok(answer.into_body()) } else { Err(reason(&answer)) }
    }

    /// Exchanges `token`, and verifies the session as the gate and the authorizer do, with what is `published`.
    async fn session(&self, token: &str, published: &Published) -> Result<(), String> {
        let answer = self.exchange(token).await.map_err(|error| with_causes(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(reason(&answer));
        }
        let granted: Granted = serde_json::from_slice(answer.body()).map_err(|_| "no token response")?;
        let verifier = SessionVerifier::of_site(self.issuer.clone(), self.site, published);
        let session = verifier.verify(&granted.access_token, self.now).await;
        let session = session.map_err(|refusal| format!("its session is refused: {refusal}"))?;
        let lifetime = session.expires().since(session.issued());
        if lifetime > self.site.session_life || lifetime != Duration::from_secs(granted.expires_in) {
            return Err(format!("its session lives for {} s", lifetime.as_secs()));
        }
        if session.scope().to_string() != SCOPE || granted.scope != SCOPE || granted.token_type != "Bearer" {
            return Err(format!("a {} session for {}", shortened(&granted.token_type), session.scope()));
        }
        Ok(())
    }

    /// Checks that `token` is refused for the reason `expected`. An outage opens no door: it counts as one of exchanges.
    async fn refusal(&self, name: &'static str, expected: &'static str, token: &str) -> Outcome {
        let (half, actual) = match self.exchange(token).await {
            Ok(answer) if answer.status() == StatusCode::BAD_REQUEST => (Half::Refusal, reason(&answer)),
            Ok(answer) if is_outage(answer.status()) => (Half::Exchange, reason(&answer)),
            Ok(answer) => (Half::Refusal, format!("status {}", answer.status().as_u16())),
            Err(error) => (Half::Exchange, with_causes(&error)),
        };
        let outcome = if actual == expected { Ok(()) } else { Err(actual) };
        check(half, name, expected, outcome)
    }

    async fn exchange(&self, token: &str) -> Result<Response<Vec<u8>>, FetchError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", GRANT_TYPE)
            .append_pair("subject_token_type", ACCESS_TOKEN_TYPE)
            .append_pair("subject_token", token)
            .finish();
        self.call(Method::POST, "/oauth2/token", form).await
    }

    async fn call(
        &self,
        method: Method,
        path: &'static str,
        body: String,
    ) -> Result<Response<Vec<u8>>, FetchError> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = Uri::from_static(path);
        let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        self.service.call(request).await
    }
}

fn check(half: Half, check: &'static str, expected: &'static str, outcome: Result<(), String>) -> Outcome {
    outcome.map_err(|actual| Failure { half, check, expected, actual })
}

fn is_outage(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

/// Returns the reason of a refusal, or the status of an answer without one.
fn reason(answer: &Response<Vec<u8>>) -> String {
    let refused = serde_json::from_slice::<Refused>(answer.body());
    refused.map_or_else(
        |_| format!("status {} without a reason", answer.status().as_u16()),
        |refused| shortened(&refused.reason),
    )
}
