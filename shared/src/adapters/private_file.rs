//! A small file that only its owner can read, replaced in one step: a reader sees the old content or the new one, whatever
//! fails in between.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::error::Cause;

/// The permissions that let others read or change a file (or list a folder).
pub(super) const OTHERS_READ: u32 = 0o077;

/// The permissions that let others change a file.
#[cfg(unix)]
const OTHERS_WRITE: u32 = 0o022;

/// Replaces the file at `path` by `content`. Its folder must exist.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    // The temporary file is created readable only by its owner, and renamed in one step.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Returns the folder of `path`.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Returns the mode of the file at `path` if it grants any of `permissions`. `None` if it does not, and on systems without
/// modes.
#[cfg(unix)]
pub(super) fn open_to_others(path: &Path, permissions: u32) -> io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
    Ok((mode & permissions != 0).then_some(mode))
}

#[cfg(not(unix))]
pub(super) fn open_to_others(_: &Path, _: u32) -> io::Result<Option<u32>> {
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
pub(super) fn untrusted(path: &Path) -> io::Result<Option<UntrustedFileError>> {
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
pub(super) fn untrusted(_: &Path) -> io::Result<Option<UntrustedFileError>> {
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
