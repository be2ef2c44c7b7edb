//! The daemon: listens, keeps the keys fresh and on disk, takes a new configuration, and tells how it is.

mod body;
mod connections;
mod manager;
mod steady_stream;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use pozi_auth::{
    adapters::{KeySetFile, SystemClock},
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    timestamp::Clock,
};
use tokio::net::TcpListener;

pub use self::{body::BodyStalledError, connections::serve};
use crate::{
    assembly::{Assembly, SiteRoutes},
    config::GateConfig,
    health::Health,
    keys::{KeptKeys, KeyDocument, KeyDocumentError},
    metrics,
    reload::Reload,
    settings::{Limits, Settings},
    signals, status,
    upstream::UpstreamStartError,
    watched::Watched,
};

/// How often the keys' age is looked at.
const LOOK_AT_KEYS: Duration = Duration::from_secs(30);
/// How soon an address that is taken is tried again.
const LISTEN_AGAIN: Duration = Duration::from_secs(10);
/// How often the measurements are put in order.
const UPKEEP: Duration = Duration::from_secs(10);

/// A gate that listens.
#[derive(Debug)]
pub struct Daemon {
    listener: TcpListener,
    site: SiteRoutes,
    settings: Arc<ArcSwap<Settings>>,
    status_listen: SocketAddr,
    /// Where `/health` and `/metrics` are; nothing while that address is taken.
    status: Option<TcpListener>,
    health: Health,
    measured: PrometheusHandle,
}

/// Why the gate does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Listening failed.
    #[error("cannot listen on {0}: {1}; end what listens there, or choose another address with `listen`")]
    Listen(SocketAddr, #[source] io::Error),
    /// The issuer's keys cannot be asked for.
    #[error(transparent)]
    Keys(#[from] KeyDocumentError),
    /// QGIS Server cannot be asked.
    #[error(transparent)]
    Servers(#[from] UpstreamStartError),
}

impl Daemon {
    /// Listens, takes up the keys that are on disk, and asks the issuer for the first time. It need not answer: until it
    /// did once, nobody is let in.
    pub async fn start(config: GateConfig) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let measured = metrics::recorded();
        let watched = Watched::new(SystemClock.now());
        let document = KeyDocument::of(&config, watched.clock.clone())?;
        let keys = Arc::new(IssuerKeys::new(document.clone(), ISSUER_KEY_LIFETIMES));
        let file = KeySetFile::new(&config.state_dir, config.issuer.clone());
        keep_keys(KeptKeys::recall(Arc::clone(&keys), file, SystemClock.now())).await;
        let settings = Arc::new(ArcSwap::from_pointee(config.settings.clone()));
        let health = Health::new(SystemClock, Arc::clone(&keys), watched.clone());
        let mut assembly = Assembly::new(keys, Arc::clone(&settings), watched);
        let site = SiteRoutes::new(assembly.routes(&config)?);
        tokio::spawn(assembly.keep_asking());
        let status_listen = config.status_listen;
        let status = bound_for_status(status_listen).await;
        tokio::spawn(Reload { config, assembly, document, site: site.clone() }.run());
        Ok(Self { listener, site, settings, status_listen, status, health, measured })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where `/health` and `/metrics` are; nothing while another program listens there.
    pub fn status_address(&self) -> Option<SocketAddr> {
        self.status.as_ref()?.local_addr().ok()
    }

    /// Answers until it is asked to end, and then finishes what runs.
    pub async fn serve(self) {
        self.serve_until(signals::ended()).await;
    }

    /// Answers until `ended`, and then finishes what runs.
    pub async fn serve_until(self, ended: impl Future<Output = ()>) {
        if let Ok(address) = self.address() {
            tracing::info!(target: "pozi::gate", %address, "the gate listens");
        }
        let status = status::router(self.health, self.measured.clone(), self.status_listen);
        let beside = [
            tokio::spawn(serve_status(self.status, self.status_listen, status)),
            tokio::spawn(manager::live()),
            tokio::spawn(keep_in_order(self.measured)),
        ];
        manager::ready();
        let ended = async {
            ended.await;
            manager::stopping();
            tracing::info!(target: "pozi::gate", "the gate finishes what runs, and ends");
        };
        let settings = self.settings;
        serve(self.listener, self.site, move || settings.load().limits, ended).await;
        for task in beside {
            task.abort();
        }
    }
}

/// Renews the keys now, and goes on doing so.
async fn keep_keys(mut kept: KeptKeys<KeyDocument>) {
    kept.renew(SystemClock.now()).await;
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK_AT_KEYS).await;
            kept.renew(SystemClock.now()).await;
        }
    });
}

async fn bound_for_status(address: SocketAddr) -> Option<TcpListener> {
    match TcpListener::bind(address).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(target: "pozi::gate", %address, %error, "cannot listen for /health and /metrics; it is tried again; `status_listen` chooses another address");
            None
        }
    }
}

/// Serves on `listener`, else on `address` as soon as it is free. While it is taken, perhaps by the gate that this one
/// follows, requests are answered all the same.
async fn serve_status(listener: Option<TcpListener>, address: SocketAddr, router: Router) {
    let mut bound = listener;
    let listener = loop {
        if let Some(listener) = bound {
            break listener;
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
        bound = bound_for_status(address).await;
    };
    let limits = Limits { connections: 100, ..Limits::default() };
    serve(listener, router, move || limits, std::future::pending()).await;
}

async fn keep_in_order(measured: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        measured.run_upkeep();
    }
}
