//! The key ring: every key that is published or was just revoked, with its state. A stored ring is checked when it is read, so that damage
//! shows up there and not when a session is signed.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::jwk::Jwk;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{KeyId, NewKey, PrivateHalf, PrivateKey, SigningAlgorithm, SoftwareKey};
use crate::timestamp::Timestamp;

/// The signing keys of one algorithm; exactly one of them is active.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRing {
    algorithm: SigningAlgorithm,
    keys: Vec<RingKey>,
}

/// One key of the ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingKey {
    /// Its id.
    pub id: KeyId,
    /// Its public half, as published.
    pub jwk: Jwk,
    /// Its private half, as stored.
    pub private: PrivateHalf,
    /// Its state.
    pub state: KeyState,
    /// When a run of rotation first saw that the time in `state` is in the future. While it is, this is used instead.
    pub seen: Option<Timestamp>,
}

/// The state of a key, and since when it has been in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum KeyState {
    /// Published but not yet signing, so that consumers that cache key sets get to know it.
    Pending {
        /// When it was published.
        since: Timestamp,
    },
    /// The one that signs.
    Active {
        /// When it began to sign.
        since: Timestamp,
    },
    /// Published for the tokens that it signed.
    Retiring {
        /// When it stopped signing.
        since: Timestamp,
    },
    /// No longer published, because somebody else may have it. The next run deletes its private half and removes it.
    Revoked {
        /// When it was revoked.
        since: Timestamp,
    },
}

impl KeyState {
    /// Returns since when the key has been in it.
    pub fn since(self) -> Timestamp {
        match self {
            Self::Pending { since }
            | Self::Active { since }
            | Self::Retiring { since }
            | Self::Revoked { since } => since,
        }
    }
}

/// A stored document is not a key ring. The parser's own error is left out, because it may quote a private key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyRingFormatError {
    /// Not JSON of the right shape.
    #[error("not a key ring document")]
    Shape,
    /// Not exactly one key is active.
    #[error("{0} keys are active instead of one")]
    Active(usize),
    /// A private key cannot be opened, or a key does not belong to its id.
    #[error("what is stored as key {0} does not belong to that id")]
    Mismatch(KeyId),
}

impl KeyRing {
    /// Creates a first ring, whose only key signs at once: no consumer can have cached a key set before there was one.
    pub(super) fn first(algorithm: SigningAlgorithm, new: NewKey, now: Timestamp) -> Option<Self> {
        let key = RingKey::new(new, KeyState::Active { since: now })?;
        Some(Self { algorithm, keys: vec![key] })
    }

    /// Returns the ring with other keys. The caller makes sure that exactly one is active.
    pub(super) fn with_keys(&self, keys: Vec<RingKey>) -> Self {
        Self { algorithm: self.algorithm, keys }
    }

    /// Reads a stored ring.
    pub fn from_json(json: &[u8]) -> Result<Self, KeyRingFormatError> {
        let document: Document = serde_json::from_slice(json).map_err(|_| KeyRingFormatError::Shape)?;
        let open = |entry| RingKey::from_entry(document.algorithm, entry);
        let keys = document.keys.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let active = keys.iter().filter(|key| matches!(key.state, KeyState::Active { .. })).count();
        if active == 1 {
            Ok(Self { algorithm: document.algorithm, keys })
        } else {
            Err(KeyRingFormatError::Active(active))
        }
    }

    /// Returns the ring as it is stored: private keys included, wiped from memory when dropped.
    pub fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, KeyRingFormatError> {
        let keys = self.keys.iter().map(RingKey::to_entry).collect();
        let document = Document { algorithm: self.algorithm, keys };
        serde_json::to_vec_pretty(&document).map(Zeroizing::new).map_err(|_| KeyRingFormatError::Shape)
    }

    /// Returns what its keys sign with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// Returns every key, the oldest first.
    pub fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    /// Returns the key that signs.
    pub fn active(&self) -> Option<&RingKey> {
        self.keys.iter().find(|key| matches!(key.state, KeyState::Active { .. }))
    }
}

impl RingKey {
    pub(super) fn new(new: NewKey, state: KeyState) -> Option<Self> {
        Some(Self { id: KeyId::thumbprint(&new.jwk)?, jwk: new.jwk, private: new.private, state, seen: None })
    }

    /// Whether the key was revoked: it is no longer published, and verifies nothing.
    pub fn is_revoked(&self) -> bool {
        matches!(self.state, KeyState::Revoked { .. })
    }

    /// Returns how long the key has been in its state. `None` if that is in the future and no earlier run has seen it: a clock
    /// was wrong, now or then. The stored time stays as it is, so that a run with a wrong clock does not change what the
    /// others know.
    pub(super) fn age(&self, now: Timestamp) -> Option<Duration> {
        now.age_of(self.state.since()).or_else(|| now.age_of(self.seen?))
    }

    fn from_entry(algorithm: SigningAlgorithm, entry: &Entry) -> Result<Self, KeyRingFormatError> {
        let key = entry.key.read(algorithm).and_then(|key| Self::new(key, entry.state));
        let key = key.map(|key| Self { seen: entry.seen, ..key });
        key.filter(|key| key.id == entry.kid).ok_or_else(|| KeyRingFormatError::Mismatch(entry.kid.clone()))
    }

    fn to_entry(&self) -> Entry {
        let public = self.jwk.clone();
        let key = match &self.private {
            PrivateHalf::Plain(key) => StoredKey::Private(Zeroizing::new(STANDARD.encode(key.as_pkcs8()))),
            PrivateHalf::Sealed(bytes) => StoredKey::Sealed { bytes: STANDARD.encode(bytes), public },
            PrivateHalf::Vault(name) => StoredKey::Vault { name: name.clone(), public },
        };
        Entry { kid: self.id.clone(), state: self.state, seen: self.seen, key }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    algorithm: SigningAlgorithm,
    keys: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    kid: KeyId,
    #[serde(flatten)]
    state: KeyState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<Timestamp>,
    #[serde(flatten)]
    key: StoredKey,
}

/// A key pair as it is stored. The public key is derived from a private key in clear, and stored with any other.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredKey {
    Private(Zeroizing<String>),
    Sealed { bytes: String, public: Jwk },
    Vault { name: String, public: Jwk },
}

impl StoredKey {
    fn read(&self, algorithm: SigningAlgorithm) -> Option<NewKey> {
        let (jwk, private) = match self {
            Self::Private(text) => {
                let private = PrivateKey::from_pkcs8(STANDARD.decode(text.as_bytes()).ok()?);
                (SoftwareKey::open(algorithm, &private).ok()?.public_jwk(), PrivateHalf::Plain(private))
            }
            Self::Sealed { bytes, public } => {
                (public.clone(), PrivateHalf::Sealed(STANDARD.decode(bytes).ok()?))
            }
            Self::Vault { name, public } => (public.clone(), PrivateHalf::Vault(name.clone())),
        };
        Some(NewKey { jwk: algorithm.public_half(&jwk)?, private })
    }
}

/// For the tests of this module.
#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// Returns a new key with its private half in clear.
    pub(in super::super) fn new_key(algorithm: SigningAlgorithm) -> NewKey {
        let (key, private) = SoftwareKey::generate(algorithm).unwrap();
        NewKey { jwk: key.public_jwk(), private: PrivateHalf::Plain(private) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        let key = testing::new_key(SigningAlgorithm::Es256);
        KeyRing::first(SigningAlgorithm::Es256, key, Timestamp::from_unix_seconds(7)).unwrap()
    }

    /// A ring with `private` as the private half of its key.
    fn ring_with(private: &PrivateHalf) -> KeyRing {
        let ring = ring();
        ring.with_keys(
            ring.keys().iter().map(|key| RingKey { private: private.clone(), ..key.clone() }).collect(),
        )
    }

    fn spoiled(change: impl FnOnce(&mut serde_json::Value)) -> KeyRingFormatError {
        let mut document = serde_json::from_slice(&ring().to_json().unwrap()).unwrap();
        change(&mut document);
        KeyRing::from_json(document.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn reads_what_it_writes() {
        for ring in [
            ring(),
            ring_with(&PrivateHalf::Sealed(vec![0, 255])),
            ring_with(&PrivateHalf::Vault("key/1".into())),
            ring().with_keys(vec![RingKey { seen: Some(Timestamp::default()), ..ring().keys.remove(0) }]),
            ring().with_keys(vec![
                ring().keys.remove(0),
                RingKey { state: KeyState::Revoked { since: Timestamp::default() }, ..ring().keys.remove(0) },
            ]),
        ] {
            assert_eq!(KeyRing::from_json(&ring.to_json().unwrap()), Ok(ring));
        }
    }

    #[test]
    fn has_the_algorithm_of_its_first_key() {
        for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
            let ring = KeyRing::first(algorithm, testing::new_key(algorithm), Timestamp::default()).unwrap();
            assert_eq!(ring.algorithm(), algorithm);
        }
    }

    #[test]
    fn a_stored_public_key_must_belong_to_its_id() {
        let other = serde_json::to_value(&ring().keys()[0].jwk).unwrap();
        let rsa = serde_json::to_value(testing::new_key(SigningAlgorithm::Rs256).jwk).unwrap();
        for kept in [PrivateHalf::Sealed(vec![1]), PrivateHalf::Vault("key/1".into())] {
            let stored = ring_with(&kept).to_json().unwrap();
            let stored: serde_json::Value = serde_json::from_slice(&stored).unwrap();
            let kind = if stored["keys"][0].get("sealed").is_some() { "sealed" } else { "vault" };
            for jwk in [&other, &rsa] {
                let mut swapped = stored.clone();
                swapped["keys"][0][kind]["public"] = jwk.clone();
                let refused = KeyRing::from_json(swapped.to_string().as_bytes());
                assert!(matches!(refused, Err(KeyRingFormatError::Mismatch(_))), "{refused:?}");
            }
            let mut decorated = stored.clone();
            decorated["keys"][0][kind]["public"]["x5u"] = "https://evil.example/".into();
            decorated["keys"][0][kind]["public"]["alg"] = "none".into();
            let refused = KeyRing::from_json(decorated.to_string().as_bytes());
            assert!(refused.is_err(), "an algorithm that is not ours");
        }
    }

    #[test]
    fn refuses_a_damaged_ring() {
        let other = ring().to_json().unwrap();
        let other: serde_json::Value = serde_json::from_slice(&other).unwrap();
        assert_eq!(spoiled(|ring| ring["keys"] = serde_json::json!([])), KeyRingFormatError::Active(0));
        assert_eq!(
            spoiled(|ring| ring["keys"][0]["state"] = "pending".into()),
            KeyRingFormatError::Active(0)
        );
        assert_eq!(spoiled(|ring| ring["extra"] = 1.into()), KeyRingFormatError::Shape);
        assert!(matches!(
            spoiled(|ring| ring["algorithm"] = "RS256".into()),
            KeyRingFormatError::Mismatch(_)
        ));
        assert!(matches!(
            spoiled(|ring| ring["keys"][0]["private"] = "AAAA".into()),
            KeyRingFormatError::Mismatch(_)
        ));
        assert!(matches!(
            spoiled(|ring| ring["keys"][0]["private"] = other["keys"][0]["private"].clone()),
            KeyRingFormatError::Mismatch(_)
        ));
        for broken in ["", "{", "[]", "null"] {
            assert_eq!(KeyRing::from_json(broken.as_bytes()), Err(KeyRingFormatError::Shape));
        }
    }
}
