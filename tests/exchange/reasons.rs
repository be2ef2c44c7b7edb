//! All reasons for a refusal: each has one code, one status and one sentence.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write,
    fs,
};

use pozi_auth::oauth::{ExchangeError, every_refusal, sentence_for_person};
use pozi_tests::{World, invalid_tokens};
use uuid::Uuid;

/// The codes that several refusals share, since they mean the same to the caller, and how many share each.
const SHARED: [(&str, usize); 9] = [
    ("audience_mismatch", 2),
    ("graph_credentials", 4),
    ("graph_token_mismatch", 3),
    ("graph_token_refused", 4),
    ("graph_unavailable", 15),
    ("groups_overage", 2),
    ("missing_parameter", 3),
    ("no_catalogue", 2),
    ("unknown_key", 2),
];

/// Text that a caller may have chosen.
const CHOSEN: &str = "\"a\\ b\u{e9}\n\u{7f}";

/// The browser module's copy of the table.
const MODULES_TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../clients/web/src/service-reasons.js");

/// RFC 6749 §5.2.
#[test]
fn every_refusal_has_its_own_reason() {
    let mut by_reason: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for refusal in every_refusal(CHOSEN).iter().map(ExchangeError::refusal) {
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
    for refusal in every_refusal(CHOSEN).iter().map(ExchangeError::refusal) {
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
    for refusal in every_refusal(CHOSEN).iter().map(ExchangeError::refusal) {
        assert!(CODES.contains(&refusal.error), "{}", refusal.error);
        assert_eq!(
            refusal.error.ends_with("_error") || refusal.error.ends_with("_unavailable"),
            refusal.status >= 429
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
    let about_tokens = |error: &ExchangeError| matches!(error, ExchangeError::Subject(_));
    let all = every_refusal(CHOSEN).into_iter().filter(about_tokens).map(|error| error.refusal().reason);
    // This reason does not depend on the token; see outages.rs.
    let of_tokens: BTreeSet<_> = all.filter(|reason| *reason != "keys_unavailable").collect();
    assert_eq!(reached, of_tokens);
}

/// Returns the table as a module of JavaScript. `...` stands for what a refusal quotes.
fn modules_table() -> String {
    let mut by_reason: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for refusal in every_refusal("...").iter().map(ExchangeError::refusal) {
        let sentence = refusal.description.replace(&Uuid::nil().to_string(), "...");
        let sentences = by_reason.entry(refusal.reason).or_default();
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
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
    for refusal in every_refusal("").iter().map(ExchangeError::refusal) {
        assert!(sentence_for_person(refusal.reason).is_some(), "write one about `{}`", refusal.reason);
    }
    assert_eq!(sentence_for_person("network"), None, "it is not the service's");
    let sentences: BTreeSet<_> =
        every_refusal("").iter().filter_map(|error| sentence_for_person(error.refusal().reason)).collect();
    for sentence in sentences {
        assert!(
            sentence.contains(". ") && sentence.ends_with('.'),
            "what happened, and what they can do: {sentence}"
        );
    }
}
