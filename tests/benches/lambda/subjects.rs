//! What is measured: each a bootstrap with its environment and its events.

use std::path::{Path, PathBuf};

use pozi_tests::{ISSUER, bootstrap, event, exchange_form, riverbend_tenant, with_form};
use serde_json::Value;

use super::{measured::NOT_YET_WARM, upstreams::Upstreams};

/// The function that does nothing, and the others by the names of their folders.
pub(crate) const EMPTY: &str = "an empty function";
pub(crate) const TOKEN_EXCHANGE: &str = "token-exchange";
pub(crate) const JWKS: &str = "jwks";
pub(crate) const AUTHORIZER: &str = "authorizer";
/// The authorizer with the only kind of event that its peer knows.
pub(crate) const TOKEN_AUTHORIZER: &str = "authorizer of a REST API (TOKEN)";
pub(crate) const OIDC_AUTHORIZER: &str = "oidc-authorizer";

/// How many warm invocations are measured in a round: fewer than the exchanges that an instance allows a tenant at once.
const WARM: usize = 300;
const EXTERNAL_URL: &str = "https://poziserver-riverbend.example/pozi/";
const OK: &str = "\"statusCode\":200";
const ALLOWED: &str = "\"Allow\"";

/// A function, its events, and what every answer has.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) bootstrap: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) events: Vec<String>,
    pub(crate) expected: &'static str,
}

/// Returns all that can be measured here.
pub(crate) fn all(upstreams: &Upstreams, empty: &Path) -> Vec<Subject> {
    let exchanges = exchanges(upstreams);
    let mut all = vec![Subject {
        name: EMPTY,
        bootstrap: empty.to_owned(),
        environment: Vec::new(),
        events: exchanges.clone(),
        expected: OK,
    }];
    let fleet = upstreams.fleet.environment();
    all.extend(own(TOKEN_EXCHANGE, TOKEN_EXCHANGE, fleet.clone(), exchanges, OK));
    all.extend(own(JWKS, JWKS, fleet, repeated(&event("http-api-jwks")), OK));
    let environment = authorizer_environment(upstreams);
    let http_api = session_event("authorizer-http-api-2", &upstreams.session);
    all.extend(own(AUTHORIZER, AUTHORIZER, environment.clone(), repeated(&http_api), ALLOWED));
    if let Some(peer) = std::env::var_os("POZI_BENCH_OIDC_AUTHORIZER") {
        let events = repeated(&session_event("authorizer-rest-token", &upstreams.session));
        all.extend(own(TOKEN_AUTHORIZER, AUTHORIZER, environment, events.clone(), ALLOWED));
        all.push(Subject {
            name: OIDC_AUTHORIZER,
            bootstrap: peer.into(),
            environment: oidc_environment(upstreams),
            events,
            expected: ALLOWED,
        });
    }
    all
}

fn own(
    name: &'static str,
    function: &str,
    environment: Vec<(String, String)>,
    events: Vec<String>,
    expected: &'static str,
) -> Option<Subject> {
    Some(Subject { name, bootstrap: bootstrap(function)?, environment, events, expected })
}

/// Returns exchanges of as many people: one person may not exchange as often.
fn exchanges(upstreams: &Upstreams) -> Vec<String> {
    let tokens = upstreams.tokens(NOT_YET_WARM + WARM);
    let events = tokens.map(|token| with_form(event("http-api-token"), &exchange_form(&token, &[]), true));
    events.map(|event| event.to_string()).collect()
}

fn repeated(event: &Value) -> Vec<String> {
    vec![event.to_string(); NOT_YET_WARM + WARM]
}

fn session_event(name: &str, session: &str) -> Value {
    let text = event(name).to_string().replace("@SESSION@", session);
    serde_json::from_str(&text).expect("a session needs no escapes")
}

fn authorizer_environment(upstreams: &Upstreams) -> Vec<(String, String)> {
    owned([
        ("POZI_ISSUER", ISSUER),
        ("POZI_AUDIENCE", EXTERNAL_URL),
        ("POZI_TENANT", &riverbend_tenant().to_string()),
        ("POZI_ROUTE_PREFIX", "/ows/"),
        ("POZI_JWKS_URL", &upstreams.key_set_url()),
        ("POZI_REVOCATIONS_URL", &upstreams.revocations_url()),
    ])
}

/// As its README says, with every check that it can make of a session.
fn oidc_environment(upstreams: &Upstreams) -> Vec<(String, String)> {
    owned([
        ("JWKS_URI", &*upstreams.key_set_url()),
        ("ACCEPTED_ISSUERS", ISSUER),
        ("ACCEPTED_AUDIENCES", EXTERNAL_URL),
        ("ACCEPTED_ALGORITHMS", "ES256"),
    ])
}

fn owned<const N: usize>(variables: [(&str, &str); N]) -> Vec<(String, String)> {
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
