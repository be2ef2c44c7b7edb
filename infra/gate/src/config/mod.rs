//! The gate's configuration: `gate.toml`, the site file that registers the site, and the authorities of a network that
//! inspects TLS.

mod document;
mod error;
mod path;
mod upstream;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use pozi_auth::{
    adapters::{Authority, LoadError, SiteFiles, read_site_files},
    address::SecureUrl,
    session::{CLOCK_AHEAD, Issuer},
    sites::Site,
    timestamp::Timestamp,
};

use self::document::Document;
pub use self::{
    error::ConfigError,
    upstream::{UpstreamConfig, UpstreamConfigError, Upstreams},
};
use crate::settings::{PathStyle, Settings, shared_project};

/// A valid configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct GateConfig {
    /// The settings that decide about requests.
    pub settings: Settings,
    /// The service that issues the sessions, exactly as their `iss`.
    pub issuer: Issuer,
    /// The URL of the issuer's keys: https, or http on this machine.
    pub jwks_url: SecureUrl,
    /// The URL of the issuer's revocation document: https, or http on this machine.
    pub revocations_url: SecureUrl,
    /// The authorities of `ca_file`.
    pub authorities: Option<AuthorityFile>,
    /// The QGIS Server of each catalogue.
    pub upstreams: Upstreams,
    /// The address for requests.
    pub listen: SocketAddr,
    /// Whether `listen` comes from the command line. If so, it overrides the file for as long as the process runs.
    pub is_listen_given: bool,
    /// The address of `/health` and `/metrics`.
    pub status_listen: SocketAddr,
    /// The folder for a copy of the issuer's keys and revocations, to start without a network.
    pub state_dir: PathBuf,
    /// Where the log goes.
    pub log: LogConfig,
    /// The files that the configuration was read from, `gate.toml` first.
    pub files: Vec<PathBuf>,
}

/// A file of certificate authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityFile {
    /// The file.
    pub path: PathBuf,
    /// Its content, PEM, with at least one usable authority.
    pub pem: Vec<u8>,
}

/// Where the log goes: to a new file each day, or to standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// The file, to whose name the day is added before the extension; standard output if there is none.
    pub file: Option<PathBuf>,
    /// How many daily files are kept.
    pub days: usize,
}

impl GateConfig {
    /// Reads `gate.toml` at `path` and the files that it names, whose paths are relative to its folder. The site must not be
    /// observed for too long after `now`.
    pub fn load(path: &Path, now: Timestamp) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|error| ConfigError::Read(name(path), error))?;
        let document = Document::parse(&text).map_err(|error| ConfigError::Invalid(name(path), error))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let site_path = folder.join(&document.site);
        let site = read_site(&site_path, now)?;
        let authorities = document.ca_file.as_ref().map(|file| read_authorities(&folder.join(file)));
        let authorities = authorities.transpose()?;
        let mut files = vec![path.to_owned(), site_path];
        files.extend(authorities.as_ref().map(|file| file.path.clone()));
        let published = |given: Option<SecureUrl>, url: String| {
            given.map_or_else(|| url.parse().map_err(ConfigError::Issuer), Ok)
        };
        let jwks_url = published(document.jwks_url, document.issuer.key_set_url())?;
        let revocations_url = published(document.revocations_url, document.issuer.revocations_url())?;
        let project_paths = document.project_paths.unwrap_or_else(PathStyle::of_this_machine);
        if let Some([first, second]) = shared_project(&site, project_paths) {
            return Err(ConfigError::SharedProject(first.clone(), second.clone()));
        }
        let upstreams = Upstreams::of(document.upstream, document.qgis, &site)?;
        let base = document.base.unwrap_or_else(|| site.internal_url.path().trim_end_matches('/').to_owned());
        Ok(Self {
            settings: Settings {
                public_url: site.external_url.as_str().to_owned(),
                site,
                base,
                project_paths,
                limits: document.limits.into(),
            },
            issuer: document.issuer,
            jwks_url,
            revocations_url,
            authorities,
            upstreams,
            listen: document.listen,
            is_listen_given: false,
            status_listen: document.status_listen,
            state_dir: folder.join(document.state_dir),
            log: LogConfig {
                file: document.log.file.map(|file| folder.join(file)),
                days: document.log.days.get(),
            },
            files,
        })
    }

    /// Returns the configuration with the address from the command line, if there is one.
    #[must_use]
    pub fn listening_at(self, listen: Option<SocketAddr>) -> Self {
        match listen {
            Some(listen) => Self { listen, is_listen_given: true, ..self },
            None => self,
        }
    }

    /// Returns the site's external URL, exactly as the `aud` of its sessions.
    pub fn audience(&self) -> &str {
        self.settings.site.external_url.as_str()
    }

    /// Returns where `gate.toml` is by default: beside the program, else in `/etc/pozi` (not on Windows).
    pub fn default_path() -> PathBuf {
        const NAME: &str = "gate.toml";
        let beside = std::env::current_exe().ok().map(|program| program.with_file_name(NAME));
        let of_system = Path::new("/etc/pozi").join(NAME);
        match beside {
            Some(beside) if cfg!(windows) || beside.exists() => beside,
            _ => of_system,
        }
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn read_site(path: &Path, now: Timestamp) -> Result<Site, ConfigError> {
    let files = read_site_files(path)?;
    // A clock that is slow, within the bound of sessions, must not find the longest observation too long.
    let now = now.plus(CLOCK_AHEAD);
    let errors: Vec<_> = files.iter().filter_map(|file| file.check_enforcement(now).err()).collect();
    if !errors.is_empty() {
        return Err(LoadError::Faulty(errors).into());
    }
    let sites: Vec<_> = SiteFiles::of(&files)?.all().map(Arc::clone).collect();
    match <[_; 1]>::try_from(sites) {
        Ok([site]) => Ok(Arc::unwrap_or_clone(site)),
        Err(sites) => Err(ConfigError::SiteCount(name(path), sites.len())),
    }
}

fn read_authorities(path: &Path) -> Result<AuthorityFile, ConfigError> {
    let pem = fs::read(path).map_err(|error| ConfigError::Read(name(path), error))?;
    Authority::all_of_pem(&pem).map_err(|error| ConfigError::Authorities(name(path), error))?;
    Ok(AuthorityFile { path: path.to_owned(), pem })
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
