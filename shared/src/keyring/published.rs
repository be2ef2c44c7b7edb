//! The public key set as it is published (RFC 7517 §5): every key of the ring, pending ones too, so that consumers
//! know a key before it signs.

use jsonwebtoken::jwk::{Jwk, JwkSet};

use super::{KeyRing, SigningAlgorithm};

/// A ring's public half.
#[derive(Debug, Clone)]
pub struct PublishedKeys {
    json: Vec<u8>,
}

/// What is stored is no key set of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a set of public keys of one algorithm, each with its own id")]
pub struct NotPublishedKeys;

impl PublishedKeys {
    /// The public keys of `ring`.
    pub fn of(ring: &KeyRing) -> Self {
        Self::new(ring.keys().iter().map(|key| key.jwk.clone()).collect())
    }

    /// Reads a set that was stored as [`as_json`](Self::as_json) gives it. Whatever else stands beside a key, a private
    /// member above all, is left out; a key that is none of ours, or not the one that its id is of, spoils the set:
    /// verifiers keep the set they have, rather than take one that somebody tampered with.
    pub fn from_json(json: &[u8]) -> Result<Self, NotPublishedKeys> {
        let JwkSet { keys } = serde_json::from_slice(json).map_err(|_| NotPublishedKeys)?;
        let algorithm = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256]
            .into_iter()
            .find(|algorithm| keys.iter().all(|jwk| algorithm.public_half(jwk).is_some()))
            .filter(|_| !keys.is_empty())
            .ok_or(NotPublishedKeys)?;
        let own = |jwk: &Jwk| algorithm.public_half(jwk).filter(|own| own.common.key_id == jwk.common.key_id);
        let keys: Vec<_> = keys.iter().map(own).collect::<Option<_>>().ok_or(NotPublishedKeys)?;
        Ok(Self::new(keys))
    }

    fn new(keys: Vec<Jwk>) -> Self {
        Self { json: serde_json::to_vec(&JwkSet { keys }).unwrap_or_default() }
    }

    /// The JWK Set document.
    pub fn as_json(&self) -> &[u8] {
        &self.json
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{keyring::ring::testing::made, timestamp::Timestamp};

    fn published(algorithm: SigningAlgorithm) -> PublishedKeys {
        PublishedKeys::of(&KeyRing::first(algorithm, made(algorithm), Timestamp::default()).unwrap())
    }

    fn read(set: &Value) -> Result<Vec<u8>, NotPublishedKeys> {
        PublishedKeys::from_json(set.to_string().as_bytes()).map(|keys| keys.as_json().to_vec())
    }

    #[test]
    fn a_stored_set_is_read_to_the_byte() {
        for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
            let own = published(algorithm);
            assert_eq!(PublishedKeys::from_json(own.as_json()).unwrap().as_json(), own.as_json());
        }
    }

    #[test]
    fn a_set_that_was_tampered_with_is_refused_whole_and_a_private_member_is_never_passed_on() {
        let own = published(SigningAlgorithm::Es256);
        let set: Value = serde_json::from_slice(own.as_json()).unwrap();
        let other: Value = serde_json::from_slice(published(SigningAlgorithm::Es256).as_json()).unwrap();
        let rsa: Value = serde_json::from_slice(published(SigningAlgorithm::Rs256).as_json()).unwrap();
        let spoiled = |change: &dyn Fn(&mut Value)| {
            let mut set = set.clone();
            change(&mut set);
            read(&set)
        };
        assert_eq!(spoiled(&|set| set["keys"][0]["d"] = json!("AAAA")).unwrap(), own.as_json());
        for refused in [
            spoiled(&|set| set["keys"][0]["x"] = other["keys"][0]["x"].clone()),
            spoiled(&|set| set["keys"][0]["kid"] = other["keys"][0]["kid"].clone()),
            spoiled(&|set| set["keys"][0]["kid"] = Value::Null),
            spoiled(&|set| set["keys"][0]["alg"] = json!("RS256")),
            spoiled(&|set| set["keys"] = json!([set["keys"][0], rsa["keys"][0]])),
            spoiled(&|set| set["keys"] = json!([])),
            spoiled(&|set| set["keys"] = json!([{ "kty": "oct", "k": "AAAA" }])),
        ] {
            assert_eq!(refused, Err(NotPublishedKeys));
        }
    }
}
