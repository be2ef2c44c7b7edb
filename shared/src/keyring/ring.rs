//! The ring: every key that is published, each with its state. A stored ring is checked when it is read, so that a
//! damaged one is an error and never a surprise at signing.

use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::jwk::Jwk;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{KeyId, PrivateKey, SigningAlgorithm, SoftwareKey};
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
    pub private: PrivateKey,
    /// Where in its life it is.
    pub state: KeyState,
}

/// Where in its life a key is, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum KeyState {
    /// Published, not yet signing: consumers that cache key sets get to know it.
    Pending {
        /// Since when it is published.
        since: Timestamp,
    },
    /// The one that signs.
    Active {
        /// Since when it signs.
        since: Timestamp,
    },
    /// Published for the tokens that it signed.
    Retiring {
        /// Since when it no longer signs.
        since: Timestamp,
    },
}

/// Counts the replacements of a stored ring, so that two who replace it at once cannot undo each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

/// Why a stored ring is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RingProblem {
    /// Not JSON of a ring's shape.
    #[error("not a key ring document")]
    Shape,
    /// Not exactly one key is active.
    #[error("{0} keys are active instead of one")]
    Active(usize),
    /// A private key does not open, or does not belong to the public half and id beside it.
    #[error("the private half of key {0} does not fit its id")]
    Unfit(String),
}

impl KeyRing {
    /// A first ring, whose only key signs at once: no consumer can have cached a key set before there was one.
    pub(super) fn first(
        algorithm: SigningAlgorithm,
        made: (SoftwareKey, PrivateKey),
        now: Timestamp,
    ) -> Option<Self> {
        let key = RingKey::new(made, KeyState::Active { since: now })?;
        Some(Self { algorithm, keys: vec![key] })
    }

    /// A ring that differs in its keys. The caller keeps exactly one active.
    pub(super) fn with_keys(&self, keys: Vec<RingKey>) -> Self {
        Self { algorithm: self.algorithm, keys }
    }

    /// Reads a stored ring.
    pub fn from_json(json: &[u8]) -> Result<Self, RingProblem> {
        let document: Document = serde_json::from_slice(json).map_err(|_| RingProblem::Shape)?;
        let open = |entry| RingKey::read(document.algorithm, entry);
        let keys = document.keys.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let active = keys.iter().filter(|key| matches!(key.state, KeyState::Active { .. })).count();
        if active == 1 {
            Ok(Self { algorithm: document.algorithm, keys })
        } else {
            Err(RingProblem::Active(active))
        }
    }

    /// The ring as it is stored: private keys included, wiped from memory when dropped.
    pub fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, RingProblem> {
        let keys = self.keys.iter().map(RingKey::written).collect();
        let document = Document { algorithm: self.algorithm, keys };
        serde_json::to_vec_pretty(&document).map(Zeroizing::new).map_err(|_| RingProblem::Shape)
    }

    /// What its keys sign with.
    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// Every key, in the order of their making.
    pub fn keys(&self) -> &[RingKey] {
        &self.keys
    }

    /// The key that signs.
    pub fn active(&self) -> Option<&RingKey> {
        self.keys.iter().find(|key| matches!(key.state, KeyState::Active { .. }))
    }
}

impl RingKey {
    pub(super) fn new((key, private): (SoftwareKey, PrivateKey), state: KeyState) -> Option<Self> {
        let jwk = key.public_jwk();
        Some(Self { id: KeyId::thumbprint(&jwk)?, jwk, private, state })
    }

    fn read(algorithm: SigningAlgorithm, entry: &Entry) -> Result<Self, RingProblem> {
        let unfit = || RingProblem::Unfit(entry.kid.to_string());
        let der = STANDARD.decode(entry.private.as_bytes()).map_err(|_| unfit())?;
        let private = PrivateKey::from_pkcs8(der);
        let key = SoftwareKey::open(algorithm, &private).map_err(|_| unfit())?;
        let key = Self::new((key, private), entry.state).ok_or_else(unfit)?;
        if key.id == entry.kid { Ok(key) } else { Err(unfit()) }
    }

    fn written(&self) -> Entry {
        let private = Zeroizing::new(STANDARD.encode(self.private.as_pkcs8()));
        Entry { kid: self.id.clone(), state: self.state, private }
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
    private: Zeroizing<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        let made = SoftwareKey::generate(SigningAlgorithm::Es256).unwrap();
        KeyRing::first(SigningAlgorithm::Es256, made, Timestamp::from_unix_seconds(7)).unwrap()
    }

    fn spoiled(change: impl FnOnce(&mut serde_json::Value)) -> RingProblem {
        let mut document = serde_json::from_slice(&ring().to_json().unwrap()).unwrap();
        change(&mut document);
        KeyRing::from_json(document.to_string().as_bytes()).unwrap_err()
    }

    #[test]
    fn reads_what_it_writes() {
        let ring = ring();
        assert_eq!(KeyRing::from_json(&ring.to_json().unwrap()), Ok(ring));
    }

    #[test]
    fn a_damaged_ring_is_an_error() {
        let other = ring().to_json().unwrap();
        let other: serde_json::Value = serde_json::from_slice(&other).unwrap();
        assert_eq!(spoiled(|ring| ring["keys"] = serde_json::json!([])), RingProblem::Active(0));
        assert_eq!(spoiled(|ring| ring["keys"][0]["state"] = "pending".into()), RingProblem::Active(0));
        assert_eq!(spoiled(|ring| ring["extra"] = 1.into()), RingProblem::Shape);
        assert!(matches!(spoiled(|ring| ring["algorithm"] = "RS256".into()), RingProblem::Unfit(_)));
        assert!(matches!(spoiled(|ring| ring["keys"][0]["private"] = "AAAA".into()), RingProblem::Unfit(_)));
        assert!(matches!(
            spoiled(|ring| ring["keys"][0]["private"] = other["keys"][0]["private"].clone()),
            RingProblem::Unfit(_)
        ));
        for broken in ["", "{", "[]", "null"] {
            assert_eq!(KeyRing::from_json(broken.as_bytes()), Err(RingProblem::Shape));
        }
    }
}
