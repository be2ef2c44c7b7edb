//! A small file that its owner alone can read, replaced in one step: who reads it sees the old content or the new one,
//! whatever dies in between.

use std::{
    io::{self, Write},
    path::Path,
};

/// The permissions that let others read or change a file (or list a folder).
pub(super) const OTHERS_READ: u32 = 0o077;

/// The permissions that let others change a file.
#[cfg(unix)]
const OTHERS_WRITE: u32 = 0o022;

/// Puts `content` at `path`, whose folder exists.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    // A temporary file is made readable by its owner alone, and takes the old one's place in one step.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// The folder that `path` is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The mode of the file at `path` where it grants any of `permissions`; nothing where it does not, and where the system
/// has no such thing.
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

/// What another user of the machine could have done with the file or folder at `path`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// It is a link: the person who made it chose what is behind it.
    #[error("it is a link; name the place itself")]
    Link,
    /// It belongs to another user.
    #[error("it belongs to user {0}, not to user {1} who runs this; remove it, or run as its owner")]
    Owner(u32, u32),
    /// Its mode lets others write it.
    #[error("its mode is {0:04o}, so that others can write it; take that away (chmod go-w)")]
    Writable(u32),
}

/// Why the file or folder at `path` could be another user's work; nothing where only the user of this process can have
/// written it. Where the system has no owners and modes, nothing is known and nothing is said.
#[cfg(unix)]
pub(super) fn not_ours(path: &Path) -> io::Result<Option<NotOurs>> {
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::symlink_metadata(path)?;
    if found.file_type().is_symlink() {
        return Ok(Some(NotOurs::Link));
    }
    let own = own_user()?;
    if found.uid() != own {
        return Ok(Some(NotOurs::Owner(found.uid(), own)));
    }
    let mode = found.mode() & 0o777;
    Ok((mode & OTHERS_WRITE != 0).then_some(NotOurs::Writable(mode)))
}

#[cfg(not(unix))]
pub(super) fn not_ours(_: &Path) -> io::Result<Option<NotOurs>> {
    Ok(None)
}

/// The user whom new files belong to: the process's effective one.
#[cfg(unix)]
fn own_user() -> io::Result<u32> {
    use std::os::unix::fs::MetadataExt;
    Ok(tempfile::tempfile()?.metadata()?.uid())
}

/// Without it a loss of power could bring the old content back after the new one was acted upon.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
