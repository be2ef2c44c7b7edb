//! The form that every server is loaded with, and checks that all of them do the same work for it.

use pozi_tests::{exchange_form, part, verified_by};
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::servers::{self, Server};

/// The type of a form.
const FORM: &str = "application/x-www-form-urlencoded";
/// The claims in which sessions of different servers differ.
const OWN_CLAIMS: [&str; 4] = ["iss", "iat", "exp", "jti"];

/// A client with the token of riverbend's reader.
pub(crate) struct Client {
    runtime: Runtime,
    http: reqwest::Client,
    token: String,
}

impl Client {
    /// Gets a token from the emulated Entra of `service`.
    pub(crate) fn new(service: &Server) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime starts");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let url = service.url("/entra/token?site=riverbend&person=reader");
        let token = runtime.block_on(async {
            let answer = http.get(url).send().await.expect("the emulated Entra answers");
            answer.text().await.expect("a token")
        });
        Self { runtime, http, token }
    }

    /// Returns wrk's script, which posts the form.
    pub(crate) fn script(&self) -> String {
        let form = form(&self.token);
        format!("wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"{FORM}\"\nwrk.body = \"{form}\"\n")
    }

    /// Returns a session from `server`, verified by its own key set.
    pub(crate) fn session_of(&self, server: &Server) -> String {
        let (status, answer) = self.exchange(server, &self.token);
        assert_eq!(status, 200, "{answer}");
        let session = answer["access_token"].as_str().expect("a session").to_owned();
        let key_set = self.runtime.block_on(async {
            let answer = self.http.get(server.url("/.well-known/jwks.json")).send().await;
            answer.expect("the server answers").bytes().await.expect("a key set")
        });
        let key_set = serde_json::from_slice(&key_set).expect("the key set is JSON");
        let key = verified_by(&session, &key_set).expect("the session verifies");
        assert_eq!(key["alg"], "ES256");
        let claims = part(&session, 1);
        assert_eq!(answer["scope"], claims["scope"]);
        assert_eq!(answer["expires_in"], 600);
        session
    }

    /// Checks that a session of `peer` has all that `session` has.
    pub(crate) fn check_same_session(&self, session: &str, peer: &Server) {
        let [expected, found] = [part(session, 1), part(&self.session_of(peer), 1)].map(|claims| {
            let mut claims = claims.as_object().expect("claims").clone();
            for name in OWN_CLAIMS {
                assert!(claims.remove(name).is_some(), "the session has no {name}");
            }
            claims
        });
        assert_eq!(expected, found, "the peer's session differs");
    }

    /// Checks that `server` refuses the token with another signature.
    pub(crate) fn check_refusal(&self, server: &Server) {
        let (signed, signature) = self.token.rsplit_once('.').expect("a JWS has a signature");
        // Not at its end, where bits may have no meaning.
        let (first, rest) = signature.split_at(1);
        let spoilt = format!("{signed}.{}{rest}", if first == "A" { "B" } else { "A" });
        let (status, answer) = self.exchange(server, &spoilt);
        assert_eq!(status, 400, "a spoilt signature: {answer}");
    }

    /// Returns the status and the answer.
    fn exchange(&self, server: &Server, token: &str) -> (u16, Value) {
        let request = self.http.post(server.endpoint()).header(CONTENT_TYPE, FORM).body(form(token));
        self.runtime.block_on(async {
            let answer = request.send().await.expect("the server answers");
            let status = answer.status().as_u16();
            let answer = answer.bytes().await.expect("the answer is complete");
            (status, serde_json::from_slice(&answer).expect("the answer is JSON"))
        })
    }
}

/// Returns the form, the same for all; `oidc-provider` knows clients, and the others ignore `client_id`.
fn form(token: &str) -> String {
    let site = servers::site();
    exchange_form(token, &[("client_id", site["client_id"].as_str().expect("a client"))])
}
