//! Every reason for a refusal, and the one table from reason to status and `WWW-Authenticate` (RFC 6750 §3).

use http::StatusCode;
use pozi_auth::{
    session::SessionRefusal,
    sites::{Access, CatalogueId},
};

use crate::question::{self, QuestionRefusal};

/// Why a request is not let through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The question.
    #[error(transparent)]
    Question(#[from] QuestionRefusal),
    /// No session came with it.
    #[error("no session")]
    NoSession,
    /// The session.
    #[error(transparent)]
    Session(#[from] SessionRefusal),
    /// The session is good, and does not open this.
    #[error("the session does not open this catalogue for this")]
    Scope(CatalogueId, Access),
}

impl Refusal {
    /// The reason as a word, for logs and for whoever sets up a gateway. Stable.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Question(QuestionRefusal::NoCatalogue) => "no_catalogue",
            Self::Question(QuestionRefusal::UnknownCatalogue) => "unknown_catalogue",
            Self::Question(QuestionRefusal::NoMethod) => "no_method",
            Self::Question(QuestionRefusal::UnknownAccess) => "unknown_access",
            Self::Question(QuestionRefusal::MethodNotForReading) => "method_not_for_reading",
            Self::Question(QuestionRefusal::Repeated(_)) => "repeated_header",
            Self::Question(QuestionRefusal::Unreadable(_)) => "unreadable_header",
            Self::NoSession => "no_session",
            Self::Session(refusal) => of_session(refusal),
            Self::Scope(..) => "scope",
        }
    }

    /// What the gateway is answered. An outage of the keys is no fault of the session: a client told 401 would ask for
    /// a new one again and again.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Question(QuestionRefusal::Repeated(name) | QuestionRefusal::Unreadable(name))
                if is_clients(name) =>
            {
                StatusCode::UNAUTHORIZED
            }
            Self::Question(_) | Self::Scope(..) => StatusCode::FORBIDDEN,
            Self::Session(SessionRefusal::KeysUnavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoSession | Self::Session(_) => StatusCode::UNAUTHORIZED,
        }
    }

    /// `WWW-Authenticate`: without a code for who came without a session (RFC 6750 §3.1), nothing where no session
    /// could help. The description is fixed text: nothing of the request is repeated.
    pub fn challenge(&self) -> Option<String> {
        const REALM: &str = r#"Bearer realm="pozi""#;
        let invalid = |text: &dyn std::fmt::Display| {
            let text = text.to_string().replace(['"', '\\', '`'], "");
            Some(format!(r#"{REALM}, error="invalid_token", error_description="{text}""#))
        };
        match self {
            Self::NoSession => Some(REALM.to_owned()),
            Self::Session(SessionRefusal::KeysUnavailable) => None,
            Self::Session(refusal) => invalid(refusal),
            Self::Scope(catalogue, access) => {
                Some(format!(r#"{REALM}, error="insufficient_scope", scope="{catalogue}:{access}""#))
            }
            Self::Question(refusal) => {
                (self.status() == StatusCode::UNAUTHORIZED).then(|| invalid(refusal)).flatten()
            }
        }
    }
}

/// Whether the header is the client's own, who could send it better.
fn is_clients(name: &str) -> bool {
    name == question::SESSION || name == http::header::AUTHORIZATION.as_str()
}

fn of_session(refusal: &SessionRefusal) -> &'static str {
    match refusal {
        SessionRefusal::Malformed(_) => "malformed",
        SessionRefusal::Claim(_) => "claim",
        SessionRefusal::NotASession => "not_a_session",
        SessionRefusal::CriticalHeader => "critical_header",
        SessionRefusal::UnsupportedAlgorithm => "unsupported_algorithm",
        SessionRefusal::UnknownKey => "unknown_key",
        SessionRefusal::BadSignature => "bad_signature",
        SessionRefusal::IssuerMismatch => "issuer_mismatch",
        SessionRefusal::AudienceMismatch => "audience_mismatch",
        SessionRefusal::Expired => "expired",
        SessionRefusal::NotYetValid => "not_yet_valid",
        SessionRefusal::Scope => "malformed_scope",
        SessionRefusal::KeysUnavailable => "keys_unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6750 §3 and RFC 9110 §11.2: quoted strings without what would end them.
    #[test]
    fn a_challenge_is_one_line_of_well_formed_parameters() {
        let roads: CatalogueId = "roads".parse().unwrap();
        for (refusal, status, challenge) in [
            (Refusal::NoSession, 401, Some(r#"Bearer realm="pozi""#)),
            (
                SessionRefusal::NotASession.into(),
                401,
                Some(
                    r#"Bearer realm="pozi", error="invalid_token", error_description="not a Pozi session: typ is not at+jwt""#,
                ),
            ),
            (
                Refusal::Scope(roads, Access::Write),
                403,
                Some(r#"Bearer realm="pozi", error="insufficient_scope", scope="roads:write""#),
            ),
            (QuestionRefusal::NoCatalogue.into(), 403, None),
            (QuestionRefusal::Repeated(question::CATALOGUE).into(), 403, None),
            (
                QuestionRefusal::Repeated(question::SESSION).into(),
                401,
                Some(
                    r#"Bearer realm="pozi", error="invalid_token", error_description="x-pozi-session came more than once""#,
                ),
            ),
            (SessionRefusal::KeysUnavailable.into(), 503, None),
        ] {
            assert_eq!((refusal.status().as_u16(), refusal.challenge().as_deref()), (status, challenge));
        }
    }
}
