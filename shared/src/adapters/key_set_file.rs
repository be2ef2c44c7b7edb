//! An issuer's key set on disk, so that a verifier that starts without a network verifies at once: public keys only,
//! believed only from a file that nobody else could have written, and checked as if it came over the network.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jsonwebtoken::jwk::JwkSet;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::private_file::{self, NotOurs};
use crate::{
    session::{Issuer, KeySet, NotAKeySet},
    timestamp::Timestamp,
};

/// A file that holds the key set of one issuer.
#[derive(Debug, Clone)]
pub struct KeySetFile {
    path: PathBuf,
    issuer: Issuer,
}

/// Why a stored key set is not used, or not stored.
#[derive(Debug, thiserror::Error)]
pub enum KeySetFileError {
    /// The file cannot be read or written.
    #[error("{0}: {1}")]
    Unavailable(String, io::Error),
    /// The file, or its folder, may be the work of others: so may the keys in it.
    #[error("{0}: {1}")]
    NotOurs(String, NotOurs),
    /// The file is not what was stored.
    #[error("{0}: not a key set file")]
    Damaged(String),
    /// Nothing in it is a usable key.
    #[error("{0}: {1}")]
    Unusable(String, NotAKeySet),
    /// The keys of another issuer.
    #[error("{0}: the keys are another issuer's")]
    AnotherIssuer(String),
    /// It says to have been fetched in the future, so that it would never grow too old.
    #[error("{0}: the keys are from the future")]
    FromAhead(String),
}

#[derive(Deserialize)]
struct Stored<'a> {
    issuer: &'a str,
    fetched: Timestamp,
    #[serde(borrow)]
    key_set: &'a RawValue,
}

#[derive(Serialize)]
struct ToStore<'a> {
    issuer: &'a Issuer,
    fetched: Timestamp,
    key_set: &'a JwkSet,
}

impl KeySetFile {
    /// The key set of `issuer` in `folder`, which is made when the set is first stored.
    pub fn new(folder: &Path, issuer: Issuer) -> Self {
        Self { path: folder.join("key-set.json"), issuer }
    }

    /// The stored set and when it was fetched; nothing where none was stored yet.
    pub fn load(&self, now: Timestamp) -> Result<Option<(KeySet, Timestamp)>, KeySetFileError> {
        // The folder first: in one that is ours, no other user can put another file in the place of the one looked at.
        for path in [private_file::folder_of(&self.path), &self.path] {
            let name = || path.display().to_string();
            match private_file::not_ours(path) {
                Ok(None) => {}
                Ok(Some(reason)) => return Err(KeySetFileError::NotOurs(name(), reason)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(KeySetFileError::Unavailable(name(), error)),
            }
        }
        let json = fs::read(&self.path).map_err(|error| KeySetFileError::Unavailable(self.name(), error))?;
        self.read(&json, now).map(Some)
    }

    /// Stores `set`, which was fetched at `fetched`, in one step.
    pub fn store(&self, set: &KeySet, fetched: Timestamp) -> Result<(), KeySetFileError> {
        let unavailable = |error| KeySetFileError::Unavailable(self.name(), error);
        let stored = ToStore { issuer: &self.issuer, fetched, key_set: set.to_jwk_set() };
        let json = serde_json::to_vec(&stored).map_err(|error| unavailable(error.into()))?;
        fs::create_dir_all(private_file::folder_of(&self.path)).map_err(unavailable)?;
        private_file::replace(&self.path, &json).map_err(unavailable)
    }

    fn read(&self, json: &[u8], now: Timestamp) -> Result<(KeySet, Timestamp), KeySetFileError> {
        let stored: Stored<'_> =
            serde_json::from_slice(json).map_err(|_| KeySetFileError::Damaged(self.name()))?;
        if stored.issuer != self.issuer.as_str() {
            return Err(KeySetFileError::AnotherIssuer(self.name()));
        }
        if stored.fetched > now {
            return Err(KeySetFileError::FromAhead(self.name()));
        }
        let set = KeySet::parse(stored.key_set.get().as_bytes())
            .map_err(|problem| KeySetFileError::Unusable(self.name(), problem))?;
        Ok((set, stored.fetched))
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}
