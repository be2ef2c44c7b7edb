//! Site files in a folder, one TOML file a site, read at start.

use std::{collections::HashMap, fmt, fs, io, path::Path, sync::Arc};

use crate::{
    identifiers::TenantId,
    sites::{Site, SiteFile, SiteFileError, register},
    tenants::{RegistryUnavailable, SiteRegistry, TenantSites},
    timestamp::Timestamp,
};

/// The sites of a folder, all without fault.
#[derive(Debug, Clone)]
pub struct SiteFiles {
    by_tenant: HashMap<TenantId, Arc<TenantSites>>,
}

/// Why a folder's sites cannot be used.
#[derive(Debug)]
pub enum LoadError {
    /// The folder or a file cannot be read.
    Read(String, io::Error),
    /// The folder has no `*.toml` file.
    Empty(String),
    /// Files are wrong, each with its place and fix.
    Faulty(Vec<SiteFileError>),
}

impl SiteFiles {
    /// Reads every `*.toml` of `folder`, in the order of their names.
    pub fn load(folder: &Path) -> Result<Self, LoadError> {
        Self::of(&read_folder(folder)?)
    }

    /// Compiles files whose text is at hand already.
    pub fn of(files: &[SiteFile]) -> Result<Self, LoadError> {
        let by_tenant = register(files).map_err(LoadError::Faulty)?;
        let all = |(tenant, sites)| (tenant, Arc::new(TenantSites::all(sites)));
        Ok(Self { by_tenant: by_tenant.into_iter().map(all).collect() })
    }

    /// Every site, in no particular order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.by_tenant.values().flat_map(|tenant| &tenant.sites)
    }
}

/// The text of the site file at `path`, or of every `*.toml` of a folder, in the order of their names.
pub fn read_site_files(path: &Path) -> Result<Vec<SiteFile>, LoadError> {
    if path.is_dir() { read_folder(path) } else { Ok(vec![read_file(path)?]) }
}

fn read_folder(folder: &Path) -> Result<Vec<SiteFile>, LoadError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut paths: Vec<_> = entries.map_err(unreadable(folder))?.iter().map(fs::DirEntry::path).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    if paths.is_empty() {
        return Err(LoadError::Empty(folder.display().to_string()));
    }
    paths.iter().map(|path| read_file(path)).collect()
}

fn read_file(path: &Path) -> Result<SiteFile, LoadError> {
    let text = fs::read_to_string(path).map_err(unreadable(path))?;
    Ok(SiteFile { name: path.display().to_string(), text })
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> LoadError {
    let path = path.display().to_string();
    move |error| LoadError::Read(path, error)
}

impl SiteRegistry for SiteFiles {
    async fn sites_of(
        &self,
        tenant: TenantId,
        _now: Timestamp,
    ) -> Result<Arc<TenantSites>, RegistryUnavailable> {
        Ok(self.by_tenant.get(&tenant).cloned().unwrap_or_default())
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(f, "{path}: {error}"),
            Self::Empty(folder) => write!(f, "{folder}: there is no site file (*.toml)"),
            Self::Faulty(problems) => {
                for (index, problem) in problems.iter().enumerate() {
                    write!(f, "{}{problem}", if index == 0 { "" } else { "\n" })?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for LoadError {}
