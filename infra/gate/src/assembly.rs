//! The router for the site's requests, built from a configuration.

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

/// What answers the site's requests, rebuilt for each configuration.
pub(crate) struct Assembly {
    keys: Arc<IssuerKeys<KeyDocument>>,
    servers: Servers,
    /// The current settings, with the limits of connections.
    pub(crate) settings: Arc<ArcSwap<Settings>>,
    /// What the gate observes, for `/health`.
    pub(crate) watched: Watched,
    /// What is probed regularly.
    probed: Arc<ArcSwap<Probed>>,
}

/// The catalogues of a configuration, and their QGIS Servers.
#[derive(Debug, Default)]
struct Probed {
    catalogues: Vec<Catalogue>,
    servers: Arc<Servers>,
}

impl Assembly {
    /// Creates an assembly that verifies sessions with `keys` and records how QGIS Server answers in `watched`.
    pub(crate) fn new(
        keys: Arc<IssuerKeys<KeyDocument>>,
        settings: Arc<ArcSwap<Settings>>,
        watched: Watched,
    ) -> Self {
        Self { keys, servers: Servers::default(), settings, watched, probed: Arc::default() }
    }

    /// Builds the router for `config`, at the start and after each change.
    pub(crate) fn routes(&mut self, config: &GateConfig) -> Result<Router, UpstreamStartError> {
        let servers = Servers::new(config, &self.servers)?;
        self.servers = servers.clone();
        let catalogues = config.settings.site.catalogues.clone();
        self.probed.store(Arc::new(Probed { catalogues, servers: Arc::new(servers.clone()) }));
        let upstream = Arc::new(Limited::new(servers.clone(), &config.settings.limits));
        let proxy = Proxy::new(
            SystemClock,
            config.settings.clone(),
            (config.issuer.clone(), Arc::clone(&self.keys)),
            (Arc::new(LayerSource::new(Arc::clone(&upstream))), upstream),
            |catalogue| servers.own_addresses(catalogue),
        );
        let site = &config.settings.site;
        let catalogues = site.catalogues.iter().map(|catalogue| catalogue.id.clone());
        let audience = config.audience().to_owned();
        let keys = Arc::clone(&self.keys);
        let gate = Gate::new(config.issuer.clone(), audience.clone(), site.tenant(), catalogues, keys)
            .requiring(site.minimum_revision);
        let decide = router(Routes { gate, clock: SystemClock, site: audience });
        // Merged, not nested: a nested router answers every HEAD with a length of 0.
        Ok(decide.merge(proxy::router(Arc::new(proxy))))
    }

    /// Probes the QGIS Server of one catalogue after the other; never returns.
    pub(crate) fn keep_probing(&self) -> impl Future<Output = ()> + Send + 'static {
        let (probed, mut turn) = (Arc::clone(&self.probed), 0_usize);
        let next = move || {
            let probed = probed.load();
            let catalogue = probed.catalogues.get(turn.checked_rem(probed.catalogues.len())?)?.clone();
            turn = turn.wrapping_add(1);
            Some((catalogue, Arc::clone(&probed.servers)))
        };
        keep_asking(next, self.watched.upstreams.clone())
    }
}

/// The current router.
#[derive(Debug, Clone)]
pub(crate) struct SiteRoutes(Arc<ArcSwap<Router>>);

impl SiteRoutes {
    /// Answers requests with `router`.
    pub(crate) fn new(router: Router) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(router)))
    }

    /// Answers new requests with `router`; running requests finish with the one they started with.
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
