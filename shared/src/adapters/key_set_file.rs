//! An issuer's key set on disk, so that a verifier can start without a network. It holds public keys only, is trusted only if
//! no other user can have written it, and is parsed as strictly as if it came over the network.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::private_file::{self, UntrustedFileError};
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
    /// The file cannot be read or written.
    #[error("{0}: {1}")]
    Unavailable(String, io::Error),
    /// Another user could have written the file, and so the keys in it, or its folder.
    #[error("{0}: {1}")]
    Untrusted(String, UntrustedFileError),
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
        // The folder first: in a trusted one, no other user can replace the file after it was checked.
        for path in [private_file::folder_of(&self.path), &self.path] {
            let name = || path.display().to_string();
            match private_file::untrusted(path) {
                Ok(None) => {}
                Ok(Some(reason)) => return Err(KeySetFileError::Untrusted(name(), reason)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(KeySetFileError::Unavailable(name(), error)),
            }
        }
        let json = fs::read(&self.path).map_err(|error| KeySetFileError::Unavailable(self.name(), error))?;
        self.read(&json, now).map(Some)
    }

    /// Stores `set`, fetched at `fetched`, in one step.
    pub fn store(&self, set: &SessionKeySet, fetched: Timestamp) -> Result<(), KeySetFileError> {
        let unavailable = |error| KeySetFileError::Unavailable(self.name(), error);
        let stored = Stored { issuer: self.issuer.as_str(), fetched, key_set: set.to_jwk_set() };
        let json = serde_json::to_vec(&stored).map_err(|error| unavailable(error.into()))?;
        fs::create_dir_all(private_file::folder_of(&self.path)).map_err(unavailable)?;
        private_file::replace(&self.path, &json).map_err(unavailable)
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
