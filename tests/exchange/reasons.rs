//! All reasons for a refusal: each has one code, one status and one sentence.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use pozi_auth::{
    entra::{MalformedTokenError, Place, SubjectRefusal},
    error::Received,
    identifiers::{ClientId, TenantId},
    keyring::SigningError,
    oauth::{ExchangeError, RequestRefusal},
    session::SessionTooLarge,
    sites::{AccessRefusal, Scope},
    tenants::{RegistryError, TargetRefusal},
    timestamp::Timestamp,
};
use pozi_tests::{World, invalid_tokens};
use uuid::Uuid;

/// The codes that several refusals share, since they mean the same to the caller, and how many share each.
const SHARED: [(&str, usize); 4] =
    [("audience_mismatch", 2), ("missing_parameter", 3), ("no_catalogue", 2), ("unknown_key", 2)];

/// Text that a caller may have chosen.
const CHOSEN: &str = "\"a\\ b\u{e9}\n\u{7f}";

fn of_requests() -> Vec<RequestRefusal> {
    use RequestRefusal as R;
    vec![
        R::NotFound,
        R::MethodNotAllowed,
        R::NoAuthorizationEndpoint,
        R::UnsupportedMediaType(Received::of(CHOSEN)),
        R::BodyTooLarge,
        R::BodyUnreadable,
        R::TooManyParameters,
        R::Repeated(Received::of(CHOSEN)),
        R::Missing("grant_type"),
        R::Missing("subject_token"),
        R::Missing("subject_token_type"),
        R::UnsupportedGrantType(Received::of(CHOSEN)),
        R::UnsupportedSubjectTokenType(Received::of(CHOSEN)),
        R::UnsupportedRequestedTokenType(Received::of(CHOSEN)),
        R::ActorToken,
        R::TokenTooLarge { bytes: 20_000 },
        R::InvalidScope(Received::of(CHOSEN)),
        R::EmptyScope(Received::of(CHOSEN)),
        R::InvalidResource(Received::of(CHOSEN)),
        R::Internal,
    ]
}

fn of_subjects() -> Vec<SubjectRefusal> {
    use SubjectRefusal as S;
    let text = || CHOSEN.to_owned();
    let client = ClientId::new(Uuid::nil());
    vec![
        S::Malformed(MalformedTokenError::Type { found: text() }),
        S::CriticalHeader,
        S::UnsupportedAlgorithm { alg: text() },
        S::Whitespace { at: Place::End },
        S::GraphToken { mark: text() },
        S::ProofOfPossession { mark: "claim `cnf`" },
        S::B2cToken { issuer: text() },
        S::PersonalAccount,
        S::PoziToken,
        S::UnknownTenant { tenant: TenantId::new(Uuid::nil()) },
        S::IssuerMismatch { found: text(), expected: text() },
        S::AudienceMismatch { found: text(), application_id_uri: text(), client },
        S::ClientNotAllowed { found: client, expected: text() },
        S::ScopeMissing { found: text() },
        S::IdToken,
        S::AppOnlyToken,
        S::Expired { ago: Duration::ZERO },
        S::NotYetValid { valid_from: Timestamp::default(), now: Timestamp::default() },
        S::TooOld { age: Duration::ZERO, limit: Duration::ZERO },
        S::UnknownKey { key_id: text(), published: text(), retry_after: None },
        S::UnknownKey { key_id: text(), published: text(), retry_after: Some(Duration::ZERO) },
        S::KeyIssuerMismatch { key_issuer: text(), expected: text() },
        S::BadSignature,
        S::KeysUnavailable { retry_after: Duration::ZERO },
    ]
}

fn all() -> Vec<ExchangeError> {
    let text = || CHOSEN.to_owned();
    let others = [
        TargetRefusal::Unknown { found: Received::of(CHOSEN), registered: text() }.into(),
        TargetRefusal::Several { found: text() }.into(),
        TargetRefusal::NotMeant { audience: text(), registered: text() }.into(),
        AccessRefusal::GroupsOverage.into(),
        AccessRefusal::NoCatalogue { listed: 0 }.into(),
        AccessRefusal::NoCatalogue { listed: 1 }.into(),
        AccessRefusal::GroupsInRoles { count: 1 }.into(),
        AccessRefusal::ScopeNotAllowed { requested: Scope::default(), allowed: Scope::default() }.into(),
        ExchangeError::OriginNotAllowed { found: Received::of(CHOSEN), expected: text() },
        ExchangeError::OriginRepeated,
        RegistryError("down".into()).into(),
        SigningError("down".into()).into(),
        SessionTooLarge { found: 0 }.into(),
    ];
    let requests = of_requests().into_iter().map(ExchangeError::from);
    requests.chain(of_subjects().into_iter().map(ExchangeError::from)).chain(others).collect()
}

/// RFC 6749 §5.2.
#[test]
fn every_refusal_has_its_own_reason() {
    let mut by_reason: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for refusal in all().iter().map(ExchangeError::refusal) {
        assert!(
            refusal
                .reason
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        );
        by_reason.entry(refusal.reason).or_default().push((refusal.status, refusal.error));
    }
    for (reason, refusals) in &by_reason {
        let shared = SHARED.iter().find(|(shared, _)| shared == reason).map_or(1, |(_, count)| *count);
        assert_eq!(refusals.len(), shared, "{reason}");
        assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{reason}: {refusals:?}");
    }
}

#[test]
fn no_two_reasons_share_a_sentence() {
    let mut sentences = BTreeMap::new();
    for refusal in all().iter().map(ExchangeError::refusal) {
        let code = sentences.entry(refusal.description.clone()).or_insert(refusal.reason);
        assert_eq!(*code, refusal.reason, "{}", refusal.description);
        assert!(refusal.description.starts_with(|first: char| first.is_ascii_uppercase()));
    }
}

/// The codes are those of RFC 6749 §5.2 and RFC 8693 §2.2.2, and three of RFC 6749 §4.1.2.1: two for errors of the service
/// and one for the authorization endpoint. Codes and sentences have only the characters that RFC 6749 §5.2 allows.
#[test]
fn every_code_and_sentence_is_allowed_by_the_standard() {
    const CODES: [&str; 7] = [
        "unsupported_response_type",
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "unsupported_grant_type",
        "server_error",
        "temporarily_unavailable",
    ];
    let is_allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    for refusal in all().iter().map(ExchangeError::refusal) {
        assert!(CODES.contains(&refusal.error), "{}", refusal.error);
        assert_eq!(
            refusal.error.ends_with("_error") || refusal.error.ends_with("_unavailable"),
            refusal.status >= 500
        );
        assert!(refusal.error.bytes().all(is_allowed));
        assert!(refusal.description.bytes().all(is_allowed), "{}", refusal.description);
    }
}

/// No refusal is unreachable, and no new one untested.
/// RFC 8693 §2.2.2.
#[tokio::test]
async fn the_table_of_invalid_tokens_has_every_reason_for_refusing_a_token() {
    let world = World::new().await;
    let reached: BTreeSet<_> = invalid_tokens(&world).iter().map(|invalid| invalid.reason).collect();
    let all = of_subjects().into_iter().map(|refusal| ExchangeError::from(refusal).refusal().reason);
    // This reason does not depend on the token; see outages.rs.
    let of_tokens: BTreeSet<_> = all.filter(|reason| *reason != "keys_unavailable").collect();
    assert_eq!(reached, of_tokens);
}
