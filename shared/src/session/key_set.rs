//! The issuer's public key set as a verifier reads it (RFC 7517 §5): key by key and strictly, because anyone who could add
//! a key of their own could sign sessions for everybody.

use std::collections::HashMap;

use jsonwebtoken::jwk::{Jwk, JwkSet, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{json::Members, keyring::KeyId, public_key::PublicKey};

/// The keys that verify an issuer's sessions, by key id: at least one.
#[derive(Debug, Clone)]
pub struct SessionKeySet {
    published: JwkSet,
    keys: HashMap<String, PublicKey>,
}

/// The most keys in a document that is read. The service publishes two or three.
const MAX_KEYS: usize = 64;

/// A document without a usable key, such as an error page. It must not replace keys that work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionKeySetError {
    /// Not a JWK Set.
    #[error("not a JWK Set")]
    Format,
    /// More keys than the service ever publishes.
    #[error("a key set of {0} keys; at most {MAX_KEYS} are read")]
    TooMany(usize),
    /// No key verifies sessions.
    #[error("none of the {0} keys is one that the service publishes")]
    NoneUsable(usize),
}

impl SessionKeySet {
    /// Parses a JWK Set as the service publishes it. A key is usable if its `kid` is its thumbprint (RFC 7638), `use` is
    /// `sig`, `key_ops`, if any, contains `verify`, `alg` is ES256 or RS256 and fits `kty`, its numbers are valid and safe, and
    /// it has no private, secret or repeated member. Other keys are skipped. A set of more than 64 keys is refused whole.
    pub fn parse(document: &[u8]) -> Result<Self, SessionKeySetError> {
        let Document { keys: entries } =
            serde_json::from_slice(document).map_err(|_| SessionKeySetError::Format)?;
        let found = entries.len();
        if found > MAX_KEYS {
            return Err(SessionKeySetError::TooMany(found));
        }
        let mut set = Self { published: JwkSet { keys: Vec::new() }, keys: HashMap::new() };
        for (jwk, id, key) in entries.into_iter().filter_map(usable) {
            if set.keys.insert(id, key).is_none() {
                set.published.keys.push(jwk);
            }
        }
        if set.keys.is_empty() { Err(SessionKeySetError::NoneUsable(found)) } else { Ok(set) }
    }

    /// Returns the key `key_id`.
    pub fn key(&self, key_id: &str) -> Option<&PublicKey> {
        self.keys.get(key_id)
    }

    /// Returns the number of usable keys, at least one.
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// Returns the usable keys as a JWK Set, without anything else that was served.
    pub fn to_jwk_set(&self) -> &JwkSet {
        &self.published
    }
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// Members of a private or a symmetric key (RFC 7518 §6). A key that is published with one is compromised.
const SECRETS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

fn usable(entry: &RawValue) -> Option<(Jwk, String, PublicKey)> {
    let members = Members::parse(entry.get().as_bytes()).ok()?;
    if SECRETS.iter().any(|name| members.has(name)) {
        return None;
    }
    let jwk: Jwk = serde_json::from_str(entry.get()).ok()?;
    let key = PublicKey::of(&jwk)?;
    let id = KeyId::thumbprint(&jwk)?.as_str().to_owned();
    let operations = jwk.common.key_operations.as_ref();
    let verifies = jwk.common.public_key_use == Some(PublicKeyUse::Signature)
        && operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    if !verifies || jwk.common.key_id.as_deref() != Some(&id) {
        return None;
    }
    Some((jwk, id, key))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::{keyring::SigningAlgorithm, session::testing::signing_key};

    const BOTH: [SigningAlgorithm; 2] = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256];

    fn entry(algorithm: SigningAlgorithm) -> Value {
        serde_json::to_value(signing_key(algorithm).1).unwrap()
    }

    fn parse(keys: &[Value]) -> Result<SessionKeySet, SessionKeySetError> {
        SessionKeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    #[test]
    fn parses_what_the_service_publishes() {
        let keys = BOTH.map(entry);
        let set = parse(&keys).unwrap();
        assert_eq!(set.count(), 2);
        for algorithm in BOTH {
            assert!(set.key(signing_key(algorithm).0.id.as_str()).is_some());
        }
        assert_eq!(serde_json::to_value(set.to_jwk_set()).unwrap(), json!({ "keys": keys }));
    }

    /// RFC 7517 §4.3, §5; RFC 7518 §6.2.1.2, §6.2.1.3, §6.2.2; RFC 7638 §7.
    #[test]
    fn skips_a_key_with_one_wrong_member_and_keeps_the_others() {
        let changes: Vec<(&str, Value)> = vec![
            ("kid", json!("another")),
            ("kid", Value::Null),
            ("use", json!("enc")),
            ("use", Value::Null),
            ("alg", json!("ES384")),
            ("alg", json!("HS256")),
            ("alg", json!("none")),
            ("alg", Value::Null),
            ("kty", json!("oct")),
            ("kty", json!("OKP")),
            ("d", json!("AQAB")),
            ("k", json!("AQAB")),
            ("p", json!("AQAB")),
            ("x", json!("AA")),
            ("y", json!("AA")),
            ("y", json!("§")),
            ("crv", json!("P-384")),
            ("key_ops", json!(["sign"])),
            ("key_ops", json!([])),
        ];
        let neighbour = entry(SigningAlgorithm::Rs256);
        for (name, value) in changes {
            let mut odd = entry(SigningAlgorithm::Es256);
            odd[name] = value;
            assert_eq!(parse(&[odd.clone(), neighbour.clone()]).unwrap().count(), 1, "{odd}");
            assert_eq!(parse(&[odd]).unwrap_err(), SessionKeySetError::NoneUsable(1));
        }
        let mut swapped = entry(SigningAlgorithm::Es256);
        swapped["alg"] = json!("RS256");
        assert!(parse(&[swapped]).is_err(), "an EC key is not for RS256");
        for odd in [json!(null), json!("key"), json!({}), json!([])] {
            assert_eq!(parse(&[odd, neighbour.clone()]).unwrap().count(), 1);
        }
    }

    /// Adds what a usable key has, with the thumbprint of these parameters.
    fn named(mut parameters: Value, algorithm: &str) -> Value {
        let jwk: Jwk = serde_json::from_value(parameters.clone()).unwrap();
        parameters["kid"] = json!(KeyId::thumbprint(&jwk).unwrap().as_str());
        parameters["use"] = json!("sig");
        parameters["alg"] = json!(algorithm);
        parameters
    }

    /// A key that cannot verify, or not safely, has a thumbprint, too.
    /// RFC 7518 §6.3.1.1, §6.3.1.2; RFC 7638 §7.
    #[test]
    fn skips_an_rsa_key_of_a_wrong_size_or_form() {
        let odd = |length: usize| format!("{}w", "w".repeat(length - 1));
        let usable = parse(&[named(json!({"kty": "RSA", "n": odd(342), "e": "AQAB"}), "RS256")]);
        assert!(usable.is_ok(), "{usable:?}");
        let even = format!("{}g", "w".repeat(341));
        for (n, e) in [
            ("A".repeat(171), "AQAB"),
            (odd(171), "AQAB"),
            (odd(2_000), "AQAB"),
            (format!("AAAA{}", odd(342)), "AQAB"),
            (even, "AQAB"),
            (odd(342), ""),
            (odd(342), "Aw"),
            (odd(342), "AQAC"),
        ] {
            let odd = named(json!({"kty": "RSA", "n": n, "e": e}), "RS256");
            assert_eq!(parse(&[odd]).unwrap_err(), SessionKeySetError::NoneUsable(1), "{} {e}", n.len());
        }
    }

    /// RFC 8725 §3.4.
    #[test]
    fn skips_a_point_that_is_not_on_the_curve() {
        let good = entry(SigningAlgorithm::Es256);
        let swapped = json!({"kty": "EC", "crv": "P-256", "x": good["y"], "y": good["x"]});
        let zero = json!({"kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43)});
        for odd in [swapped, zero] {
            assert_eq!(parse(&[named(odd, "ES256")]).unwrap_err(), SessionKeySetError::NoneUsable(1));
        }
    }

    /// RFC 7518 §8.6.
    #[test]
    fn refuses_a_set_with_more_keys_than_the_service_has() {
        let keys = |count| vec![entry(SigningAlgorithm::Es256); count];
        assert_eq!(parse(&keys(MAX_KEYS)).unwrap().count(), 1);
        assert_eq!(parse(&keys(MAX_KEYS + 1)).unwrap_err(), SessionKeySetError::TooMany(MAX_KEYS + 1));
    }

    /// RFC 7517 §4, §5.
    #[test]
    fn refuses_repeated_members() {
        let good = entry(SigningAlgorithm::Es256).to_string();
        for odd in [
            format!(r#"{{"keys":[{}]}}"#, good.replacen('{', r#"{"kid":"first","#, 1)),
            format!(r#"{{"keys":[],"keys":[{good}]}}"#),
        ] {
            assert!(SessionKeySet::parse(odd.as_bytes()).is_err(), "{odd}");
        }
        assert_eq!(
            parse(&[entry(SigningAlgorithm::Es256), entry(SigningAlgorithm::Es256)])
                .unwrap()
                .to_jwk_set()
                .keys
                .len(),
            1
        );
    }

    /// RFC 7517 §4.
    #[test]
    fn keeps_only_the_members_of_a_public_key() {
        let mut more = entry(SigningAlgorithm::Es256);
        more["future"] = json!("more");
        let kept = serde_json::to_value(parse(&[more]).unwrap().to_jwk_set()).unwrap();
        assert_eq!(kept, json!({ "keys": [entry(SigningAlgorithm::Es256)] }));
    }

    /// RFC 7517 §5.
    #[test]
    fn refuses_a_document_without_a_usable_key() {
        for document in ["", "<html>", "{}", "[]", r#"{"keys":{}}"#] {
            let found = SessionKeySet::parse(document.as_bytes()).unwrap_err();
            assert_eq!(found, SessionKeySetError::Format, "{document}");
        }
        let empty = SessionKeySet::parse(br#"{"keys":[]}"#).unwrap_err();
        assert_eq!(empty, SessionKeySetError::NoneUsable(0));
    }

    proptest! {
        #[test]
        fn never_panics(document in prop::collection::vec(any::<u8>(), 0..300), x in "[A-Za-z0-9+/_=-]{0,50}") {
            let _ = SessionKeySet::parse(&document);
            let mut odd = entry(SigningAlgorithm::Es256);
            odd["x"] = json!(x);
            prop_assert!(parse(&[odd]).is_err());
        }
    }
}
