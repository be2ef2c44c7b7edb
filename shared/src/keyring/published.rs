//! The public key set as it is published (RFC 7517 §5): every key of the ring that was not revoked, including pending ones, so
//! that consumers know a key before it signs.

use jsonwebtoken::jwk::{Jwk, JwkSet};

use super::{KeyRing, SigningAlgorithm};

/// The public keys of a ring, as a JWK Set.
#[derive(Debug, Clone)]
pub struct PublishedKeySet {
    json: Vec<u8>,
}

/// A stored document is not a key set that we published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a set of public keys of one algorithm, each with its own id")]
pub struct PublishedKeySetError;

impl PublishedKeySet {
    /// Returns the public keys of `ring`.
    pub fn of(ring: &KeyRing) -> Self {
        let published = ring.keys().iter().filter(|key| !key.is_revoked());
        Self::new(published.map(|key| key.jwk.clone()).collect())
    }

    /// Reads a set that was stored as [`as_json`](Self::as_json) returns it. Any other member of a key, above all a private
    /// one, is left out. One key that is not ours, or does not fit its id, makes the whole set an error: verifiers then keep
    /// the set that they have instead of one that was tampered with.
    pub fn from_json(json: &[u8]) -> Result<Self, PublishedKeySetError> {
        let JwkSet { keys } = serde_json::from_slice(json).map_err(|_| PublishedKeySetError)?;
        let algorithm = [SigningAlgorithm::Es256, SigningAlgorithm::Rs256]
            .into_iter()
            .find(|algorithm| keys.iter().all(|jwk| algorithm.public_half(jwk).is_some()))
            .filter(|_| !keys.is_empty())
            .ok_or(PublishedKeySetError)?;
        let own = |jwk: &Jwk| algorithm.public_half(jwk).filter(|own| own.common.key_id == jwk.common.key_id);
        let keys: Vec<_> = keys.iter().map(own).collect::<Option<_>>().ok_or(PublishedKeySetError)?;
        Ok(Self::new(keys))
    }

    fn new(keys: Vec<Jwk>) -> Self {
        Self { json: serde_json::to_vec(&JwkSet { keys }).unwrap_or_default() }
    }

    /// Returns the JWK Set document.
    pub fn as_json(&self) -> &[u8] {
        &self.json
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{keyring::ring::testing::new_key, timestamp::Timestamp};

    fn published(algorithm: SigningAlgorithm) -> PublishedKeySet {
        PublishedKeySet::of(&KeyRing::first(algorithm, new_key(algorithm), Timestamp::default()).unwrap())
    }

    fn read(set: &Value) -> Result<Vec<u8>, PublishedKeySetError> {
        PublishedKeySet::from_json(set.to_string().as_bytes()).map(|keys| keys.as_json().to_vec())
    }

    #[test]
    fn reads_back_the_same_bytes_that_were_stored() {
        for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
            let own = published(algorithm);
            assert_eq!(PublishedKeySet::from_json(own.as_json()).unwrap().as_json(), own.as_json());
        }
    }

    #[test]
    fn refuses_a_set_that_was_tampered_with_and_drops_private_members() {
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
            assert_eq!(refused, Err(PublishedKeySetError));
        }
    }
}
