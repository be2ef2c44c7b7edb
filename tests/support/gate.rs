//! A running gate that accepts the sessions of a [`World`].

use std::{net::SocketAddr, path::Path, sync::Arc};

use pozi_auth::sites::Site;
use pozi_gate::{
    config::UpstreamConfig,
    layers::source::LayerSource,
    proxy::{self, Proxy},
    servers::Servers,
    settings::{Limits, PathStyle, Settings},
    upstream::Limited,
};
use tokio::net::TcpListener;

use crate::{Published, World};

/// A gate that runs until the test ends.
#[derive(Debug)]
pub struct RunningGate {
    /// Its address.
    pub address: SocketAddr,
    /// The documents that it fetches.
    pub published: Published,
}

impl RunningGate {
    /// Starts the gate of `site` in front of `servers`, for sessions of `world`.
    pub async fn start(world: &World, site: &Site, limits: Limits, servers: Servers) -> Self {
        Self::start_as(world, site, limits, servers, |_| site.external_url.as_str().to_owned()).await
    }

    /// As [`RunningGate::start`], but its public URL is the address that it listens on, so that links lead back to it.
    pub async fn start_at_its_address(world: &World, site: &Site, limits: Limits, servers: Servers) -> Self {
        Self::start_as(world, site, limits, servers, |address| format!("http://{address}/pozi/")).await
    }

    async fn start_as(
        world: &World,
        site: &Site,
        limits: Limits,
        servers: Servers,
        public_url: impl FnOnce(SocketAddr) -> String,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let published = Published::of(world);
        let settings = Settings {
            public_url: public_url(address),
            site: site.clone(),
            base: "/pozi".to_owned(),
            project_paths: PathStyle::Unix,
            limits,
        };
        let upstream = Arc::new(Limited::new(servers.clone(), &limits));
        let proxy = Proxy::new(
            world.clock.clone(),
            settings,
            (world.issuer.clone(), published.cached()),
            (Arc::new(LayerSource::new(Arc::clone(&upstream))), upstream),
            |catalogue| servers.own_addresses(catalogue),
        );
        let router = proxy::router(Arc::new(proxy));
        tokio::spawn(pozi_gate::serve(listener, router, move || limits, std::future::pending()));
        Self { address, published }
    }

    /// Returns servers that answer for every project of `site` with one upstream.
    pub fn servers(site: &Site, config: &UpstreamConfig) -> Servers {
        let named = site.catalogues.iter().map(|catalogue| (catalogue.project.clone(), config.clone()));
        Servers::of(named, true, Path::new("/nonexistent"), &Servers::default())
            .expect("the upstream is valid")
    }
}
