//! The key ring in a file, for one machine: readable only by its owner, and replaced in one step.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::private_file::{self, FileError, OTHERS_READ};
use crate::{
    error::Cause,
    keyring::{KeyRing, KeyRingError, KeyRingSource, KeyRingStore},
    revision::Revision,
};

/// A file that holds one key ring.
#[derive(Debug, Clone)]
pub struct KeyRingFile {
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    revision: Revision,
    #[serde(borrow)]
    ring: &'a RawValue,
}

impl KeyRingFile {
    /// Uses the ring at `path`. File and folder are created when a ring is first stored.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Deletes the temporary files, with private keys in them, that a writer left when it was killed. Waits for a writer that
    /// is running. To be called at start. Returns how many there were.
    pub async fn sweep(&self) -> Result<usize, KeyRingError> {
        let path = self.path.clone();
        blocking(move || sweep(&path)).await
    }
}

impl KeyRingSource for KeyRingFile {
    async fn load(&self) -> Result<Option<(KeyRing, Revision)>, KeyRingError> {
        let path = self.path.clone();
        blocking(move || read(&path)).await
    }
}

impl KeyRingStore for KeyRingFile {
    async fn replace(&self, expected: Option<Revision>, ring: &KeyRing) -> Result<(), KeyRingError> {
        let path = self.path.clone();
        let ring = ring.to_json().map_err(|error| KeyRingError::Damaged(error.into()))?;
        blocking(move || write(&path, expected, &ring)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyRingError> + Send + 'static,
) -> Result<T, KeyRingError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(KeyRingError::Unavailable(error.into())))
}

fn read(path: &Path) -> Result<Option<(KeyRing, Revision)>, KeyRingError> {
    let json = match fs::read(path) {
        Ok(json) => Zeroizing::new(json),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unavailable(path, error)),
    };
    refuse_if_others_can_read(path)?;
    let damaged = |cause| KeyRingError::Damaged(FileError::at(path, cause));
    // The parser's error may quote a private key.
    let stored: Stored<'_> =
        serde_json::from_slice(&json).map_err(|_| damaged(Cause::from("not a key ring file")))?;
    let ring = KeyRing::from_json(stored.ring.get().as_bytes()).map_err(|error| damaged(error.into()))?;
    Ok(Some((ring, stored.revision)))
}

/// Compares and swaps under a lock, so that of two processes at once the second gets a conflict.
fn write(path: &Path, expected: Option<Revision>, ring: &[u8]) -> Result<(), KeyRingError> {
    let folder = private_file::folder_of(path);
    let failed = |error: io::Error| unavailable(path, error);
    fs::create_dir_all(folder).map_err(failed)?;
    let _lock = private_file::lock(path).map_err(failed)?;
    let current = read(path)?.map(|(_, revision)| revision);
    if current != expected {
        return Err(KeyRingError::Conflict);
    }
    let revision = Revision::after(current);
    let not_json = |error: serde_json::Error| KeyRingError::Damaged(error.into());
    let ring: &RawValue = serde_json::from_slice(ring).map_err(not_json)?;
    let json = Zeroizing::new(serde_json::to_vec(&Stored { revision, ring }).map_err(not_json)?);
    private_file::replace(path, &json).map_err(failed)
}

fn sweep(path: &Path) -> Result<usize, KeyRingError> {
    let failed = |error: io::Error| unavailable(path, error);
    let _lock = match private_file::lock(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        lock => lock.map_err(failed)?,
    };
    private_file::sweep(path).map_err(failed)
}

fn refuse_if_others_can_read(path: &Path) -> Result<(), KeyRingError> {
    let open_to =
        private_file::open_to_others(path, OTHERS_READ).map_err(|error| unavailable(path, error))?;
    let Some(mode) = open_to else { return Ok(()) };
    let cause = format!(
        "its mode is {mode:04o}, so that others can read its private keys; replace the keys, or, if nobody can have read them, chmod 600 the file"
    );
    Err(KeyRingError::Exposed(FileError::at(path, cause)))
}

fn unavailable(path: &Path, error: io::Error) -> KeyRingError {
    KeyRingError::Unavailable(FileError::at(path, error))
}
