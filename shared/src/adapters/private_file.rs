//! A small file that only its owner can read, replaced in one step: a reader sees the old content or the new one, whatever
//! fails in between.

use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::error::Cause;

/// The permissions that let others read or change a file (or list a folder).
pub const OTHERS_READ: u32 = 0o077;

/// The permissions that let others change a file.
#[cfg(unix)]
const OTHERS_WRITE: u32 = 0o022;

/// Replaces the file at `path` by `content`. Its folder must exist.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = temporary(path)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder_of(path))
}

/// Returns the content of the file at `path` if only the user of this process can have written it; `None` if there is no file.
pub(super) fn read_own(path: &Path) -> Result<Option<Vec<u8>>, OwnFileError> {
    let unavailable = |path: &Path, error| OwnFileError::Unavailable(path.display().to_string(), error);
    // The folder first: in a trusted one, no other user can replace the file after it was checked.
    for path in [folder_of(path), path] {
        match untrusted(path) {
            Ok(None) => {}
            Ok(Some(reason)) => return Err(OwnFileError::Untrusted(path.display().to_string(), reason)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unavailable(path, error)),
        }
    }
    std::fs::read(path).map(Some).map_err(|error| unavailable(path, error))
}

/// Stores `content` as JSON in the file at `path`, in one step. Its folder is created if it does not exist.
pub(super) fn store_own(path: &Path, content: &impl Serialize) -> Result<(), OwnFileError> {
    let stored = serde_json::to_vec(content).map_err(io::Error::from).and_then(|json| {
        std::fs::create_dir_all(folder_of(path))?;
        replace(path, &json)
    });
    stored.map_err(|error| OwnFileError::Unavailable(path.display().to_string(), error))
}

/// Deletes the temporary files that a writer of `path` left when it was killed, and returns how many. No writer may be
/// running. A folder that does not exist has none.
pub fn sweep(path: &Path) -> io::Result<usize> {
    let entries = match std::fs::read_dir(folder_of(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let prefix = temporary_prefix(path);
    let mut swept = 0;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.as_encoded_bytes();
        let is_ours = name.starts_with(prefix.as_encoded_bytes()) && name.ends_with(TEMPORARY.as_bytes());
        if is_ours && entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
            swept += 1;
        }
    }
    Ok(swept)
}

/// Creates a temporary file beside `path`, readable only by its owner.
fn temporary(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let prefix = temporary_prefix(path);
    tempfile::Builder::new().prefix(&prefix).suffix(TEMPORARY).tempfile_in(folder_of(path))
}

/// Waits for the only lock of the file at `path`, which ends when the file that is returned is closed.
pub(super) fn lock(path: &Path) -> io::Result<File> {
    // Not truncated: a file that happens to have this name keeps its content.
    let lock = OpenOptions::new().write(true).create(true).truncate(false).open(lock_path(path))?;
    lock.lock()?;
    Ok(lock)
}

/// Returns the path of the lock file: the ring's with a suffix.
fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// The end of the names of temporary files.
const TEMPORARY: &str = ".pozi-tmp";

/// Returns the beginning of the names of `path`'s temporary files.
fn temporary_prefix(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    prefix
}

/// Returns the folder of `path`.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns the mode of the file at `path` if it grants any of `permissions`. `None` if it does not, and on systems without
/// modes.
#[cfg(unix)]
pub fn open_to_others(path: &Path, permissions: u32) -> io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    Ok((mode & permissions != 0).then_some(mode))
}

#[cfg(not(unix))]
/// Returns `None`: this system has no modes.
pub fn open_to_others(_: &Path, _: u32) -> io::Result<Option<u32>> {
    Ok(None)
}

/// A file or folder could be the work of another user of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UntrustedFileError {
    /// It is a symbolic link, and another user may have chosen its target.
    #[error("it is a symbolic link; name its target instead")]
    Link,
    /// It belongs to another user.
    #[error("it belongs to user {0}, not to user {1} who runs this program; remove it, or run as its owner")]
    Owner(u32, u32),
    /// Its mode lets others write it.
    #[error("its mode is {0:04o}, so that others can write it; remove that permission (chmod go-w)")]
    Writable(u32),
}

/// A file of this program's own cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OwnFileError {
    /// It cannot be read or written.
    #[error("{0}: {1}")]
    Unavailable(String, #[source] io::Error),
    /// Another user could have written it, or its folder.
    #[error("{0}: {1}")]
    Untrusted(String, #[source] UntrustedFileError),
}

/// What failed with a file.
#[derive(Debug, thiserror::Error)]
#[error("{}", path.display())]
pub(super) struct FileError {
    path: PathBuf,
    #[source]
    cause: Cause,
}

impl FileError {
    /// Wraps `cause` as the cause of an error that names `path`.
    pub(super) fn at(path: &Path, cause: impl Into<Cause>) -> Cause {
        Self { path: path.to_owned(), cause: cause.into() }.into()
    }
}

/// Returns why the file or folder at `path` could be another user's work, or `None` if only the user of this process can have
/// written it. Always `None` on systems without owners and modes.
#[cfg(unix)]
fn untrusted(path: &Path) -> io::Result<Option<UntrustedFileError>> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::symlink_metadata(path)?;
    if found.file_type().is_symlink() {
        return Ok(Some(UntrustedFileError::Link));
    }
    let own = own_user()?;
    if found.uid() != own {
        return Ok(Some(UntrustedFileError::Owner(found.uid(), own)));
    }
    let mode = found.mode() & 0o777;
    Ok((mode & OTHERS_WRITE != 0).then_some(UntrustedFileError::Writable(mode)))
}

#[cfg(not(unix))]
fn untrusted(_: &Path) -> io::Result<Option<UntrustedFileError>> {
    Ok(None)
}

/// Returns the owner of new files: the effective user of the process.
#[cfg(unix)]
fn own_user() -> io::Result<u32> {
    use std::os::unix::fs::MetadataExt;
    Ok(tempfile::tempfile()?.metadata()?.uid())
}

/// Without this, a power failure could bring the old content back after the new one was used.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn sweeps_what_a_killed_writer_left_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let path = at("ring.json");
        replace(&path, b"kept").unwrap();
        let others = [
            "ring.json.lock",
            ".ring.json.backup",
            ".other.json.x.pozi-tmp",
            ".tmp123",
            "ring.json.pozi-tmp",
        ];
        for other in others {
            fs::write(at(other), "kept").unwrap();
        }
        fs::create_dir(at(".ring.json.folder.pozi-tmp")).unwrap();
        for _ in 0..3 {
            let mut file = temporary(&path).unwrap();
            file.write_all(b"a private key").unwrap();
            // As after `kill -9`, nothing deletes it.
            drop(file.keep().unwrap());
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1 + others.len() + 1 + 3);
        assert_eq!(sweep(&path).unwrap(), 3);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1 + others.len() + 1);
        assert_eq!(sweep(&path).unwrap(), 0);
        assert_eq!(fs::read(&path).unwrap(), b"kept");
        assert_eq!(sweep(&at("missing/ring.json")).unwrap(), 0);
    }
}
