//! `POST /oauth2/token`: who gets which session, and every refusal.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "exchange/application.rs"]
mod application;
#[path = "exchange/arbitrary.rs"]
mod arbitrary;
#[path = "exchange/explained.rs"]
mod explained;
#[path = "exchange/forged.rs"]
mod forged;
#[path = "exchange/form.rs"]
mod form;
#[path = "exchange/granted.rs"]
mod granted;
#[path = "exchange/graph_faults.rs"]
mod graph_faults;
#[path = "exchange/graph_tokens.rs"]
mod graph_tokens;
#[path = "exchange/limits.rs"]
mod limits;
#[path = "exchange/observed.rs"]
mod observed;
#[path = "exchange/outages.rs"]
mod outages;
#[path = "exchange/overage.rs"]
mod overage;
#[path = "exchange/reasons.rs"]
mod reasons;
#[path = "exchange/revoked.rs"]
mod revoked;
#[path = "exchange/sessions.rs"]
mod sessions;
#[path = "exchange/targets.rs"]
mod targets;
#[path = "exchange/tokens.rs"]
mod tokens;

use entra_emulator::{Person, TokenSpec, Version};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use pozi_auth::sites::SiteFile;
use pozi_local::samples;
use pozi_tests::Answer;

const RIVERBEND: &str = "https://poziserver-riverbend.example/pozi/";
const SALTMARSH: &str = "https://poziserver-saltmarsh.example/pozi/";

fn ask(site: &str, person: Person, version: Version) -> TokenSpec {
    TokenSpec { site: site.to_owned(), person, version, ..TokenSpec::default() }
}

/// Riverbend, with another setting in its site file.
fn riverbend_with(setting: &str) -> Vec<SiteFile> {
    let mut riverbend = samples::site_files().remove(0);
    riverbend.text = riverbend.text.replace("origins = [", &format!("{setting}\norigins = ["));
    vec![riverbend]
}

/// Two sites of one tenant, with another setting in their site files.
fn riverbend_and_depot_with(setting: &str) -> Vec<SiteFile> {
    let mut sites = riverbend_with(setting);
    let depot = sites[0]
        .text
        .replace("name = \"riverbend\"", "name = \"depot\"")
        .replace("poziserver-riverbend", "poziserver-depot")
        .replace("c3890382", "c3890383")
        .replace("https://riverbend.enterprise.example", "https://depot.enterprise.example");
    sites.push(SiteFile { name: "depot.toml".to_owned(), text: depot });
    sites
}

/// Checks the headers of every answer: any page may read it, and no cache keeps it.
#[track_caller]
fn assert_common_headers(answer: &Answer) {
    for (name, value) in [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-store"),
        (PRAGMA, "no-cache"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ] {
        assert_eq!(answer.header(name.as_str()), value, "{name} of {}", answer.json);
    }
    let exposed = answer.header("access-control-expose-headers").to_ascii_lowercase();
    assert!(exposed.split(',').any(|name| name.trim() == "retry-after"), "exposed: {exposed}");
}

/// Checks a refusal: exactly three members, or a fourth if a Graph token may help, and one sentence with only the
/// characters that RFC 6749 §5.2 allows.
#[track_caller]
fn assert_refused(answer: &Answer, (status, error, reason): (u16, &str, &str)) {
    assert_eq!((answer.status.as_u16(), answer.refusal()), (status, (error, reason)), "{}", answer.json);
    assert_common_headers(answer);
    let members: Vec<_> = answer.json.as_object().into_iter().flat_map(|body| body.keys()).collect();
    let is_extended = reason == "groups_overage" && answer.json.get("graph_scope").is_some();
    let extension = is_extended.then_some("graph_scope");
    assert!(
        members.into_iter().eq(["error", "error_description"].into_iter().chain(extension).chain(["reason"]))
    );
    let sentence = answer.json["error_description"].as_str().unwrap_or_default();
    let is_allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    assert!(sentence.bytes().all(is_allowed), "{sentence}");
    assert!(sentence.ends_with('.') && !sentence.contains(". "), "not one sentence: {sentence}");
    // An unknown key has Retry-After too, if the keys were fetched only recently.
    assert!(
        answer.headers.contains_key("retry-after") == matches!(status, 429 | 503) || reason == "unknown_key",
        "Retry-After goes with 429 and 503: {reason}"
    );
}

/// Checks a refusal with the usual status and `error` (RFC 8693 §2.2.2).
#[track_caller]
fn assert_invalid(answer: &Answer, reason: &str) {
    assert_refused(answer, (400, "invalid_request", reason));
}
