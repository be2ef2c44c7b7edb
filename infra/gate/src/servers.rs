//! The QGIS Server of each catalogue.

use std::{collections::HashMap, sync::Arc};

use axum::{body::Body, response::Response};
use pozi_auth::sites::Catalogue;

use crate::{
    config::{GateConfig, UpstreamConfig},
    upstream::{
        FastCgi, FastCgiAddressError, HttpBaseError, HttpServer, MapServer, QgisRequest, UpstreamError,
    },
};

/// The address that QGIS Server takes for its own over FastCGI, where a project advertises none.
const OF_FASTCGI: &str = "http://localhost/";

/// Asks the QGIS Server of the catalogue whose project is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Servers {
    by_project: HashMap<String, (UpstreamConfig, Arc<Server>)>,
}

/// One QGIS Server.
#[derive(Debug)]
enum Server {
    FastCgi(FastCgi),
    Http(HttpServer),
}

/// Why a QGIS Server cannot be asked where the configuration says that it is.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address for FastCGI.
    #[error("fastcgi: {0}")]
    FastCgi(#[from] FastCgiAddressError),
    /// The address for HTTP.
    #[error("http: {0}")]
    Http(#[from] HttpBaseError),
}

impl Servers {
    /// Those of `config`. A server of `before` whose configuration is still the same goes on: its processes live.
    pub(crate) fn new(config: &GateConfig, before: &Self) -> Result<Self, ServerError> {
        let mut known: Vec<_> = before.by_project.values().cloned().collect();
        let mut by_project = HashMap::new();
        for catalogue in &config.settings.site.catalogues {
            let Some(own) = config.upstreams.of_catalogue(&catalogue.id) else { continue };
            let server = match known.iter().find(|(config, _)| *config == own) {
                Some((_, server)) => Arc::clone(server),
                None => Arc::new(Server::new(&own)?),
            };
            known.push((own.clone(), Arc::clone(&server)));
            by_project.insert(catalogue.project.clone(), (own, server));
        }
        Ok(Self { by_project })
    }

    /// The addresses by which the QGIS Server of `catalogue` knows itself.
    pub(crate) fn own_addresses(&self, catalogue: &Catalogue) -> Vec<String> {
        match self.by_project.get(&catalogue.project) {
            Some((UpstreamConfig::Http { base }, _)) => vec![base.clone()],
            _ => vec![OF_FASTCGI.to_owned()],
        }
    }
}

impl MapServer for Servers {
    async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        let server = self.by_project.get(project).map(|(_, server)| server.as_ref());
        match server {
            Some(Server::FastCgi(server)) => server.send(project, request).await,
            Some(Server::Http(server)) => server.send(project, request).await,
            None => Err(UpstreamError::Refused("no QGIS Server is configured for this project")),
        }
    }
}

impl Server {
    fn new(config: &UpstreamConfig) -> Result<Self, ServerError> {
        Ok(match config {
            UpstreamConfig::FastCgi { address } => Self::FastCgi(FastCgi::new(address.parse()?)),
            UpstreamConfig::Http { base } => Self::Http(HttpServer::new(base)?),
            UpstreamConfig::Processes { .. } => Self::FastCgi(FastCgi::new("unix:/nonexistent".parse()?)),
        })
    }
}
