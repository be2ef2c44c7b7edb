//! The revocation list in a file, for one machine: replaced in one step.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::private_file::{self, FileError};
use crate::{
    error::Cause,
    revocation::{RevocationList, RevocationSource, RevocationStore, RevocationStoreError},
};

/// A file that holds one list.
#[derive(Debug, Clone)]
pub struct RevocationFile {
    path: PathBuf,
}

impl RevocationFile {
    /// Uses the list at `path`. File and folder are created when a list is first stored.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl RevocationSource for RevocationFile {
    async fn load(&self) -> Result<RevocationList, RevocationStoreError> {
        let path = self.path.clone();
        blocking(move || read(&path)).await
    }
}

impl RevocationStore for RevocationFile {
    async fn replace(&self, expected: u64, list: &RevocationList) -> Result<(), RevocationStoreError> {
        let (path, list) = (self.path.clone(), list.clone());
        blocking(move || write(&path, expected, &list)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RevocationStoreError> + Send + 'static,
) -> Result<T, RevocationStoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(RevocationStoreError::Unavailable(error.into())))
}

fn read(path: &Path) -> Result<RevocationList, RevocationStoreError> {
    match fs::read(path) {
        Ok(json) => RevocationList::from_json(&json).map_err(|error| damaged(path, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(RevocationList::default()),
        Err(error) => Err(unavailable(path, error)),
    }
}

/// Compares and swaps under a lock, so that of two processes at once the second gets a conflict.
fn write(path: &Path, expected: u64, list: &RevocationList) -> Result<(), RevocationStoreError> {
    let failed = |error: io::Error| unavailable(path, error);
    fs::create_dir_all(private_file::folder_of(path)).map_err(failed)?;
    let _lock = private_file::lock(path).map_err(failed)?;
    if read(path)?.sequence() != expected {
        return Err(RevocationStoreError::Conflict);
    }
    let json = list.to_json().map_err(|error| damaged(path, error))?;
    private_file::replace(path, json.as_bytes()).map_err(failed)
}

fn damaged(path: &Path, cause: impl Into<Cause>) -> RevocationStoreError {
    RevocationStoreError::Damaged(FileError::at(path, cause))
}

fn unavailable(path: &Path, error: io::Error) -> RevocationStoreError {
    RevocationStoreError::Unavailable(FileError::at(path, error))
}
