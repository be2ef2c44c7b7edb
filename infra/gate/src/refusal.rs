//! The reasons for refusals, and the table from reason to status and `WWW-Authenticate` (RFC 6750 §3).

use http::StatusCode;
use pozi_auth::{
    session::SessionRefusal,
    sites::{Access, CatalogueId},
};

use crate::question::{self, QuestionRefusal};

/// Why access is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The question of the gateway is at fault.
    #[error(transparent)]
    Question(#[from] QuestionRefusal),
    /// There is no session.
    #[error("the request carries no session")]
    NoSession,
    /// The session is invalid.
    #[error(transparent)]
    Session(#[from] SessionRefusal),
    /// The session is valid, but does not grant this access.
    #[error("the session does not grant {1} access to this catalogue")]
    Scope(CatalogueId, Access),
}

impl Refusal {
    /// A stable code, for logs and for those who set up a gateway.
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
            Self::Session(refusal) => refusal.code(),
            Self::Scope(..) => "scope",
        }
    }

    /// The status of the answer. If keys are unavailable it is 503: after a 401, clients would ask for new sessions again and
    /// again.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Question(QuestionRefusal::Repeated(name) | QuestionRefusal::Unreadable(name))
                if is_from_client(name) =>
            {
                StatusCode::UNAUTHORIZED
            }
            Self::Question(_) | Self::Scope(..) => StatusCode::FORBIDDEN,
            Self::Session(SessionRefusal::KeysUnavailable) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoSession | Self::Session(_) => StatusCode::UNAUTHORIZED,
        }
    }

    /// The value of `WWW-Authenticate`, without an error code if there is no session (RFC 6750 §3.1); `None` if no other
    /// session would help. The description is fixed text and repeats nothing of the request.
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

/// Whether the header comes from the client, which could correct it.
fn is_from_client(name: &str) -> bool {
    name == question::SESSION || name == http::header::AUTHORIZATION.as_str()
}

#[cfg(test)]
mod tests {
    use pozi_auth::{json::ClaimError, jws::JwsError, revision::Revision};

    use super::*;

    /// RFC 6750 §3 and RFC 9110 §11.2: quoted strings hold no quote and no backslash.
    /// RFC 6750 §3.1; RFC 9110 §15.5.2.
    #[test]
    fn challenges_have_well_formed_parameters() {
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
                    r#"Bearer realm="pozi", error="invalid_token", error_description="x-pozi-session occurs more than once""#,
                ),
            ),
            (SessionRefusal::KeysUnavailable.into(), 503, None),
        ] {
            assert_eq!((refusal.status().as_u16(), refusal.challenge().as_deref()), (status, challenge));
        }
    }

    /// One of each kind, and every text that a challenge may repeat.
    fn all() -> Vec<Refusal> {
        use QuestionRefusal as Q;
        use SessionRefusal as S;
        let roads: CatalogueId = "roads".parse().unwrap();
        let jws = [
            JwsError::TooLong,
            JwsError::Parts,
            JwsError::Base64("the header"),
            JwsError::Json("the payload"),
        ];
        let claims = [ClaimError::Missing("scope"), ClaimError::WrongForm("scope")];
        let others = [
            S::NotASession,
            S::CriticalHeader,
            S::UnsupportedAlgorithm,
            S::UnknownKey,
            S::BadSignature,
            S::IssuerMismatch,
            S::AudienceMismatch,
            S::TenantMismatch,
            S::Expired,
            S::NotYetValid,
            S::Scope,
            S::PolicyOutdated { found: Some(Revision(3)), minimum: Revision(4) },
            S::PolicyOutdated { found: None, minimum: Revision(4) },
            S::KeysUnavailable,
        ];
        let sessions = jws.map(S::from).into_iter().chain(claims.map(S::from)).chain(others);
        let client = [question::SESSION, "authorization"];
        let questions = client.into_iter().flat_map(|name| [Q::Repeated(name), Q::Unreadable(name)]);
        let access = [Access::Read, Access::Write].map(|access| Refusal::Scope(roads.clone(), access));
        let named = sessions.map(Refusal::from).chain(questions.map(Refusal::from)).chain(access);
        named.chain([Refusal::NoSession]).collect()
    }

    /// RFC 6750 §3.
    #[test]
    fn every_challenge_has_each_parameter_once_and_only_allowed_characters() {
        let is_allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let mut without = Vec::new();
        for refusal in all() {
            let Some(challenge) = refusal.challenge() else {
                without.push(refusal);
                continue;
            };
            let parameters = challenge.strip_prefix("Bearer ").unwrap();
            let mut names = Vec::new();
            for parameter in parameters.split("\", ") {
                let (name, value) = parameter.split_once("=\"").unwrap();
                let value = value.strip_suffix('"').unwrap_or(value);
                assert!(value.bytes().all(is_allowed), "{challenge}");
                assert!(!names.contains(&name), "{challenge}");
                names.push(name);
            }
            assert_eq!(names[0], "realm");
            assert_eq!(names.contains(&"error"), refusal != Refusal::NoSession, "{challenge}");
        }
        assert_eq!(without, [SessionRefusal::KeysUnavailable.into()]);
    }
}
