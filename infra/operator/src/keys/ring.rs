//! The ring's keys as operators see them: the public part of what is stored.

use pozi_auth::{
    adapters::aws::TablePublishedKeys,
    keyring::{KeyId, KeyState, KeyStatus, SigningAlgorithm},
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize, Serializer};

use super::KeysError;
use crate::{Service, World, moments};

/// A key of the ring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ListedKey {
    /// Its id.
    #[serde(rename = "kid")]
    pub(super) id: KeyId,
    /// What it signs with.
    #[serde(rename = "alg")]
    pub(super) algorithm: SigningAlgorithm,
    /// What it is used for.
    pub(super) state: Use,
    /// Since when, if that is known.
    #[serde(serialize_with = "as_text")]
    pub(super) since: Option<Timestamp>,
    /// When that changes, if it is known.
    #[serde(serialize_with = "as_text")]
    pub(super) changes: Option<Timestamp>,
}

/// What a key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Use {
    /// Published; it signs next.
    Published,
    /// Signs sessions.
    Signs,
    /// Published for the sessions that it signed.
    Retired,
    /// No longer published.
    Revoked,
    /// Published; the table does not say more.
    Unknown,
}

impl Use {
    /// Returns the word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Signs => "signs",
            Self::Retired => "retired",
            Self::Revoked => "revoked",
            Self::Unknown => "?",
        }
    }
}

/// Reads the ring of `service`, without the private halves.
pub(super) async fn read(service: &Service, world: &World) -> Result<Vec<ListedKey>, KeysError> {
    let source = TablePublishedKeys::new(service.table()?);
    let overview = world.watching("reading the keys", source.overview()).await?.ok_or(KeysError::NoRing)?;
    match overview.states {
        Some(states) => Ok(listed(&states, world.now)),
        None => published(overview.published.as_json()),
    }
}

/// Returns the keys with these states at `now`, the oldest first.
pub(super) fn listed(states: &[KeyStatus], now: Timestamp) -> Vec<ListedKey> {
    let key = |status: &KeyStatus| ListedKey {
        id: status.id.clone(),
        algorithm: status.algorithm,
        state: match status.state {
            KeyState::Pending { .. } => Use::Published,
            KeyState::Active { .. } => Use::Signs,
            KeyState::Retiring { .. } => Use::Retired,
            KeyState::Revoked { .. } => Use::Revoked,
        },
        since: status.since(now),
        changes: status.changes(states, now),
    };
    states.iter().map(key).collect()
}

/// Returns the keys of a published set, of a ring that was stored before states were.
fn published(set: &[u8]) -> Result<Vec<ListedKey>, KeysError> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Key>,
    }
    #[derive(Deserialize)]
    struct Key {
        kid: KeyId,
        alg: SigningAlgorithm,
    }
    let set: Set = serde_json::from_slice(set).map_err(|error| KeysError::Answer(error.into()))?;
    let key = |Key { kid: id, alg: algorithm }| ListedKey {
        id,
        algorithm,
        state: Use::Unknown,
        since: None,
        changes: None,
    };
    Ok(set.keys.into_iter().map(key).collect())
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn as_text<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(moments::rfc3339).serialize(serializer)
}
