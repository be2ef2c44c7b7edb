//! The issuer's public key set as a verifier reads it (RFC 7517 §5): key by key and strictly, because anyone who could add
//! a key of their own could sign sessions for everybody.

use std::collections::HashMap;

use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    json::Members,
    keyring::{KeyId, SigningAlgorithm},
};

/// A public key that sessions are verified with, bound to its one algorithm.
#[derive(Debug, Clone)]
pub struct SessionKey {
    pub(super) algorithm: SigningAlgorithm,
    pub(super) decoding: DecodingKey,
}

impl SessionKey {
    /// Creates a key of `algorithm`.
    pub fn new(algorithm: SigningAlgorithm, decoding: DecodingKey) -> Self {
        Self { algorithm, decoding }
    }
}

/// The keys that verify an issuer's sessions, by key id: at least one.
#[derive(Debug, Clone)]
pub struct SessionKeySet {
    published: JwkSet,
    keys: HashMap<String, SessionKey>,
}

/// A document without a usable key, such as an error page. It must not replace keys that work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key set with at least one usable key")]
pub struct SessionKeySetError;

impl SessionKeySet {
    /// Parses a JWK Set as the service publishes it. A key is usable if its `kid` is its thumbprint (RFC 7638), `use` is
    /// `sig`, `alg` is ES256 or RS256 and fits `kty`, and it has no private, secret or repeated member. Other keys are
    /// skipped.
    pub fn parse(document: &[u8]) -> Result<Self, SessionKeySetError> {
        let Document { keys: entries } = serde_json::from_slice(document).map_err(|_| SessionKeySetError)?;
        let mut set = Self { published: JwkSet { keys: Vec::new() }, keys: HashMap::new() };
        for (jwk, id, key) in entries.into_iter().filter_map(usable) {
            if set.keys.insert(id, key).is_none() {
                set.published.keys.push(jwk);
            }
        }
        if set.keys.is_empty() { Err(SessionKeySetError) } else { Ok(set) }
    }

    /// Returns the key `key_id`.
    pub fn key(&self, key_id: &str) -> Option<&SessionKey> {
        self.keys.get(key_id)
    }

    /// Returns the number of usable keys.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Always `false`: a set without a usable key is never created.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
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

fn usable(entry: &RawValue) -> Option<(Jwk, String, SessionKey)> {
    let members = Members::parse(entry.get().as_bytes()).ok()?;
    if SECRETS.iter().any(|name| members.has(name)) {
        return None;
    }
    let jwk: Jwk = serde_json::from_str(entry.get()).ok()?;
    let algorithm = algorithm_of(&jwk)?;
    let id = KeyId::thumbprint(&jwk)?.as_str().to_owned();
    let signs = jwk.common.public_key_use == Some(PublicKeyUse::Signature);
    if !signs || jwk.common.key_id.as_deref() != Some(&id) {
        return None;
    }
    let key = SessionKey::new(algorithm, DecodingKey::from_jwk(&jwk).ok()?);
    Some((jwk, id, key))
}

/// Returns the one algorithm of a key. `None` if `alg` does not fit the type of key, or if its numbers are not of a safe size
/// (RFC 7518 §3.3) or not in the form that gives a key one thumbprint only (§6.2.1.2, §6.3.1.1).
fn algorithm_of(jwk: &Jwk) -> Option<SigningAlgorithm> {
    match (&jwk.algorithm, jwk.common.key_algorithm?) {
        (AlgorithmParameters::EllipticCurve(point), KeyAlgorithm::ES256) => {
            let is_coordinate = |text: &str| decoded(text).is_some_and(|bytes| bytes.len() == 32);
            let fits =
                point.curve == EllipticCurve::P256 && is_coordinate(&point.x) && is_coordinate(&point.y);
            fits.then_some(SigningAlgorithm::Es256)
        }
        (AlgorithmParameters::RSA(numbers), KeyAlgorithm::RS256) => {
            let (modulus, exponent) = (decoded(&numbers.n)?, decoded(&numbers.e)?);
            let is_plain = |number: &[u8]| number.first().is_some_and(|byte| *byte != 0);
            let fits = (256..=1_024).contains(&modulus.len()) && is_plain(&modulus) && is_plain(&exponent);
            fits.then_some(SigningAlgorithm::Rs256)
        }
        _ => None,
    }
}

fn decoded(number: &str) -> Option<Vec<u8>> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.decode(number).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::session::testing::signing_key;

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
        assert_eq!(set.len(), 2);
        for algorithm in BOTH {
            assert!(set.key(signing_key(algorithm).0.id.as_str()).is_some());
        }
        assert_eq!(serde_json::to_value(set.to_jwk_set()).unwrap(), json!({ "keys": keys }));
    }

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
            ("y", json!("§")),
            ("crv", json!("P-384")),
        ];
        let neighbour = entry(SigningAlgorithm::Rs256);
        for (name, value) in changes {
            let mut odd = entry(SigningAlgorithm::Es256);
            odd[name] = value;
            assert_eq!(parse(&[odd.clone(), neighbour.clone()]).unwrap().len(), 1, "{odd}");
            assert_eq!(parse(&[odd]).unwrap_err(), SessionKeySetError);
        }
        let mut swapped = entry(SigningAlgorithm::Es256);
        swapped["alg"] = json!("RS256");
        assert!(parse(&[swapped]).is_err(), "an EC key is not for RS256");
        for odd in [json!(null), json!("key"), json!({}), json!([])] {
            assert_eq!(parse(&[odd, neighbour.clone()]).unwrap().len(), 1);
        }
    }

    /// A weak modulus has a thumbprint, too.
    #[test]
    fn skips_an_rsa_key_of_a_wrong_size_or_form() {
        for (n, e) in [
            ("A".repeat(171), "AQAB"),
            ("w".repeat(171), "AQAB"),
            ("w".repeat(2_000), "AQAB"),
            ("w".repeat(342), ""),
        ] {
            let mut odd = json!({"kty": "RSA", "use": "sig", "alg": "RS256", "n": n, "e": e});
            let jwk: Jwk = serde_json::from_value(odd.clone()).unwrap();
            odd["kid"] = json!(KeyId::thumbprint(&jwk).unwrap().as_str());
            assert_eq!(parse(&[odd]).unwrap_err(), SessionKeySetError, "{e}");
        }
    }

    #[test]
    fn refuses_repeated_members() {
        let good = entry(SigningAlgorithm::Es256).to_string();
        for odd in [
            format!(r#"{{"keys":[{}]}}"#, good.replacen('{', r#"{"kid":"first","#, 1)),
            format!(r#"{{"keys":[],"keys":[{good}]}}"#),
        ] {
            assert_eq!(SessionKeySet::parse(odd.as_bytes()).unwrap_err(), SessionKeySetError, "{odd}");
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

    #[test]
    fn keeps_only_the_members_of_a_public_key() {
        let mut more = entry(SigningAlgorithm::Es256);
        more["future"] = json!("more");
        let kept = serde_json::to_value(parse(&[more]).unwrap().to_jwk_set()).unwrap();
        assert_eq!(kept, json!({ "keys": [entry(SigningAlgorithm::Es256)] }));
    }

    #[test]
    fn refuses_a_document_without_a_usable_key() {
        for document in ["", "<html>", "{}", "[]", r#"{"keys":[]}"#, r#"{"keys":{}}"#] {
            assert_eq!(
                SessionKeySet::parse(document.as_bytes()).unwrap_err(),
                SessionKeySetError,
                "{document}"
            );
        }
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
