//! A tenant's published keys. An unusable entry is skipped without affecting the others.

use std::{collections::HashMap, sync::Arc};

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use super::{Cloud, TokenVersion};
use crate::identifiers::TenantId;

/// The keys of one tenant and token version, by key id.
#[derive(Debug, Clone)]
pub struct EntraKeySet(HashMap<String, Arc<EntraKey>>);

/// An RSA public key that verifies RS256 signatures.
#[derive(Debug)]
pub struct EntraKey {
    pub(super) decoding: DecodingKey,
    pub(super) issuer: Option<String>,
}

/// The document has no usable key, as with an error page. It must not replace keys that work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key set with at least one usable RSA key")]
pub struct EntraKeySetError;

impl EntraKeySet {
    /// Parses a JWK Set (RFC 7517 §5) as Entra serves it: RSA keys without `alg`, some with an `issuer`.
    pub fn parse(document: &[u8]) -> Result<Self, EntraKeySetError> {
        let Document { keys } = serde_json::from_slice(document).map_err(|_| EntraKeySetError)?;
        let usable: HashMap<_, _> = keys.into_iter().filter_map(usable).collect();
        if usable.is_empty() { Err(EntraKeySetError) } else { Ok(Self(usable)) }
    }

    /// Returns the key with this id.
    pub fn key(&self, key_id: &str) -> Option<&Arc<EntraKey>> {
        self.0.get(key_id)
    }

    /// Returns the number of usable keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Always false: a set has at least one key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl EntraKey {
    /// Returns the key's issuer if it names one other than `tenant`'s. In key sets of version 2.0 each key has an issuer:
    /// one tenant's, or a template for all organisations. Those of version 1.0 have none. Microsoft's own library checks
    /// the same.
    pub(super) fn foreign_issuer(&self, cloud: Cloud, tenant: TenantId) -> Option<&str> {
        let issuer = self.issuer.as_deref()?;
        let filled_in = issuer.replace("{tenantid}", &tenant.to_string());
        let own = [TokenVersion::V1, TokenVersion::V2].map(|version| cloud.issuer(version, tenant));
        (!own.contains(&filled_in)).then_some(issuer)
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Entry {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    x5t: Option<String>,
    n: String,
    e: String,
    issuer: Option<String>,
}

/// Returns the key and its id if it is an RSA signing key of 2048 to 8192 bits.
fn usable(entry: Value) -> Option<(String, Arc<EntraKey>)> {
    let entry: Entry = serde_json::from_value(entry).ok()?;
    let signs = entry.kty == "RSA"
        && entry.usage.is_none_or(|usage| usage == "sig")
        && entry.alg.is_none_or(|alg| alg == "RS256");
    let modulus = without_leading_zeros(decode(&entry.n)?);
    let exponent = without_leading_zeros(decode(&entry.e)?);
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !signs || !(2_048..=8_192).contains(&bits) || exponent.is_empty() {
        return None;
    }
    let decoding = DecodingKey::from_rsa_raw_components(&modulus, &exponent);
    Some((entry.kid.or(entry.x5t)?, Arc::new(EntraKey { decoding, issuer: entry.issuer })))
}

/// Decodes base64url, or the standard alphabet with padding, in which Entra once served `n`.
fn decode(number: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    LENIENT.decode(number.replace('+', "-").replace('/', "_")).ok()
}

fn without_leading_zeros(number: Vec<u8>) -> Vec<u8> {
    number.into_iter().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn modulus(bytes: usize) -> Vec<u8> {
        (0..bytes).map(|index| 0xfb ^ u8::try_from(index % 4).unwrap()).collect()
    }

    fn entry() -> Value {
        json!({"kty": "RSA", "use": "sig", "kid": "one", "n": URL_SAFE_NO_PAD.encode(modulus(256)), "e": "AQAB"})
    }

    fn spoiled(change: impl FnOnce(&mut Value)) -> Value {
        let mut entry = entry();
        entry["kid"] = json!("odd");
        change(&mut entry);
        entry
    }

    #[test]
    fn an_odd_entry_is_skipped_and_the_others_are_kept() {
        for odd in [
            json!(null),
            json!("key"),
            json!({}),
            spoiled(|key| key["kty"] = json!("EC")),
            spoiled(|key| key["kty"] = json!("unheard-of")),
            spoiled(|key| key["use"] = json!("enc")),
            spoiled(|key| key["alg"] = json!("PS256")),
            spoiled(|key| key["n"] = json!("§")),
            spoiled(|key| key["n"] = json!("")),
            spoiled(|key| key["n"] = json!(URL_SAFE_NO_PAD.encode(modulus(128)))),
            spoiled(|key| key["n"] = json!(URL_SAFE_NO_PAD.encode(modulus(1_032)))),
            spoiled(|key| key["e"] = json!("")),
            spoiled(|key| key["kid"] = json!(null)),
        ] {
            let set = EntraKeySet::parse(json!({"keys": [odd, entry()]}).to_string().as_bytes()).unwrap();
            assert_eq!(set.len(), 1, "{odd}");
            assert!(set.key("one").is_some());
        }
    }

    #[test]
    fn a_document_without_a_usable_key_is_no_key_set() {
        for document in
            ["", "<html>", "{}", "[]", r#"{"keys":[]}"#, r#"{"keys":{}}"#, r#"{"keys":[{"kty":"EC"}]}"#]
        {
            assert_eq!(EntraKeySet::parse(document.as_bytes()).unwrap_err(), EntraKeySetError, "{document}");
        }
    }

    #[test]
    fn ignores_unknown_members_and_gains_no_key_from_repeated_ones() {
        let more = spoiled(|key| key["future"] = json!({"kty": "EC"}));
        let set = EntraKeySet::parse(json!({"future": [1], "keys": [more]}).to_string().as_bytes()).unwrap();
        assert!(set.key("odd").is_some());

        let twice = json!({"keys": [entry()]}).to_string().replacen('{', r#"{"keys":[],"#, 1);
        assert_eq!(EntraKeySet::parse(twice.as_bytes()).unwrap_err(), EntraKeySetError);
        let named_twice = entry().to_string().replacen('{', r#"{"kid":"first","#, 1);
        let set = EntraKeySet::parse(format!(r#"{{"keys":[{named_twice}]}}"#).as_bytes()).unwrap();
        assert!(set.key("first").is_none() && set.key("one").is_some(), "the last one counts");
    }

    #[test]
    fn accepts_a_modulus_in_standard_base64_or_with_a_leading_zero() {
        let standard = STANDARD.encode(modulus(256));
        assert!(standard.contains(['+', '/']) && standard.ends_with('='));
        let zero = URL_SAFE_NO_PAD.encode([vec![0], modulus(256)].concat());
        for n in [standard, zero] {
            let odd = spoiled(|key| key["n"] = json!(n));
            assert!(
                EntraKeySet::parse(json!({"keys": [odd]}).to_string().as_bytes())
                    .unwrap()
                    .key("odd")
                    .is_some()
            );
        }
    }

    #[test]
    fn finds_an_entry_without_kid_by_its_thumbprint() {
        let old = spoiled(|key| {
            key.as_object_mut().unwrap().remove("kid");
            key["x5t"] = json!("thumb");
        });
        assert!(
            EntraKeySet::parse(json!({"keys": [old]}).to_string().as_bytes()).unwrap().key("thumb").is_some()
        );
    }

    proptest! {
        #[test]
        fn never_panics(document in prop::collection::vec(any::<u8>(), 0..300), n in "[A-Za-z0-9+/_=-]{0,20}") {
            let _ = EntraKeySet::parse(&document);
            let odd = spoiled(|key| key["n"] = json!(n));
            let _ = EntraKeySet::parse(json!({"keys": [odd]}).to_string().as_bytes());
        }
    }
}
