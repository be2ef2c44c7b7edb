//! Site files in a folder, one TOML file for each site, read at start.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    identifiers::TenantId,
    sites::{Site, SiteFile, SiteFileError, register},
    tenants::{RegistryError, SiteRegistry, TenantSites},
    timestamp::Timestamp,
};

/// The sites of a folder, all of them readable.
#[derive(Debug, Clone)]
pub struct SiteFiles {
    by_tenant: HashMap<TenantId, Arc<TenantSites>>,
}

/// The site files of a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The folder or a file cannot be read.
    #[error("{0}: {1}")]
    Read(String, io::Error),
    /// The folder has no `*.toml` file.
    #[error("{0}: there is no site file (*.toml)")]
    Empty(String),
    /// Files are wrong. Each problem names its place and fix.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faulty(Vec<SiteFileError>),
}

impl SiteFiles {
    /// Reads every `*.toml` of `folder`, sorted by name. No site may be observed for too long after `now`.
    pub fn load(folder: &Path, now: Timestamp) -> Result<Self, LoadError> {
        let files = read_folder(folder)?;
        let sites = Self::of(&files)?;
        let errors: Vec<_> = files.iter().filter_map(|file| file.check_enforcement(now).err()).collect();
        if errors.is_empty() { Ok(sites) } else { Err(LoadError::Faulty(errors)) }
    }

    /// Compiles files that have been read already.
    pub fn of(files: &[SiteFile]) -> Result<Self, LoadError> {
        let by_tenant = register(files).map_err(LoadError::Faulty)?;
        let all = |(tenant, sites)| (tenant, Arc::new(TenantSites::all(sites)));
        Ok(Self { by_tenant: by_tenant.into_iter().map(all).collect() })
    }

    /// Returns every site, in no particular order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.by_tenant.values().flat_map(|tenant| &tenant.sites)
    }
}

/// Reads the site file at `path`, or every `*.toml` of a folder, sorted by name.
pub fn read_site_files(path: &Path) -> Result<Vec<SiteFile>, LoadError> {
    if path.is_dir() { read_folder(path) } else { read_files(&[path.to_owned()]) }
}

fn read_folder(folder: &Path) -> Result<Vec<SiteFile>, LoadError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut paths: Vec<_> = entries.map_err(unreadable(folder))?.iter().map(fs::DirEntry::path).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    if paths.is_empty() {
        return Err(LoadError::Empty(folder.display().to_string()));
    }
    read_files(&paths)
}

/// Reads and decodes files. If one cannot be decoded, the errors of all are returned.
fn read_files(paths: &[PathBuf]) -> Result<Vec<SiteFile>, LoadError> {
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    for path in paths {
        let bytes = fs::read(path).map_err(unreadable(path))?;
        match SiteFile::decode(path.display().to_string(), bytes) {
            Ok(file) => files.push(file),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        return Ok(files);
    }
    errors.extend(register(&files).err().unwrap_or_default());
    Err(LoadError::Faulty(errors))
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> LoadError {
    let path = path.display().to_string();
    move |error| LoadError::Read(path, error)
}

impl SiteRegistry for SiteFiles {
    async fn sites_of(&self, tenant: TenantId, _now: Timestamp) -> Result<Arc<TenantSites>, RegistryError> {
        Ok(self.by_tenant.get(&tenant).cloned().unwrap_or_default())
    }
}
