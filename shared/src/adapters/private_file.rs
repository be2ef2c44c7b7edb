//! A small file that its owner alone can read, replaced in one step: who reads it sees the old content or the new one,
//! whatever dies in between.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

/// The permissions that let others read or change a file (or list a folder).
pub(super) const OTHERS_READ: u32 = 0o077;

/// The permissions that let others change a file.
pub(super) const OTHERS_WRITE: u32 = 0o022;

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

/// Without it a loss of power could bring the old content back after the new one was acted upon.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
