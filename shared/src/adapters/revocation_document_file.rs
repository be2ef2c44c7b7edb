//! An issuer's revocation document on disk, so that a restart of a verifier forgets no revocation, nor since when there has been
//! no newer document. The keys that it was verified with are stored with it, because the issuer may publish them no longer.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::private_file::{self, OwnFileError};
use crate::{
    session::{Issuer, SessionKeySet, SessionKeySetError},
    timestamp::Timestamp,
};

/// A file that holds the revocation document of one issuer.
#[derive(Debug, Clone)]
pub struct RevocationDocumentFile {
    path: PathBuf,
    issuer: Issuer,
}

/// What a verifier knows of revocations.
#[derive(Debug, Clone)]
pub struct KnownRevocations {
    /// Since when a first document has been awaited.
    pub awaited_since: Timestamp,
    /// The newest document, as served, and the key set that it was verified with; nothing if there never was one.
    pub document: Option<(String, SessionKeySet)>,
}

/// A file of a revocation document cannot be used or written.
#[derive(Debug, thiserror::Error)]
pub enum RevocationDocumentFileError {
    /// The file cannot be read or written, or another user could have written it.
    #[error(transparent)]
    File(#[from] OwnFileError),
    /// The file does not have the right format.
    #[error("{0}: not a file of a revocation document")]
    Damaged(String),
    /// The key set in it cannot be used.
    #[error("{0}: {1}")]
    Keys(String, #[source] SessionKeySetError),
    /// The document is of another issuer.
    #[error("{0}: the document is of another issuer")]
    AnotherIssuer(String),
}

#[derive(Serialize, Deserialize)]
struct Stored<'a, D> {
    issuer: &'a str,
    awaited_since: Timestamp,
    document: Option<D>,
}

#[derive(Serialize, Deserialize)]
struct StoredDocument<'a, K> {
    jws: &'a str,
    key_set: K,
}

impl RevocationDocumentFile {
    /// Uses the file of `issuer` in `folder`, which is created when something is first stored.
    pub fn new(folder: &Path, issuer: Issuer) -> Self {
        Self { path: folder.join("revocations.json"), issuer }
    }

    /// Returns what is stored, or `None` if nothing is yet. The document is not verified.
    pub fn load(&self) -> Result<Option<KnownRevocations>, RevocationDocumentFileError> {
        private_file::read_own(&self.path)?.map(|json| self.read(&json)).transpose()
    }

    /// Stores `known` in one step.
    pub fn store(&self, known: &KnownRevocations) -> Result<(), RevocationDocumentFileError> {
        let document =
            known.document.as_ref().map(|(jws, keys)| StoredDocument { jws, key_set: keys.to_jwk_set() });
        let (issuer, awaited_since) = (self.issuer.as_str(), known.awaited_since);
        Ok(private_file::store_own(&self.path, &Stored { issuer, awaited_since, document })?)
    }

    fn read(&self, json: &[u8]) -> Result<KnownRevocations, RevocationDocumentFileError> {
        let name = || self.path.display().to_string();
        let stored: Stored<'_, StoredDocument<'_, &RawValue>> =
            serde_json::from_slice(json).map_err(|_| RevocationDocumentFileError::Damaged(name()))?;
        if stored.issuer != self.issuer.as_str() {
            return Err(RevocationDocumentFileError::AnotherIssuer(name()));
        }
        let document = stored.document.map(|StoredDocument { jws, key_set }| {
            let keys = SessionKeySet::parse(key_set.get().as_bytes());
            keys.map(|keys| (jws.to_owned(), keys))
        });
        let document =
            document.transpose().map_err(|error| RevocationDocumentFileError::Keys(name(), error))?;
        Ok(KnownRevocations { awaited_since: stored.awaited_since, document })
    }
}
