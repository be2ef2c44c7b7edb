//! All reasons for a refusal: each has one code, one status and one sentence.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write,
    fs,
    time::Duration,
};

use pozi_auth::{
    entra::{MalformedTokenError, Place, SubjectRefusal},
    error::Received,
    identifiers::{ClientId, TenantId},
    keyring::SigningError,
    oauth::{ExchangeError, RequestRefusal, sentence_for_person},
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

/// The browser module's copy of the table.
const MODULES_TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../clients/web/src/service-reasons.js");

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

fn all(text: &str) -> Vec<ExchangeError> {
    let others = [
        TargetRefusal::Unknown { found: Received::of(text), registered: text.to_owned() }.into(),
        TargetRefusal::Several { found: text.to_owned() }.into(),
        TargetRefusal::NotMeant { audience: text.to_owned(), registered: text.to_owned() }.into(),
        AccessRefusal::GroupsOverage.into(),
        AccessRefusal::NoCatalogue { listed: 0 }.into(),
        AccessRefusal::NoCatalogue { listed: 12 }.into(),
        AccessRefusal::GroupsInRoles { count: 1 }.into(),
        AccessRefusal::ScopeNotAllowed { requested: Scope::default(), allowed: Scope::default() }.into(),
        ExchangeError::OriginNotAllowed { found: Received::of(text), expected: text.to_owned() },
        ExchangeError::OriginRepeated,
        RegistryError("down".into()).into(),
        SigningError("down".into()).into(),
        SessionTooLarge { found: 0 }.into(),
    ];
    let requests = of_requests(text).into_iter().map(ExchangeError::from);
    requests.chain(of_subjects(text).into_iter().map(ExchangeError::from)).chain(others).collect()
}

/// RFC 6749 §5.2.
#[test]
fn every_refusal_has_its_own_reason() {
    let mut by_reason: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for refusal in all(CHOSEN).iter().map(ExchangeError::refusal) {
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
    for refusal in all(CHOSEN).iter().map(ExchangeError::refusal) {
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
    for refusal in all(CHOSEN).iter().map(ExchangeError::refusal) {
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
    let all = of_subjects(CHOSEN).into_iter().map(|refusal| ExchangeError::from(refusal).refusal().reason);
    // This reason does not depend on the token; see outages.rs.
    let of_tokens: BTreeSet<_> = all.filter(|reason| *reason != "keys_unavailable").collect();
    assert_eq!(reached, of_tokens);
}

/// Returns the table as a module of JavaScript. `...` stands for what a refusal quotes.
fn modules_table() -> String {
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for refusal in all("...").iter().map(ExchangeError::refusal) {
        let sentence = refusal.description.replace(&Uuid::nil().to_string(), "...");
        by_reason.entry(refusal.reason).or_default().push(sentence);
    }
    let mut text = "// Generated from the service's own table, shared/src/oauth/refusal.rs. The test of the suite `exchange` that keeps\n\
        // it up to date tells how.\n"
        .to_owned();
    let mut write = |what: &str, name: &str, sentence: &dyn Fn(&str, &[String]) -> String| {
        write!(text, "\n/** {what} */\nexport const {name} = {{\n").unwrap();
        for (reason, descriptions) in &by_reason {
            let quoted = serde_json::to_string(&sentence(reason, descriptions)).unwrap();
            writeln!(text, "  {reason}: {quoted},").unwrap();
        }
        text.push_str("};\n");
    };
    write("What the person is told.", "forPerson", &|reason, _| {
        // A test below says which is missing.
        sentence_for_person(reason).unwrap_or_default().to_owned()
    });
    write(
        "What an administrator is told; `...` stands for what was found.",
        "forAdministrator",
        &|_, descriptions| descriptions.join(" Or: "),
    );
    text
}

#[test]
fn the_browser_module_has_the_same_table() {
    if env::var("UPDATE_REASONS").is_ok_and(|set| set == "1") {
        fs::write(MODULES_TABLE, modules_table()).unwrap();
    }
    assert!(
        fs::read_to_string(MODULES_TABLE).unwrap_or_default() == modules_table(),
        "clients/web/src/service-reasons.js is out of date; update it with\n\
         UPDATE_REASONS=1 cargo test -p pozi-tests --test exchange the_browser_module_has_the_same_table"
    );
}

#[test]
fn every_reason_has_a_sentence_for_the_person() {
    for refusal in all("").iter().map(ExchangeError::refusal) {
        assert!(sentence_for_person(refusal.reason).is_some(), "write one about `{}`", refusal.reason);
    }
    assert_eq!(sentence_for_person("network"), None, "it is not the service's");
    let sentences: BTreeSet<_> =
        all("").iter().filter_map(|error| sentence_for_person(error.refusal().reason)).collect();
    for sentence in sentences {
        assert!(
            sentence.contains(". ") && sentence.ends_with('.'),
            "what happened, and what they can do: {sentence}"
        );
    }
}
