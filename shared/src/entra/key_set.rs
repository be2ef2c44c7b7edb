//! A tenant's published keys. An unusable entry is skipped without affecting the others.

use std::{
    collections::{HashMap, hash_map::Entry as Slot},
    sync::Arc,
};

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Cloud, TokenVersion};
use crate::{identifiers::TenantId, public_key::PublicKey};

/// The keys of one tenant and token version, by key id.
#[derive(Debug, Clone)]
pub struct EntraKeySet(HashMap<String, Arc<EntraKey>>);

/// An RSA public key that verifies RS256 signatures.
#[derive(Debug)]
pub struct EntraKey {
    pub(super) public: PublicKey,
    issuer: Option<String>,
    numbers: Numbers,
}

/// Modulus and exponent, big-endian without leading zeros.
type Numbers = (Vec<u8>, Vec<u8>);

/// The most keys in a document that is read. Entra publishes fewer than a dozen.
const MAX_KEYS: usize = 64;
/// The most characters of key ids that are logged, which the ids of Entra's dozen keys do not reach.
const MAX_IDS: usize = 1_000;

/// The document is no key set of the tenant's, as with an error page. It must not replace keys that work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntraKeySetError {
    /// Not a JWK Set.
    #[error("not a JWK Set")]
    Format,
    /// More keys than Entra would ever publish.
    #[error("a key set of {0} keys; at most {MAX_KEYS} are read")]
    TooMany(usize),
    /// No key verifies the tenant's tokens.
    #[error(
        "none of the {found} keys is usable: an RSA key for signing, with an id of its own, safe numbers, and of the cloud {expected}"
    )]
    NoneUsable {
        /// How many keys the set has.
        found: usize,
        /// The `cloud_instance_name` of the tenant's cloud.
        expected: &'static str,
    },
}

impl EntraKeySet {
    /// Parses a JWK Set (RFC 7517 §5) as Entra serves it to tenants of `cloud`: RSA keys without `alg`, some with an `issuer`
    /// and a `cloud_instance_name`. Of two usable keys with one id the first counts if they are the same key. If they are not,
    /// neither does: which one was meant cannot be known.
    pub fn parse(document: &[u8], cloud: Cloud) -> Result<Self, EntraKeySetError> {
        let Document { keys } = serde_json::from_slice(document).map_err(|_| EntraKeySetError::Format)?;
        let found = keys.len();
        if found > MAX_KEYS {
            return Err(EntraKeySetError::TooMany(found));
        }
        let mut by_id: HashMap<String, Option<EntraKey>> = HashMap::new();
        for (id, key) in keys.into_iter().filter_map(|entry| usable(entry, cloud)) {
            match by_id.entry(id) {
                Slot::Vacant(slot) => drop(slot.insert(Some(key))),
                Slot::Occupied(slot) if slot.get().as_ref().is_some_and(|first| first.is_twin_of(&key)) => (),
                Slot::Occupied(mut slot) => drop(slot.insert(None)),
            }
        }
        for (key_id, _) in by_id.iter().filter(|(_, key)| key.is_none()) {
            tracing::warn!(key_id, "a key set has two different keys with this id; neither is used");
        }
        let usable: HashMap<_, _> =
            by_id.into_iter().filter_map(|(id, key)| Some((id, Arc::new(key?)))).collect();
        if usable.is_empty() {
            return Err(EntraKeySetError::NoneUsable { found, expected: cloud.instance_name() });
        }
        Ok(Self(usable))
    }

    /// Returns the key with this id.
    pub fn key(&self, key_id: &str) -> Option<&Arc<EntraKey>> {
        self.0.get(key_id)
    }

    /// Returns the ids of the keys, sorted and separated by commas; at most 1,000 characters.
    pub fn ids(&self) -> String {
        let mut ids: Vec<_> = self.0.keys().map(String::as_str).collect();
        ids.sort_unstable();
        ids.join(", ").chars().take(MAX_IDS).collect()
    }

    /// Returns the number of usable keys, at least one.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl EntraKey {
    fn is_twin_of(&self, other: &Self) -> bool {
        (&self.numbers, &self.issuer) == (&other.numbers, &other.issuer)
    }

    /// Returns the key's issuer if it names one other than `tenant`'s. In key sets of version 2.0 each key has an issuer:
    /// one tenant's, or a template for all organisations. Those of version 1.0 have none. Microsoft's own library checks
    /// the same.
    pub(super) fn foreign_issuer(&self, cloud: Cloud, tenant: TenantId) -> Option<&str> {
        let issuer = self.issuer.as_deref()?;
        let is_own = [TokenVersion::V1, TokenVersion::V2].into_iter().any(|version| {
            let written = cloud.tenant_in(issuer, version);
            written.is_some_and(|written| written == "{tenantid}" || tenant.is_written(written))
        });
        (!is_own).then_some(issuer)
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
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    kid: Option<String>,
    x5t: Option<String>,
    n: String,
    e: String,
    issuer: Option<String>,
    cloud_instance_name: Option<String>,
}

/// Returns the key and its id if it is an RSA signing key of `cloud` that can verify.
fn usable(entry: Value, cloud: Cloud) -> Option<(String, EntraKey)> {
    let entry: Entry = serde_json::from_value(entry).ok()?;
    let verifies = entry.kty == "RSA"
        && entry.usage.is_none_or(|usage| usage == "sig")
        && entry.key_ops.is_none_or(|operations| operations.iter().any(|operation| operation == "verify"))
        && entry.alg.is_none_or(|alg| alg == "RS256")
        && entry.cloud_instance_name.is_none_or(|name| name == cloud.instance_name());
    let id = entry.kid.or(entry.x5t).filter(|_| verifies)?;
    let modulus = without_leading_zeros(decode(&entry.n)?);
    let exponent = without_leading_zeros(decode(&entry.e)?);
    let public = PublicKey::rs256(&modulus, &exponent)
        .inspect_err(|error| {
            tracing::warn!(key_id = id, problem = %error, "a published key is not used");
        })
        .ok()?;
    Some((id, EntraKey { public, issuer: entry.issuer, numbers: (modulus, exponent) }))
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

    /// Returns an odd number whose standard base64 has the characters that base64url replaces.
    fn modulus(bytes: usize) -> Vec<u8> {
        (1..=bytes).map(|index| 0xfb ^ u8::try_from(index % 4).unwrap()).collect()
    }

    fn parse(document: &[u8]) -> Result<EntraKeySet, EntraKeySetError> {
        EntraKeySet::parse(document, Cloud::Public)
    }

    fn parse_keys(keys: &[Value]) -> Result<EntraKeySet, EntraKeySetError> {
        parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    const NONE_OF_ONE: EntraKeySetError =
        EntraKeySetError::NoneUsable { found: 1, expected: "microsoftonline.com" };

    fn entry() -> Value {
        json!({"kty": "RSA", "use": "sig", "kid": "one", "n": URL_SAFE_NO_PAD.encode(modulus(256)), "e": "AQAB"})
    }

    fn spoiled(change: impl FnOnce(&mut Value)) -> Value {
        let mut entry = entry();
        entry["kid"] = json!("odd");
        change(&mut entry);
        entry
    }

    /// RFC 7517 §4.1, §4.2, §4.3, §4.4, §5; RFC 7518 §3.3; RFC 8725 §3.1.
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
            spoiled(|key| key["n"] = json!(URL_SAFE_NO_PAD.encode([&modulus(255)[..], &[0xfe]].concat()))),
            spoiled(|key| key["e"] = json!("")),
            spoiled(|key| key["e"] = json!("Aw")),
            spoiled(|key| key["e"] = json!("AQAC")),
            spoiled(|key| key["key_ops"] = json!(["encrypt", "wrapKey"])),
            spoiled(|key| key["key_ops"] = json!([])),
            spoiled(|key| key["key_ops"] = json!("verify")),
            spoiled(|key| key["cloud_instance_name"] = json!("microsoftonline.us")),
            spoiled(|key| key["cloud_instance_name"] = json!("microsoftonline.com.example")),
            spoiled(|key| key["kid"] = json!(null)),
        ] {
            let set = parse_keys(&[odd.clone(), entry()]).unwrap();
            assert_eq!(set.count(), 1, "{odd}");
            assert!(set.key("one").is_some());
            assert_eq!(parse_keys(&[odd]).unwrap_err(), NONE_OF_ONE, "it never replaces a good set");
        }
    }

    /// RFC 7517 §5.
    #[test]
    fn a_document_without_a_usable_key_is_no_key_set() {
        let none = EntraKeySetError::NoneUsable { found: 0, expected: "microsoftonline.com" };
        for (document, expected) in [
            ("", EntraKeySetError::Format),
            ("<html>", EntraKeySetError::Format),
            ("{}", EntraKeySetError::Format),
            ("[]", EntraKeySetError::Format),
            (r#"{"keys":[]}"#, none),
            (r#"{"keys":{}}"#, EntraKeySetError::Format),
            (r#"{"keys":[{"kty":"EC"}]}"#, NONE_OF_ONE),
        ] {
            assert_eq!(parse(document.as_bytes()).unwrap_err(), expected, "{document}");
        }
    }

    #[test]
    fn a_key_of_another_cloud_is_not_usable() {
        for own in [Cloud::Public, Cloud::UsGovernment, Cloud::China] {
            let keys: Vec<_> = [Cloud::Public, Cloud::UsGovernment, Cloud::China]
                .map(|cloud| {
                    spoiled(|key| {
                        key["kid"] = json!(cloud.instance_name());
                        key["cloud_instance_name"] = json!(cloud.instance_name());
                    })
                })
                .into();
            let set = EntraKeySet::parse(json!({ "keys": keys }).to_string().as_bytes(), own).unwrap();
            assert_eq!((set.count(), set.key(own.instance_name()).is_some()), (1, true), "{own:?}");
        }
    }

    /// RFC 7518 §8.6.
    #[test]
    fn a_set_with_more_keys_than_entra_has_is_refused_whole() {
        let keys = |count| {
            (0..count).map(|id| spoiled(|key| key["kid"] = json!(id.to_string()))).collect::<Vec<_>>()
        };
        assert_eq!(parse_keys(&keys(MAX_KEYS)).unwrap().count(), MAX_KEYS);
        assert_eq!(parse_keys(&keys(MAX_KEYS + 1)).unwrap_err(), EntraKeySetError::TooMany(MAX_KEYS + 1));
    }

    /// RFC 7517 §4.5.
    #[test]
    fn of_two_keys_with_one_id_the_first_usable_counts_unless_they_differ() {
        let other = || spoiled(|key| key["n"] = json!(URL_SAFE_NO_PAD.encode(modulus(260))));
        let same = || spoiled(|_| ());
        let unusable = || spoiled(|key| key["use"] = json!("enc"));
        let of_an_issuer =
            || spoiled(|key| key["issuer"] = json!("https://login.microsoftonline.com/x/v2.0"));
        for (twins, counts) in [
            (vec![same(), same()], true),
            (vec![unusable(), same()], true),
            (vec![same(), unusable()], true),
            (vec![same(), other()], false),
            (vec![other(), same(), same()], false),
            (vec![same(), of_an_issuer()], false),
        ] {
            let set = parse_keys(&[twins.clone(), vec![entry()]].concat()).unwrap();
            assert_eq!(set.key("odd").is_some(), counts, "{twins:?}");
            assert!(set.key("one").is_some());
        }
        let none = EntraKeySetError::NoneUsable { found: 2, expected: "microsoftonline.com" };
        assert_eq!(parse_keys(&[same(), other()]).unwrap_err(), none);
    }

    /// RFC 7517 §4, §5.
    #[test]
    fn ignores_unknown_members_and_gains_no_key_from_repeated_ones() {
        let more = spoiled(|key| key["future"] = json!({"kty": "EC"}));
        let set = parse(json!({"future": [1], "keys": [more]}).to_string().as_bytes()).unwrap();
        assert!(set.key("odd").is_some());

        let twice = json!({"keys": [entry()]}).to_string().replacen('{', r#"{"keys":[],"#, 1);
        assert_eq!(parse(twice.as_bytes()).unwrap_err(), EntraKeySetError::Format);
        let named_twice = entry().to_string().replacen('{', r#"{"kid":"first","#, 1);
        let set = parse(format!(r#"{{"keys":[{named_twice}]}}"#).as_bytes()).unwrap();
        assert!(set.key("first").is_none() && set.key("one").is_some(), "the last one counts");
    }

    /// RFC 7518 §6.3.1.1.
    #[test]
    fn accepts_a_modulus_in_standard_base64_or_with_a_leading_zero() {
        let standard = STANDARD.encode(modulus(256));
        assert!(standard.contains(['+', '/']) && standard.ends_with('='));
        let zero = URL_SAFE_NO_PAD.encode([vec![0], modulus(256)].concat());
        for n in [standard, zero] {
            let odd = spoiled(|key| key["n"] = json!(n));
            assert!(parse(json!({"keys": [odd]}).to_string().as_bytes()).unwrap().key("odd").is_some());
        }
    }

    #[test]
    fn finds_an_entry_without_kid_by_its_thumbprint() {
        let old = spoiled(|key| {
            key.as_object_mut().unwrap().remove("kid");
            key["x5t"] = json!("thumb");
        });
        assert!(parse(json!({"keys": [old]}).to_string().as_bytes()).unwrap().key("thumb").is_some());
    }

    proptest! {
        #[test]
        fn never_panics(document in prop::collection::vec(any::<u8>(), 0..300), n in "[A-Za-z0-9+/_=-]{0,20}") {
            let _ = parse(&document);
            let odd = spoiled(|key| key["n"] = json!(n));
            let _ = parse(json!({"keys": [odd]}).to_string().as_bytes());
        }
    }
}
