//! A tenant's published keys, read one by one: an odd entry is skipped and never costs the others.

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
pub struct KeySet(HashMap<String, Arc<EntraKey>>);

/// One RSA key that signs tokens with RS256.
#[derive(Debug)]
pub struct EntraKey {
    pub(super) decoding: DecodingKey,
    pub(super) issuer: Option<String>,
}

/// A document with no usable key in it: an error page, say. It must not replace keys that work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key set with at least one usable RSA key")]
pub struct NotAKeySet;

impl KeySet {
    /// Reads a JWK Set (RFC 7517 §5) as Entra serves it: RSA keys without `alg`, of which some name the issuer that
    /// they vouch for.
    pub fn parse(document: &[u8]) -> Result<Self, NotAKeySet> {
        let Document { keys } = serde_json::from_slice(document).map_err(|_| NotAKeySet)?;
        let usable: HashMap<_, _> = keys.into_iter().filter_map(usable).collect();
        if usable.is_empty() { Err(NotAKeySet) } else { Ok(Self(usable)) }
    }

    /// The key of that id.
    pub fn key(&self, key_id: &str) -> Option<&Arc<EntraKey>> {
        self.0.get(key_id)
    }

    /// How many keys are usable.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never: a set without usable keys is not built.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl EntraKey {
    /// The issuer that this key vouches for, where it names one that is not `tenant`'s. Key sets of version 2.0 name
    /// the issuer on each key, as a template for every organisation's tenant or as one fixed tenant; those of
    /// version 1.0 name none. Microsoft's own library checks the same.
    pub(super) fn vouches_only_for_another(&self, cloud: Cloud, tenant: TenantId) -> Option<&str> {
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

/// RSA of 2048 to 8192 bits for signatures, or nothing.
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

/// Base64url, or the standard alphabet with padding, in which Entra once served `n`.
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
            let set = KeySet::parse(json!({"keys": [odd, entry()]}).to_string().as_bytes()).unwrap();
            assert_eq!(set.len(), 1, "{odd}");
            assert!(set.key("one").is_some());
        }
    }

    #[test]
    fn a_document_without_a_usable_key_is_no_key_set() {
        for document in
            ["", "<html>", "{}", "[]", r#"{"keys":[]}"#, r#"{"keys":{}}"#, r#"{"keys":[{"kty":"EC"}]}"#]
        {
            assert_eq!(KeySet::parse(document.as_bytes()).unwrap_err(), NotAKeySet, "{document}");
        }
    }

    #[test]
    fn what_is_not_understood_is_ignored_and_a_doubled_member_brings_in_no_key() {
        let more = spoiled(|key| key["future"] = json!({"kty": "EC"}));
        let set = KeySet::parse(json!({"future": [1], "keys": [more]}).to_string().as_bytes()).unwrap();
        assert!(set.key("odd").is_some());

        let twice = json!({"keys": [entry()]}).to_string().replacen('{', r#"{"keys":[],"#, 1);
        assert_eq!(KeySet::parse(twice.as_bytes()).unwrap_err(), NotAKeySet);
        let named_twice = entry().to_string().replacen('{', r#"{"kid":"first","#, 1);
        let set = KeySet::parse(format!(r#"{{"keys":[{named_twice}]}}"#).as_bytes()).unwrap();
        assert!(set.key("first").is_none() && set.key("one").is_some(), "the last one counts");
    }

    #[test]
    fn takes_a_modulus_in_standard_base64_and_one_with_a_leading_zero() {
        let standard = STANDARD.encode(modulus(256));
        assert!(standard.contains(['+', '/']) && standard.ends_with('='));
        let zero = URL_SAFE_NO_PAD.encode([vec![0], modulus(256)].concat());
        for n in [standard, zero] {
            let odd = spoiled(|key| key["n"] = json!(n));
            assert!(
                KeySet::parse(json!({"keys": [odd]}).to_string().as_bytes()).unwrap().key("odd").is_some()
            );
        }
    }

    #[test]
    fn an_old_entry_is_found_by_its_thumbprint() {
        let old = spoiled(|key| {
            key.as_object_mut().unwrap().remove("kid");
            key["x5t"] = json!("thumb");
        });
        assert!(KeySet::parse(json!({"keys": [old]}).to_string().as_bytes()).unwrap().key("thumb").is_some());
    }

    proptest! {
        #[test]
        fn never_panics(document in prop::collection::vec(any::<u8>(), 0..300), n in "[A-Za-z0-9+/_=-]{0,20}") {
            let _ = KeySet::parse(&document);
            let odd = spoiled(|key| key["n"] = json!(n));
            let _ = KeySet::parse(json!({"keys": [odd]}).to_string().as_bytes());
        }
    }
}
