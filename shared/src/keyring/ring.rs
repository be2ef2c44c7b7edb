//! The ring: every key that is published, each with its state. A stored ring is checked when it is read, so that a
//! damaged one is an error and never a surprise at signing.

use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::jwk::Jwk;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{KeyId, MadeKey, PrivateHalf, PrivateKey, SigningAlgorithm, SoftwareKey};
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
    /// A private key does not open, or a half does not belong to the id beside it.
    #[error("what is stored of key {0} does not fit its id")]
    Unfit(String),
}

impl KeyRing {
    /// A first ring, whose only key signs at once: no consumer can have cached a key set before there was one.
    pub(super) fn first(algorithm: SigningAlgorithm, made: MadeKey, now: Timestamp) -> Option<Self> {
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
    pub(super) fn new(made: MadeKey, state: KeyState) -> Option<Self> {
        Some(Self { id: KeyId::thumbprint(&made.jwk)?, jwk: made.jwk, private: made.private, state })
    }

    fn read(algorithm: SigningAlgorithm, entry: &Entry) -> Result<Self, RingProblem> {
        let made = entry.private.read(algorithm).ok_or_else(|| RingProblem::Unfit(entry.kid.to_string()))?;
        match Self::new(made, entry.state) {
            Some(key) if key.id == entry.kid => Ok(key),
            _ => Err(RingProblem::Unfit(entry.kid.to_string())),
        }
    }

    fn written(&self) -> Entry {
        let private = match &self.private {
            PrivateHalf::Plain(key) => Half::Private(Zeroizing::new(STANDARD.encode(key.as_pkcs8()))),
            PrivateHalf::Sealed(bytes) => {
                Half::Sealed { bytes: STANDARD.encode(bytes), public: self.jwk.clone() }
            }
            PrivateHalf::Vault(name) => Half::Vault { name: name.clone(), public: self.jwk.clone() },
        };
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
    #[serde(flatten)]
    private: Half,
}

/// The two halves of a key: a private one at hand gives the public one as well, of any other the public one is stored
/// beside it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Half {
    Private(Zeroizing<String>),
    Sealed { bytes: String, public: Jwk },
    Vault { name: String, public: Jwk },
}

impl Half {
    fn read(&self, algorithm: SigningAlgorithm) -> Option<MadeKey> {
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
        Some(MadeKey { jwk: algorithm.public_half(&jwk)?, private })
    }
}

/// For this room's own tests.
#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// A key, its private half at hand.
    pub(in super::super) fn made(algorithm: SigningAlgorithm) -> MadeKey {
        let (key, private) = SoftwareKey::generate(algorithm).unwrap();
        MadeKey { jwk: key.public_jwk(), private: PrivateHalf::Plain(private) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> KeyRing {
        let made = testing::made(SigningAlgorithm::Es256);
        KeyRing::first(SigningAlgorithm::Es256, made, Timestamp::from_unix_seconds(7)).unwrap()
    }

    /// The same ring with its private half kept in another way.
    fn ring_with(private: &PrivateHalf) -> KeyRing {
        let ring = ring();
        ring.with_keys(
            ring.keys().iter().map(|key| RingKey { private: private.clone(), ..key.clone() }).collect(),
        )
    }

    fn spoiled(change: impl FnOnce(&mut serde_json::Value)) -> RingProblem {
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
        ] {
            assert_eq!(KeyRing::from_json(&ring.to_json().unwrap()), Ok(ring));
        }
    }

    #[test]
    fn a_public_half_that_is_stored_must_be_the_one_that_the_id_is_of() {
        let other = serde_json::to_value(&ring().keys()[0].jwk).unwrap();
        let rsa = serde_json::to_value(testing::made(SigningAlgorithm::Rs256).jwk).unwrap();
        for kept in [PrivateHalf::Sealed(vec![1]), PrivateHalf::Vault("key/1".into())] {
            let stored = ring_with(&kept).to_json().unwrap();
            let stored: serde_json::Value = serde_json::from_slice(&stored).unwrap();
            let kind = if stored["keys"][0].get("sealed").is_some() { "sealed" } else { "vault" };
            for jwk in [&other, &rsa] {
                let mut swapped = stored.clone();
                swapped["keys"][0][kind]["public"] = jwk.clone();
                let refused = KeyRing::from_json(swapped.to_string().as_bytes());
                assert!(matches!(refused, Err(RingProblem::Unfit(_))), "{refused:?}");
            }
            let mut decorated = stored.clone();
            decorated["keys"][0][kind]["public"]["x5u"] = "https://evil.example/".into();
            decorated["keys"][0][kind]["public"]["alg"] = "none".into();
            let refused = KeyRing::from_json(decorated.to_string().as_bytes());
            assert!(refused.is_err(), "an algorithm that is none of ours is no key");
        }
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
