//! A token without fault, spoilt in one place at a time: what is wrong with it, and the reason that its bearer must be
//! given.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entra_emulator::{CONSUMER_TENANT, Kind, Person, TokenAsk, Version};
use serde_json::{Map, Value, json};

use crate::World;

/// A subject token that must be refused.
#[derive(Debug)]
pub struct Spoilt {
    /// What is wrong with it.
    pub what: String,
    /// The token.
    pub token: String,
    /// Further parameters of the request.
    pub more: &'static [(&'static str, &'static str)],
    /// Member `reason` of the answer.
    pub reason: &'static str,
}

/// Every way to spoil a token of riverbend's reader, under every reason that a token can be refused for.
pub fn spoilt_tokens(world: &World) -> Vec<Spoilt> {
    let tokens = Tokens { world };
    [
        tokens.of_other_kinds(),
        tokens.with_other_headers(),
        tokens.with_other_claims(),
        tokens.without_a_claim(),
        tokens.with_doubled_members(),
        tokens.in_other_shapes(),
        tokens.with_other_signatures(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const NAMED: &[(&str, &str)] = &[("audience", "riverbend")];
const NAMED_OTHER: &[(&str, &str)] = &[("audience", "saltmarsh")];

struct Tokens<'a> {
    world: &'a World,
}

impl Tokens<'_> {
    fn claims(&self, version: Version) -> Value {
        let ask = TokenAsk { version, ..TokenAsk::default() };
        self.world.entra.claims(&ask, self.world.clock.unix_seconds()).unwrap_or_default()
    }

    /// The token with these members in its payload instead, and those that are null taken out.
    fn changed(&self, version: Version, members: &Value) -> String {
        let claims = merged(self.claims(version), members);
        self.world.entra.sign(&self.world.entra.header(version), &claims)
    }

    /// The token with these members in its header instead, and those that are null taken out.
    fn headed(&self, version: Version, members: &Value) -> String {
        let header = merged(self.world.entra.header(version), members);
        self.world.entra.sign_text(&header.to_string(), &self.claims(version).to_string())
    }

    fn of_other_kinds(&self) -> Vec<Spoilt> {
        let issued = |person, version, kind| {
            self.world.token(&TokenAsk { person, version, kind, ..TokenAsk::default() })
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

    fn with_other_headers(&self) -> Vec<Spoilt> {
        let mut cases: Vec<_> = [
            ("alg is none", json!({"alg": "none"}), "unsupported_algorithm"),
            ("alg is HS256", json!({"alg": "HS256"}), "unsupported_algorithm"),
            ("alg is RS384", json!({"alg": "RS384"}), "unsupported_algorithm"),
            ("alg is PS256", json!({"alg": "PS256"}), "unsupported_algorithm"),
            ("alg is rs256", json!({"alg": "rs256"}), "unsupported_algorithm"),
            ("no alg", json!({"alg": null}), "malformed"),
            ("alg is a number", json!({"alg": 256}), "malformed"),
            ("crit", json!({"crit": ["exp"], "exp": 1}), "unsupported_critical_header"),
            ("crit of nothing", json!({"crit": []}), "unsupported_critical_header"),
            ("nonce", json!({"nonce": "n"}), "graph_token"),
            ("typ of a session", json!({"typ": "at+jwt"}), "pozi_token"),
            ("typ of a session in full", json!({"typ": "application/AT+JWT"}), "pozi_token"),
            ("typ of something else", json!({"typ": "secevent+jwt"}), "malformed"),
            ("another kid", json!({"kid": "of-nobody"}), "unknown_key"),
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
        // Sets of version 1.0 do not have that key.
        cases.push(case("personal accounts' key in 1.0", consumer(Version::V1), "unknown_key"));
        cases
    }

    fn with_other_claims(&self) -> Vec<Spoilt> {
        use Version::{V1, V2};
        let now = self.world.clock.unix_seconds();
        let tenant = |version| self.claims(version)["tid"].as_str().unwrap_or_default().to_owned();
        let (tid, uri) = (tenant(V1), self.claims(V1)["aud"].as_str().unwrap_or_default().to_owned());
        let other = &self.world.entra.registrations()[1];
        let mut cases: Vec<_> = [
            (V1, json!({"tid": "00000000-0000-4000-8000-000000000000"}), "unknown_tenant"),
            (V2, json!({"tid": CONSUMER_TENANT.to_string()}), "unknown_tenant"),
            (V1, json!({"ver": "3.0"}), "malformed"),
            (V1, json!({"ver": 1}), "malformed"),
            (V1, json!({"tid": "riverbend"}), "malformed"),
            (V1, json!({"aud": [uri]}), "malformed"),
            (V1, json!({"exp": (now + 60).to_string()}), "malformed"),
            (V1, json!({"exp": -1}), "malformed"),
            (V1, json!({"iat": 1.5}), "malformed"),
            (V1, json!({"oid": "reader"}), "malformed"),
            (V1, json!({"groups": "planners"}), "malformed"),
            (V1, json!({"iss": format!("https://sts.windows.net/{tid}")}), "issuer_mismatch"),
            (V1, json!({"iss": format!("https://sts.windows.net/{tid}//")}), "issuer_mismatch"),
            (V1, json!({"iss": format!("https://sts.windows.net/{}/", other.tenant_id)}), "issuer_mismatch"),
            (V1, json!({"iss": format!("https://sts.chinacloudapi.cn/{tid}/")}), "issuer_mismatch"),
            (V1, json!({"iss": format!("https://login.microsoftonline.com/{tid}/v2.0")}), "issuer_mismatch"),
            (V1, json!({"iss": format!("https://sts.windows.net.evil.example/{tid}/")}), "issuer_mismatch"),
            (V1, json!({"ver": "2.0"}), "issuer_mismatch"),
            (V2, json!({"ver": "1.0"}), "issuer_mismatch"),
            (V2, json!({"iss": format!("https://sts.windows.net/{tid}/")}), "issuer_mismatch"),
            (V2, json!({"iss": format!("https://login.microsoftonline.com/{tid}/v2.0/")}), "issuer_mismatch"),
            (V2, json!({"iss": format!("https://login.microsoftonline.us/{tid}/v2.0")}), "issuer_mismatch"),
            (V2, json!({"iss": "https://login.microsoftonline.com/common/v2.0"}), "issuer_mismatch"),
            (V2, json!({"iss": "https://login.microsoftonline.com/{tenantid}/v2.0"}), "issuer_mismatch"),
            (V1, json!({"aud": "00000003-0000-0000-c000-000000000000"}), "audience_mismatch"),
            (V1, json!({"aud": format!("{uri}//")}), "audience_mismatch"),
            (V1, json!({"aud": uri.to_uppercase()}), "audience_mismatch"),
            (V1, json!({"aud": format!("spn:{uri}")}), "audience_mismatch"),
            (V1, json!({"aud": format!("{uri}/user_impersonation")}), "audience_mismatch"),
            (V1, json!({"aud": other.app_id_uri}), "audience_mismatch"),
            (V1, json!({"aud": ""}), "audience_mismatch"),
            (V2, json!({"aud": other.client_id.to_string()}), "audience_mismatch"),
            (V1, json!({"appid": other.client_id.to_string()}), "client_not_allowed"),
            (V2, json!({"azp": other.client_id.to_string()}), "client_not_allowed"),
            (V1, json!({"scp": "User.Read"}), "scope_missing"),
            (V1, json!({"scp": ""}), "scope_missing"),
            (V1, json!({"scp": "user_impersonation_not"}), "scope_missing"),
            (V2, json!({"scp": "USER_IMPERSONATION"}), "scope_missing"),
            (V1, json!({"exp": now}), "expired"),
            (V2, json!({"exp": now - 1}), "expired"),
            (V1, json!({"exp": 0}), "expired"),
            (V1, json!({"nbf": now + 61}), "not_yet_valid"),
            (V2, json!({"iat": now + 61}), "not_yet_valid"),
            (V1, json!({"iat": u64::MAX}), "not_yet_valid"),
        ]
        .into_iter()
        .map(|(version, members, reason)| case(&members.to_string(), self.changed(version, &members), reason))
        .collect();
        let elsewhere = self.changed(V1, &json!({"aud": other.app_id_uri}));
        cases.push(Spoilt {
            more: NAMED,
            ..case("another's, the site named", elsewhere, "audience_mismatch")
        });
        let moved = self.changed(V1, &json!({"tid": other.tenant_id.to_string(), "aud": other.app_id_uri}));
        cases.push(case("another registered tenant's tid", moved.clone(), "issuer_mismatch"));
        cases
            .push(Spoilt { more: NAMED_OTHER, ..case("the same, its site named", moved, "issuer_mismatch") });
        cases
    }

    fn without_a_claim(&self) -> Vec<Spoilt> {
        let cases = [
            (Version::V1, "appid"),
            (Version::V2, "azp"),
            (Version::V1, "ver"),
            (Version::V1, "iss"),
            (Version::V1, "aud"),
            (Version::V1, "tid"),
            (Version::V1, "oid"),
            (Version::V1, "exp"),
            (Version::V1, "nbf"),
            (Version::V1, "iat"),
        ];
        let without = |(version, name): (_, &str)| {
            case(&format!("no {name}"), self.changed(version, &json!({ name: null })), "malformed")
        };
        cases.into_iter().map(without).collect()
    }

    /// What no [`Value`] can hold, so it is written as text. The second of two members is the one without fault: a
    /// reader that keeps the last one would accept the token.
    fn with_doubled_members(&self) -> Vec<Spoilt> {
        let header = self.world.entra.header(Version::V1).to_string();
        let claims = self.claims(Version::V1).to_string();
        let tenant = CONSUMER_TENANT;
        let before = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
        [
            ("tid twice", header.clone(), before(&claims, &format!(r#""tid":"{tenant}""#))),
            ("TID beside tid", header.clone(), before(&claims, &format!(r#""TID":"{tenant}""#))),
            (
                "tid twice, once escaped",
                header.clone(),
                before(&claims, &format!(r#""\u0074id":"{tenant}""#)),
            ),
            ("exp twice", header.clone(), before(&claims, r#""exp":1"#)),
            ("a member twice further in", header.clone(), before(&claims, r#""x":{"y":1,"y":2}"#)),
            ("alg twice", before(&header, r#""alg":"none""#), claims),
        ]
        .into_iter()
        .map(|(what, header, claims)| case(what, self.world.entra.sign_text(&header, &claims), "malformed"))
        .collect()
    }

    fn in_other_shapes(&self) -> Vec<Spoilt> {
        let good = self.world.token(&TokenAsk::default());
        let header = self.world.entra.header(Version::V1).to_string();
        let sign = |claims: &str| self.world.entra.sign_text(&header, claims);
        [
            ("no token at all", "opaque".to_owned()),
            ("three words", "a.b.c".to_owned()),
            ("two parts", good.rsplit_once('.').map_or(String::new(), |(signed, _)| signed.to_owned())),
            ("four parts", format!("{good}.e30")),
            ("five parts, as an encrypted one", format!("{good}.e30.e30")),
            ("padding", good.replacen('.', "=.", 1)),
            ("a blank before it", format!(" {good}")),
            ("Bearer before it", format!("Bearer {good}")),
            ("a payload that is a list", sign("[]")),
            ("a payload that is no JSON", sign("{")),
            ("a payload with more behind it", sign(&format!("{}{{}}", self.claims(Version::V1)))),
            ("a payload of nothing", sign("")),
            (
                "a payload as deep as a well",
                sign(&format!("{{\"a\":{}1{}}}", "[".repeat(500), "]".repeat(500))),
            ),
        ]
        .into_iter()
        .map(|(what, token)| case(what, token, "malformed"))
        .collect()
    }

    fn with_other_signatures(&self) -> Vec<Spoilt> {
        let entra = &self.world.entra;
        let good = self.world.token(&TokenAsk::default());
        let another = self.changed(Version::V1, &json!({"name": "Somebody"}));
        let (signed, signature) = good.rsplit_once('.').unwrap_or_default();
        let (_, other_signature) = another.rsplit_once('.').unwrap_or_default();
        // The classic confusion: the public key, which everybody has, taken for a shared secret.
        let key_set = entra.key_set(Version::V1);
        let secret = URL_SAFE_NO_PAD.decode(key_set["keys"][0]["n"].as_str().unwrap_or_default());
        let hmac_signed = {
            let header = merged(entra.header(Version::V1), &json!({"alg": "HS256"})).to_string();
            let claims = self.claims(Version::V1).to_string();
            let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret.unwrap_or_default());
            format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes())))
        };
        let unsigned = self.headed(Version::V1, &json!({"alg": "none"}));
        let unsigned = unsigned.rsplit_once('.').map(|(signed, _)| format!("{signed}.")).unwrap_or_default();
        [
            // In the header only `x5t` can change without the token naming another key or being another kind.
            ("one bit of the header", flipped(&good, 0, r#""x5t":""#), "bad_signature"),
            ("one bit of the payload", flipped(&good, 1, r#""name":""#), "bad_signature"),
            ("one bit of the signature", flipped(&good, 2, ""), "bad_signature"),
            ("no signature", format!("{signed}."), "bad_signature"),
            ("half a signature", format!("{signed}.{}", &signature[..signature.len() / 2]), "bad_signature"),
            ("another token's signature", format!("{signed}.{other_signature}"), "bad_signature"),
            ("a signature that is no base64url", format!("{signed}.!"), "bad_signature"),
            ("signed with the public key as a secret", hmac_signed, "unsupported_algorithm"),
            ("alg is none and no signature", unsigned, "unsupported_algorithm"),
        ]
        .into_iter()
        .map(|(what, token, reason)| case(what, token, reason))
        .collect()
    }
}

fn case(what: &str, token: String, reason: &'static str) -> Spoilt {
    Spoilt { what: what.to_owned(), token, more: &[], reason }
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

/// `token` with the lowest bit changed of the byte of its part `index` that comes after `place`.
fn flipped(token: &str, index: usize, place: &str) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let mut bytes = URL_SAFE_NO_PAD.decode(&parts[index]).unwrap_or_default();
    let start = bytes.windows(place.len().max(1)).position(|window| window == place.as_bytes());
    bytes[start.map_or(0, |start| start + place.len())] ^= 1;
    parts[index] = URL_SAFE_NO_PAD.encode(bytes);
    parts.join(".")
}
