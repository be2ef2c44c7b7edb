//! An issuer's key set on disk, so that a verifier can start without a network. It holds public keys only, is trusted only if
//! no other user can have written it, and is parsed as strictly as if it came over the network.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::private_file::{self, OwnFileError};
use crate::{
    session::{Issuer, SessionKeySet, SessionKeySetError},
    timestamp::Timestamp,
};

/// A file that holds the key set of one issuer.
#[derive(Debug, Clone)]
pub struct KeySetFile {
    path: PathBuf,
    issuer: Issuer,
}

/// A key set file cannot be used or written.
#[derive(Debug, thiserror::Error)]
pub enum KeySetFileError {
    /// The file cannot be read or written, or another user could have written the keys in it.
    #[error(transparent)]
    File(#[from] OwnFileError),
    /// The file does not have the right format.
    #[error("{0}: not a key set file")]
    Damaged(String),
    /// It holds no usable key.
    #[error("{0}: {1}")]
    Unusable(String, SessionKeySetError),
    /// The keys are of another issuer.
    #[error("{0}: the keys are of another issuer")]
    AnotherIssuer(String),
    /// It was fetched in the future, by its own account, so it would never expire.
    #[error("{0}: the keys were fetched in the future; check the clock")]
    FromFuture(String),
}

#[derive(Serialize, Deserialize)]
struct Stored<'a, K> {
    issuer: &'a str,
    fetched: Timestamp,
    key_set: K,
}

impl KeySetFile {
    /// Uses the key set file of `issuer` in `folder`, which is created when a set is first stored.
    pub fn new(folder: &Path, issuer: Issuer) -> Self {
        Self { path: folder.join("key-set.json"), issuer }
    }

    /// Returns the stored set and when it was fetched, or `None` if none is stored yet.
    pub fn load(&self, now: Timestamp) -> Result<Option<(SessionKeySet, Timestamp)>, KeySetFileError> {
        private_file::read_own(&self.path)?.map(|json| self.read(&json, now)).transpose()
    }

    /// Stores `set`, fetched at `fetched`, in one step.
    pub fn store(&self, set: &SessionKeySet, fetched: Timestamp) -> Result<(), KeySetFileError> {
        let stored = Stored { issuer: self.issuer.as_str(), fetched, key_set: set.to_jwk_set() };
        Ok(private_file::store_own(&self.path, &stored)?)
    }

    fn read(&self, json: &[u8], now: Timestamp) -> Result<(SessionKeySet, Timestamp), KeySetFileError> {
        let stored: Stored<'_, &RawValue> =
            serde_json::from_slice(json).map_err(|_| KeySetFileError::Damaged(self.name()))?;
        if stored.issuer != self.issuer.as_str() {
            return Err(KeySetFileError::AnotherIssuer(self.name()));
        }
        if now.age_of(stored.fetched).is_none() {
            return Err(KeySetFileError::FromFuture(self.name()));
        }
        let set = SessionKeySet::parse(stored.key_set.get().as_bytes())
            .map_err(|error| KeySetFileError::Unusable(self.name(), error))?;
        Ok((set, stored.fetched))
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}
