//! Invalid subject tokens: a valid one with a single fault each, and the reason that the refusal must give.

mod claims;
mod encoding;

use entra_emulator::{Kind, Person, TokenSpec, Version};
use serde_json::{Map, Value, json};

use crate::World;

/// A subject token that must be refused.
#[derive(Debug)]
pub struct InvalidToken {
    /// What is wrong with it.
    pub what: String,
    /// The token.
    pub token: String,
    /// Further parameters of the request.
    pub more: &'static [(&'static str, &'static str)],
    /// Member `reason` of the answer.
    pub reason: &'static str,
}

/// Returns invalid versions of a token of riverbend's reader, for every reason for which a token can be refused.
pub fn invalid_tokens(world: &World) -> Vec<InvalidToken> {
    let tokens = Tokens { world };
    [
        tokens.of_other_kinds(),
        tokens.with_other_headers(),
        tokens.with_other_claims(),
        tokens.without_a_claim(),
        tokens.with_doubled_members(),
        tokens.in_other_shapes(),
        tokens.with_whitespace(),
        tokens.of_other_services(),
        tokens.with_other_signatures(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

struct Tokens<'a> {
    world: &'a World,
}

impl Tokens<'_> {
    fn claims(&self, version: Version) -> Value {
        let ask = TokenSpec { version, ..TokenSpec::default() };
        self.world.entra.claims(&ask, self.world.clock.unix_seconds()).unwrap_or_default()
    }

    /// Signs the token with these claims changed; null removes a claim.
    fn changed(&self, version: Version, members: &Value) -> String {
        let claims = merged(self.claims(version), members);
        self.world.entra.sign(&self.world.entra.header(version), &claims)
    }

    /// Signs the token with these header members changed; null removes a member.
    fn headed(&self, version: Version, members: &Value) -> String {
        let header = merged(self.world.entra.header(version), members);
        self.world.entra.sign_text(&header.to_string(), &self.claims(version).to_string())
    }

    fn of_other_kinds(&self) -> Vec<InvalidToken> {
        let issued = |person, version, kind| {
            self.world.token(&TokenSpec { person, version, kind, ..TokenSpec::default() })
        };
        let mut cases = Vec::new();
        for version in [Version::V1, Version::V2] {
            cases.push(case("an ID token", issued(Person::Reader, version, Kind::Id), "id_token"));
            cases.push(case(
                "an app's own token",
                issued(Person::AppOnly, version, Kind::Access),
                "app_only_token",
            ));
            let members = json!({"idtyp": "app"});
            cases.push(case("idtyp is app", self.changed(version, &members), "app_only_token"));
            let own_subject = json!({"sub": self.claims(version)["oid"]});
            cases.push(case("sub is oid", self.changed(version, &own_subject), "app_only_token"));
            cases.push(case("no scp", self.changed(version, &json!({"scp": null})), "app_only_token"));
        }
        cases
    }

    fn with_other_headers(&self) -> Vec<InvalidToken> {
        let mut cases: Vec<_> = [
            ("alg is none", json!({"alg": "none"}), "unsupported_algorithm"),
            ("alg is HS256", json!({"alg": "HS256"}), "unsupported_algorithm"),
            ("alg is RS384", json!({"alg": "RS384"}), "unsupported_algorithm"),
            ("alg is PS256", json!({"alg": "PS256"}), "unsupported_algorithm"),
            ("alg is rs256", json!({"alg": "rs256"}), "unsupported_algorithm"),
            ("no alg", json!({"alg": null}), "malformed"),
            ("alg is a number", json!({"alg": 256}), "malformed"),
            ("crit", json!({"crit": ["exp"], "exp": 1}), "unsupported_critical_header"),
            ("an empty crit", json!({"crit": []}), "unsupported_critical_header"),
            ("nonce", json!({"nonce": "n"}), "graph_token"),
            ("typ of a session", json!({"typ": "at+jwt"}), "pozi_token"),
            ("typ of a session in full", json!({"typ": "application/AT+JWT"}), "pozi_token"),
            ("typ of a signed request", json!({"typ": "pop"}), "proof_of_possession"),
            ("typ of something else", json!({"typ": "secevent+jwt"}), "malformed"),
            ("another kid", json!({"kid": "unknown"}), "unknown_key"),
            ("an empty kid", json!({"kid": ""}), "unknown_key"),
            ("a kid that is a path", json!({"kid": "../../common/discovery/keys"}), "unknown_key"),
            ("a kid that is a number", json!({"kid": 1}), "malformed"),
            ("neither kid nor x5t", json!({"kid": null, "x5t": null}), "malformed"),
        ]
        .into_iter()
        .map(|(what, header, reason)| case(what, self.headed(Version::V1, &header), reason))
        .collect();
        let consumer = |version| {
            self.world.entra.sign_as_consumer_tenant(&self.world.entra.header(version), &self.claims(version))
        };
        cases.push(case("personal accounts' key", consumer(Version::V2), "key_issuer_mismatch"));
        // Key sets of version 1.0 do not have that key.
        cases.push(case("personal accounts' key in 1.0", consumer(Version::V1), "unknown_key"));
        cases
    }
}

fn case(what: &str, token: String, reason: &'static str) -> InvalidToken {
    InvalidToken { what: what.to_owned(), token, more: &[], reason }
}

fn merged(onto: Value, members: &Value) -> Value {
    let mut onto = match onto {
        Value::Object(onto) => onto,
        _ => Map::new(),
    };
    for (name, value) in members.as_object().into_iter().flatten() {
        if value.is_null() {
            onto.remove(name);
        } else {
            onto.insert(name.clone(), value.clone());
        }
    }
    Value::Object(onto)
}
