//! The key ring in a file, for one machine: readable by its owner alone, replaced in one step, never guessed at.

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::private_file::{self, OTHERS_READ};
use crate::keyring::{KeyRing, KeyRingError, KeyRingSource, KeyRingStore, Revision};

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
    /// The ring at `path`, which need not exist yet; its folder is made when the ring is first stored.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
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
        let ring = ring.to_json().map_err(|problem| KeyRingError::Damaged(problem.to_string()))?;
        blocking(move || write(&path, expected, &ring)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyRingError> + Send + 'static,
) -> Result<T, KeyRingError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(KeyRingError::Unavailable(error.to_string())))
}

fn read(path: &Path) -> Result<Option<(KeyRing, Revision)>, KeyRingError> {
    let json = match fs::read(path) {
        Ok(json) => Zeroizing::new(json),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unavailable(path, &error)),
    };
    refuse_if_others_can_read(path)?;
    let damaged =
        |problem: &dyn std::fmt::Display| KeyRingError::Damaged(format!("{}: {problem}", path.display()));
    let stored: Stored<'_> = serde_json::from_slice(&json).map_err(|_| damaged(&"not a key ring file"))?;
    let ring = KeyRing::from_json(stored.ring.get().as_bytes()).map_err(|problem| damaged(&problem))?;
    Ok(Some((ring, stored.revision)))
}

/// Compares and swaps under a lock, so that of two processes that replace at once one sees the conflict.
fn write(path: &Path, expected: Option<Revision>, ring: &[u8]) -> Result<(), KeyRingError> {
    let folder = private_file::folder_of(path);
    let failed = |error: io::Error| unavailable(path, &error);
    fs::create_dir_all(folder).map_err(failed)?;
    // Never truncated: whatever has that name keeps what it holds.
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(lock_beside(path))
        .map_err(failed)?;
    lock.lock().map_err(failed)?;
    let current = read(path)?.map(|(_, revision)| revision);
    if current != expected {
        return Err(KeyRingError::Conflict);
    }
    let next = Revision(current.map_or(1, |Revision(count)| count + 1));
    let not_json = |error: serde_json::Error| KeyRingError::Damaged(error.to_string());
    let ring: &RawValue = serde_json::from_slice(ring).map_err(not_json)?;
    let json = Zeroizing::new(serde_json::to_vec(&Stored { revision: next, ring }).map_err(not_json)?);
    private_file::replace(path, &json).map_err(failed)
}

/// The lock's name is the ring's and more, so that it is never the ring's own.
fn lock_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

fn refuse_if_others_can_read(path: &Path) -> Result<(), KeyRingError> {
    let open_to =
        private_file::open_to_others(path, OTHERS_READ).map_err(|error| unavailable(path, &error))?;
    let Some(mode) = open_to else { return Ok(()) };
    let path = path.display();
    Err(KeyRingError::Exposed(format!(
        "{path}: its mode is {mode:04o}, so that others can read its private keys; replace the keys, or chmod 600 it if nobody could"
    )))
}

fn unavailable(path: &Path, error: &io::Error) -> KeyRingError {
    KeyRingError::Unavailable(format!("{}: {error}", path.display()))
}
