//! The directory's signing keys, the current one and former ones, and the key sets that it publishes of them.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use serde_json::{Value, json};

use super::{CONSUMER_TENANT, PUBLISHED_KEYS, Version, keys::SigningKey};

/// The signing keys, shared between threads.
#[derive(Debug)]
pub(super) struct KeyRing {
    keys: RwLock<Keys>,
    consumer_key: OnceLock<Arc<SigningKey>>,
}

#[derive(Debug)]
struct Keys {
    current: Arc<SigningKey>,
    /// Oldest first.
    former: Vec<Arc<SigningKey>>,
}

impl KeyRing {
    /// A ring with a new key.
    pub(super) fn new() -> Self {
        let keys = RwLock::new(Keys { current: SigningKey::fresh(), former: Vec::new() });
        Self { keys, consumer_key: OnceLock::new() }
    }

    pub(super) fn current(&self) -> Arc<SigningKey> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).current.clone()
    }

    /// The key of [`CONSUMER_TENANT`]. It is made on first use, since most tests never need it.
    pub(super) fn consumer_key(&self) -> &SigningKey {
        self.consumer_key.get_or_init(SigningKey::fresh)
    }

    /// Signs with a new key from now on. Former keys stay published until there are [`PUBLISHED_KEYS`].
    pub(super) fn roll(&self) {
        let new = SigningKey::fresh();
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        let replaced = std::mem::replace(&mut keys.current, new);
        keys.former.push(replaced);
        let excess = keys.former.len().saturating_sub(PUBLISHED_KEYS - 1);
        keys.former.drain(..excess);
    }

    /// Whether a published key of the tenants has signed `message` by RS256.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.former.iter().chain([&keys.current]).any(|key| key.has_signed(message, signature))
    }

    /// The key set of this version. Version 2 names the issuer that each key is for, and has the consumer key as well.
    pub(super) fn key_set(&self, version: Version) -> Value {
        let mut entries: Vec<Value> = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.former.iter().chain([&keys.current]).map(|key| key.jwk()).collect()
        };
        if version == Version::V2 {
            for entry in &mut entries {
                set_issuer("{tenantid}", entry);
            }
            let mut consumer = self.consumer_key().jwk();
            set_issuer(&CONSUMER_TENANT.to_string(), &mut consumer);
            entries.push(consumer);
        }
        json!({ "keys": entries })
    }
}

fn set_issuer(tenant: &str, entry: &mut Value) {
    entry["cloud_instance_name"] = "microsoftonline.com".into();
    entry["issuer"] = Version::V2.issuer(tenant).into();
}
