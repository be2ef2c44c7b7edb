//! The configured connection to QGIS Server.

use std::path::Path;

use axum::body::Body;
use http::Response;

use super::{FastCgi, FastCgiAddressError, HttpBaseError, HttpServer, MapServer, QgisRequest, UpstreamError};
#[cfg(unix)]
use super::{Processes, ProcessesConfig};
use crate::config::UpstreamConfig;

/// A connection to QGIS Server.
#[derive(Debug)]
pub enum Upstream {
    /// Processes that listen for `FastCGI`.
    FastCgi(FastCgi),
    /// A web server that runs QGIS Server.
    Http(HttpServer),
    /// Processes that the gate starts.
    #[cfg(unix)]
    Processes(Processes),
}

/// What is wrong with the configured connection to QGIS Server.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamStartError {
    /// The address for `FastCGI`.
    #[error("fastcgi: {0}")]
    FastCgi(#[from] FastCgiAddressError),
    /// The address for HTTP.
    #[error("http: {0}")]
    Http(#[from] HttpBaseError),
    /// The folder of the processes.
    #[cfg(unix)]
    #[error("[qgis]: the folder for sockets cannot be created or emptied: {0}")]
    Folder(#[from] std::io::Error),
    /// No process at all.
    #[error("[qgis]: `processes` must be 1 or more")]
    NoProcess,
    /// Processes on a system without Unix sockets.
    #[cfg(not(unix))]
    #[error(
        "[qgis]: the gate starts QGIS Server on Linux only; give the address of a running one in [upstream]"
    )]
    NoUnix,
}

impl Upstream {
    /// Connects as `config` says. Processes get their sockets in `folder`, which no other program may use, and `GetPrint`
    /// only if `prints`. Must be called within a Tokio runtime.
    pub fn start(config: &UpstreamConfig, folder: &Path, prints: bool) -> Result<Self, UpstreamStartError> {
        match config {
            UpstreamConfig::FastCgi { address } => Ok(Self::FastCgi(FastCgi::new(address.parse()?))),
            UpstreamConfig::Http { base } => Ok(Self::Http(HttpServer::new(base)?)),
            processes @ UpstreamConfig::Processes { .. } => start_processes(processes, folder, prints),
        }
    }
}

#[cfg(unix)]
fn start_processes(
    config: &UpstreamConfig,
    folder: &Path,
    prints: bool,
) -> Result<Upstream, UpstreamStartError> {
    let UpstreamConfig::Processes { program, processes, memory_mb, variables } = config else {
        return Err(UpstreamStartError::NoProcess);
    };
    let config = ProcessesConfig {
        program: program.clone(),
        processes: (*processes).try_into().map_err(|_| UpstreamStartError::NoProcess)?,
        memory: memory_mb.saturating_mul(1_000_000),
        project: None,
        prints,
        variables: variables.clone(),
        folder: folder.to_owned(),
        grace: super::processes::GRACE,
    };
    Ok(Upstream::Processes(Processes::start(config)?))
}

#[cfg(not(unix))]
fn start_processes(_: &UpstreamConfig, _: &Path, _: bool) -> Result<Upstream, UpstreamStartError> {
    Err(UpstreamStartError::NoUnix)
}

impl MapServer for Upstream {
    async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        match self {
            Self::FastCgi(server) => server.send(project, request).await,
            Self::Http(server) => server.send(project, request).await,
            #[cfg(unix)]
            Self::Processes(server) => server.send(project, request).await,
        }
    }
}
