//! One of each refusal, for lists of all reasons.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use crate::{
    entra::{
        ApplicationError, Cloud, CredentialFormError, GraphTokenError, MalformedTokenError, MembershipError,
        Place, SubjectRefusal,
    },
    error::Received,
    identifiers::{ClientId, TenantId},
    keyring::SigningError,
    last_good::LastGoodError,
    oauth::{ExchangeError, Limited, RequestRefusal},
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
        AccessRefusal::GroupsOverage { cloud: Cloud::Public }.into(),
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
        ExchangeError::RateLimited { limited: Limited::Person, retry_after: Duration::ZERO },
        RevocationListError(LastGoodError::Unavailable { retry_after: Duration::ZERO }).into(),
        SessionTooLarge { found: 0 }.into(),
    ];
    let applications = of_applications().into_iter().map(|error| MembershipError::from(Arc::new(error)));
    let memberships = of_memberships(text).into_iter().chain(applications).map(ExchangeError::from);
    let requests = of_requests(text).into_iter().map(ExchangeError::from);
    requests
        .chain(of_subjects(text).into_iter().map(ExchangeError::from))
        .chain(others)
        .chain(memberships)
        .collect()
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
        R::InvalidGraphToken(GraphTokenError::Characters),
        R::InvalidScope(Received::of(text)),
        R::EmptyScope(Received::of(text)),
        R::InvalidResource(Received::of(text)),
        R::Internal,
    ]
}

fn of_memberships(text: &str) -> Vec<MembershipError> {
    use MembershipError as E;
    let (found, expected) = (ClientId::new(Uuid::nil()), ClientId::new(Uuid::nil()));
    vec![
        E::TooManyGroups { found: 1_001 },
        E::AnotherClient { found, expected },
        E::AnotherPerson,
        E::AnotherTenant { found: text.to_owned(), expected: TenantId::new(Uuid::nil()) },
        E::NotDelegated,
        E::TokenRefused,
        E::Permissions,
        E::NoPerson,
        E::Throttled { retry_after: None },
        E::Throttled { retry_after: Some(Duration::from_secs(17)) },
        E::Outage { status: 503 },
        E::Status { status: 302 },
        E::TimedOut { limit: Duration::from_secs(5) },
        E::NoAnswer("connection reset".into()),
        E::Form("no list".into()),
    ]
}

fn of_applications() -> Vec<ApplicationError> {
    use ApplicationError as E;
    vec![
        E::NoCredential { client: ClientId::new(Uuid::nil()), tenant: TenantId::new(Uuid::nil()) },
        E::Form(CredentialFormError::Members),
        E::Store("down".into()),
        E::Refused { code: Some(7_000_222) },
        E::Permissions,
        E::TokenRefused,
        E::NoPerson,
        E::Throttled { retry_after: None },
        E::Throttled { retry_after: Some(Duration::from_secs(17)) },
        E::Status { status: 302 },
        E::NoAnswer("connection reset".into()),
        E::Answer,
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
    const SOURCES: [&str; 3] =
        [include_str!("../refusal.rs"), include_str!("memberships.rs"), include_str!("subject.rs")];

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
