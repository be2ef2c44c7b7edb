//! What a configuration is made into: the routes that answer the site's requests.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use arc_swap::ArcSwap;
use axum::{Router, body::Body, response::Response, routing::future::RouteFuture};
use http::Request;
use pozi_auth::{adapters::SystemClock, session::IssuerKeys, sites::Catalogue};
use tower::Service;

use crate::{
    capabilities::keep_asking,
    config::GateConfig,
    decide::Gate,
    keys::KeyDocument,
    layers::source::LayerSource,
    proxy::{self, Proxy},
    routes::{Routes, router},
    servers::Servers,
    settings::Settings,
    upstream::{Limited, UpstreamStartError},
    watched::Watched,
};

/// All that answers the site's requests, made anew with each configuration.
pub(crate) struct Assembly {
    keys: Arc<IssuerKeys<KeyDocument>>,
    servers: Servers,
    /// How much each connection is allowed.
    pub(crate) settings: Arc<ArcSwap<Settings>>,
    /// What the proxy tells of QGIS Server, for `/health`.
    pub(crate) watched: Watched,
    /// What is asked from time to time whether it answers.
    asked: Arc<ArcSwap<Asked>>,
}

/// The catalogues of a configuration, and their QGIS Servers.
#[derive(Debug, Default)]
struct Asked {
    catalogues: Vec<Catalogue>,
    servers: Arc<Servers>,
}

impl Assembly {
    /// Nothing yet: its sessions are verified by `keys`, and what is seen of QGIS Server is kept in `watched`.
    pub(crate) fn new(
        keys: Arc<IssuerKeys<KeyDocument>>,
        settings: Arc<ArcSwap<Settings>>,
        watched: Watched,
    ) -> Self {
        Self { keys, servers: Servers::default(), settings, watched, asked: Arc::default() }
    }

    /// The routes of `config`: called at the start and after each change.
    pub(crate) fn routes(&mut self, config: &GateConfig) -> Result<Router, UpstreamStartError> {
        let servers = Servers::new(config, &self.servers)?;
        self.servers = servers.clone();
        let catalogues = config.settings.site.catalogues.clone();
        self.asked.store(Arc::new(Asked { catalogues, servers: Arc::new(servers.clone()) }));
        let upstream = Arc::new(Limited::new(servers.clone(), &config.settings.limits));
        let proxy = Proxy::new(
            SystemClock,
            config.settings.clone(),
            (config.issuer.clone(), Arc::clone(&self.keys)),
            (Arc::new(LayerSource::new(Arc::clone(&upstream))), upstream),
            |catalogue| servers.own_addresses(catalogue),
        );
        let catalogues = config.settings.site.catalogues.iter().map(|catalogue| catalogue.id.clone());
        let audience = config.audience().to_owned();
        let gate = Gate::new(config.issuer.clone(), audience.clone(), catalogues, Arc::clone(&self.keys));
        let decide = router(Routes { gate, clock: SystemClock, site: audience });
        // Merged, not nested: a router in a router answers every HEAD with a length of 0.
        Ok(decide.merge(proxy::router(Arc::new(proxy))))
    }

    /// Asks the QGIS Server of one catalogue after the other whether it answers; never comes back.
    pub(crate) fn keep_asking(&self) -> impl Future<Output = ()> + Send + 'static {
        let (asked, mut turn) = (Arc::clone(&self.asked), 0_usize);
        let next = move || {
            let asked = asked.load();
            let catalogue = asked.catalogues.get(turn.checked_rem(asked.catalogues.len())?)?.clone();
            turn = turn.wrapping_add(1);
            Some((catalogue, Arc::clone(&asked.servers)))
        };
        keep_asking(next, self.watched.upstreams.clone())
    }
}

/// The routes that hold now.
#[derive(Debug, Clone)]
pub(crate) struct SiteRoutes(Arc<ArcSwap<Router>>);

impl SiteRoutes {
    /// Requests are answered by `router`.
    pub(crate) fn new(router: Router) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(router)))
    }

    /// From now on requests are answered by `router`; those that run finish as they began.
    pub(crate) fn replace(&self, router: Router) {
        self.0.store(Arc::new(router));
    }
}

impl Service<Request<Body>> for SiteRoutes {
    type Response = Response;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Router::clone(&self.0.load()).call(request)
    }
}
