//! The public key set as it is published (RFC 7517 §5): every key of the ring, pending ones too, so that consumers
//! know a key before it signs.

use std::collections::HashMap;

use jsonwebtoken::{DecodingKey, jwk::JwkSet};

use super::KeyRing;
use crate::{
    ports::{SessionKeySource, SessionKeysUnavailable},
    session::SessionKey,
    timestamp::Timestamp,
};

/// A ring's public half.
#[derive(Debug, Clone)]
pub struct PublishedKeys {
    json: Vec<u8>,
    keys: HashMap<String, SessionKey>,
}

impl PublishedKeys {
    /// The public keys of `ring`.
    pub fn of(ring: &KeyRing) -> Self {
        let set = JwkSet { keys: ring.keys().iter().map(|key| key.jwk.clone()).collect() };
        let session_key = |key: &super::RingKey| {
            let decoding = DecodingKey::from_jwk(&key.jwk).ok()?;
            Some((key.id.to_string(), SessionKey::new(ring.algorithm(), decoding)))
        };
        Self {
            json: serde_json::to_vec(&set).unwrap_or_default(),
            keys: ring.keys().iter().filter_map(session_key).collect(),
        }
    }

    /// The JWK Set document.
    pub fn as_json(&self) -> &[u8] {
        &self.json
    }
}

impl SessionKeySource for PublishedKeys {
    async fn find(
        &self,
        key_id: &str,
        _now: Timestamp,
    ) -> Result<Option<SessionKey>, SessionKeysUnavailable> {
        Ok(self.keys.get(key_id).cloned())
    }
}
