//! One of each refusal, for lists of all reasons.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    entra::{MalformedTokenError, Place, SubjectRefusal},
    error::Received,
    identifiers::{ClientId, TenantId},
    keyring::SigningError,
    last_good::LastGoodError,
    oauth::{ExchangeError, RequestRefusal},
    revision::Revision,
    revocation::{RevocationListError, RevokedKind},
    session::SessionTooLarge,
    sites::{AccessRefusal, Scope},
    tenants::{RegistryError, TargetRefusal},
    timestamp::Timestamp,
};

/// Returns an error for each arm of the table, in which callers' own text is `text`, so that a list of all reasons with their
/// status and sentence can be made. Numbers and ids are examples.
pub fn every_refusal(text: &str) -> Vec<ExchangeError> {
    let others = [
        TargetRefusal::Unknown { found: Received::of(text), registered: text.to_owned() }.into(),
        TargetRefusal::Several { found: text.to_owned() }.into(),
        TargetRefusal::NotMeant { audience: text.to_owned(), registered: text.to_owned() }.into(),
        TargetRefusal::Unreadable { name: text.to_owned(), revision: Revision(1), reason: "document" }.into(),
        AccessRefusal::GroupsOverage.into(),
        AccessRefusal::NoCatalogue { listed: 0 }.into(),
        AccessRefusal::NoCatalogue { listed: 12 }.into(),
        AccessRefusal::GroupsInRoles { count: 1 }.into(),
        AccessRefusal::ScopeNotAllowed { requested: Scope::default(), allowed: Scope::default() }.into(),
        ExchangeError::OriginNotAllowed { found: Received::of(text), expected: text.to_owned() },
        ExchangeError::OriginRepeated,
        RegistryError("down".into()).into(),
        SigningError("down".into()).into(),
        ExchangeError::Revoked {
            kind: RevokedKind::Person,
            issued: Timestamp::default(),
            accepted_from: Timestamp::default(),
        },
        RevocationListError(LastGoodError::Unavailable { retry_after: Duration::ZERO }).into(),
        SessionTooLarge { found: 0 }.into(),
    ];
    let requests = of_requests(text).into_iter().map(ExchangeError::from);
    requests.chain(of_subjects(text).into_iter().map(ExchangeError::from)).chain(others).collect()
}

fn of_requests(text: &str) -> Vec<RequestRefusal> {
    use RequestRefusal as R;
    vec![
        R::NotFound,
        R::MethodNotAllowed,
        R::NoAuthorizationEndpoint,
        R::UnsupportedMediaType(Received::of(text)),
        R::BodyTooLarge,
        R::BodyUnreadable,
        R::TooManyParameters,
        R::Repeated(Received::of(text)),
        R::Missing("grant_type"),
        R::Missing("subject_token"),
        R::Missing("subject_token_type"),
        R::UnsupportedGrantType(Received::of(text)),
        R::UnsupportedSubjectTokenType(Received::of(text)),
        R::UnsupportedRequestedTokenType(Received::of(text)),
        R::ActorToken,
        R::TokenTooLarge { bytes: 20_000 },
        R::InvalidScope(Received::of(text)),
        R::EmptyScope(Received::of(text)),
        R::InvalidResource(Received::of(text)),
        R::Internal,
    ]
}

fn of_subjects(text: &str) -> Vec<SubjectRefusal> {
    use SubjectRefusal as S;
    let client = ClientId::new(Uuid::nil());
    vec![
        S::Malformed(MalformedTokenError::Type { found: text.to_owned() }),
        S::CriticalHeader,
        S::UnsupportedAlgorithm { alg: text.to_owned() },
        S::Whitespace { at: Place::End },
        S::GraphToken { mark: text.to_owned() },
        S::ProofOfPossession { mark: "claim `cnf`" },
        S::B2cToken { issuer: text.to_owned() },
        S::PersonalAccount,
        S::PoziToken,
        S::UnknownTenant { tenant: TenantId::new(Uuid::nil()) },
        S::IssuerMismatch { found: text.to_owned(), expected: text.to_owned() },
        S::AudienceMismatch { found: text.to_owned(), application_id_uri: text.to_owned(), client },
        S::ClientNotAllowed { found: client, expected: text.to_owned() },
        S::ScopeMissing { found: text.to_owned() },
        S::IdToken,
        S::AppOnlyToken,
        S::Expired { ago: Duration::ZERO },
        S::NotYetValid { valid_from: Timestamp::from_unix_seconds(600), now: Timestamp::default() },
        S::TooOld { age: Duration::from_hours(3), limit: Duration::from_hours(2) },
        S::UnknownKey { key_id: text.to_owned(), published: text.to_owned(), retry_after: None },
        S::UnknownKey {
            key_id: text.to_owned(),
            published: text.to_owned(),
            retry_after: Some(Duration::ZERO),
        },
        S::KeyIssuerMismatch { key_issuer: text.to_owned(), expected: text.to_owned() },
        S::BadSignature,
        S::KeysUnavailable { retry_after: Duration::ZERO },
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The table's own source, without tests.
    const SOURCES: [&str; 2] = [include_str!("../refusal.rs"), include_str!("subject.rs")];

    /// Names of parameters, which the table mentions beside codes.
    const PARAMETERS: [&str; 3] = ["grant_type", "subject_token", "subject_token_type"];

    #[test]
    fn no_arm_of_the_table_is_missing() {
        let listed: BTreeSet<_> = every_refusal("")
            .iter()
            .map(ExchangeError::refusal)
            .flat_map(|told| [told.reason, told.error])
            .collect();
        for source in SOURCES {
            let production = source.split("#[cfg(test)]").next().unwrap();
            let is_code = |text: &&str| {
                !text.is_empty()
                    && text
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            };
            for code in production.split('"').skip(1).step_by(2).filter(is_code) {
                assert!(listed.contains(code) || PARAMETERS.contains(&code), "add a refusal with `{code}`");
            }
        }
    }
}
