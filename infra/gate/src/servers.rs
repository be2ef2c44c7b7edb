//! The QGIS Server of each catalogue.

use std::{collections::HashMap, path::Path, sync::Arc};

use axum::{body::Body, response::Response};
use pozi_auth::sites::Catalogue;

use crate::{
    config::{GateConfig, UpstreamConfig},
    upstream::{MapServer, QgisRequest, Upstream, UpstreamError, UpstreamStartError},
};

/// The address that QGIS Server uses for itself over FastCGI if the project advertises none.
const FASTCGI_SELF_URL: &str = "http://localhost/";

/// Sends each request to the QGIS Server of its project.
#[derive(Debug, Clone, Default)]
pub struct Servers {
    by_project: HashMap<String, Server>,
}

#[derive(Debug, Clone)]
struct Server {
    config: UpstreamConfig,
    /// Whether any catalogue allows printing: processes are started with or without `GetPrint`.
    prints: bool,
    upstream: Arc<Upstream>,
}

impl Servers {
    /// Creates the servers of `config`. Servers of `previous` whose configuration is unchanged are kept, with their
    /// processes.
    pub(crate) fn new(config: &GateConfig, previous: &Self) -> Result<Self, UpstreamStartError> {
        let catalogues = &config.settings.site.catalogues;
        let named = catalogues.iter().filter_map(|catalogue| {
            Some((catalogue.project.clone(), config.upstreams.of_catalogue(&catalogue.id)?))
        });
        let prints = catalogues.iter().any(|catalogue| !catalogue.print.is_empty());
        Self::of(named, prints, &config.state_dir, previous)
    }

    /// Creates the server of each project file; `prints` if any layout may be printed. Processes that the gate starts
    /// have their sockets below `folder`. Must be called within a Tokio runtime.
    pub fn of(
        named: impl IntoIterator<Item = (String, UpstreamConfig)>,
        prints: bool,
        folder: &Path,
        previous: &Self,
    ) -> Result<Self, UpstreamStartError> {
        let mut known: Vec<_> = previous.by_project.values().cloned().collect();
        let mut by_project = HashMap::new();
        for (project, config) in named {
            let same = known.iter().find(|server| server.config == config && server.prints == prints);
            let server = if let Some(server) = same {
                server.clone()
            } else {
                let upstream = Upstream::start(&config, &folder.join("qgis"), prints)?;
                Server { config, prints, upstream: Arc::new(upstream) }
            };
            known.push(server.clone());
            by_project.insert(project, server);
        }
        Ok(Self { by_project })
    }

    /// Returns the addresses that the QGIS Server of `catalogue` uses for itself in its answers.
    pub fn own_addresses(&self, catalogue: &Catalogue) -> Vec<String> {
        match self.by_project.get(&catalogue.project).map(|server| &server.config) {
            Some(UpstreamConfig::Http { base }) => vec![base.clone()],
            _ => vec![FASTCGI_SELF_URL.to_owned()],
        }
    }
}

impl MapServer for Servers {
    async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        match self.by_project.get(project) {
            Some(server) => server.upstream.send(project, request).await,
            None => Err(UpstreamError::Refused("no QGIS Server is configured for this project")),
        }
    }
}
