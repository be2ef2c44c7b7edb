//! Reading site files.

use std::{collections::HashSet, path::PathBuf};

use pozi_auth::{
    adapters::{LoadError, read_site_files},
    sites::SiteFile,
};

/// Reads the site files at `paths`, each once even if several paths lead to it.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<SiteFile>, LoadError> {
    let mut files = Vec::new();
    let mut known = HashSet::new();
    for path in paths {
        files.extend(read_site_files(path)?.into_iter().filter(|file| known.insert(file.name.clone())));
    }
    Ok(files)
}
