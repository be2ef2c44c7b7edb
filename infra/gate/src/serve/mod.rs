//! The daemon: serves requests, renews and stores the issuer's keys and revocations, reloads the configuration, and reports its health.

mod body;
mod connections;
mod systemd;
mod timed_stream;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use pozi_auth::{
    adapters::{KeySetFile, RevocationDocumentFile, SystemClock},
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys, RevocationLimit},
    timestamp::Clock,
};
use tokio::net::TcpListener;

pub use self::{body::BodyStalledError, connections::serve};
use crate::{
    assembly::{Assembly, SiteRoutes},
    config::GateConfig,
    health::Health,
    issuer_documents::{GateKeys, IssuerDocument, IssuerDocumentError, IssuerDocuments},
    keys::StoredKeys,
    metrics,
    reload::Reload,
    revocations::StoredRevocations,
    settings::{Limits, Settings},
    signals::{Hangup, Termination},
    status,
    upstream::UpstreamStartError,
    watched::Watched,
};

/// How often to check whether keys and revocations are due for renewal: so revocations are fetched every 20 to 25 s.
const RENEWAL_CHECK_INTERVAL: Duration = Duration::from_secs(5);
/// How long to wait before trying an address that is in use again.
const LISTEN_RETRY_DELAY: Duration = Duration::from_secs(10);
/// How often the metrics recorder drops old samples.
const METRICS_UPKEEP_INTERVAL: Duration = Duration::from_secs(10);

/// A gate that is listening.
#[derive(Debug)]
pub struct Daemon {
    listener: TcpListener,
    site: SiteRoutes,
    settings: Arc<ArcSwap<Settings>>,
    status_listen: SocketAddr,
    /// The listener of `/health` and `/metrics`; nothing while that address is in use.
    status: Option<TcpListener>,
    health: Health,
    metrics: PrometheusHandle,
    termination: Termination,
}

/// Why the gate cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Listening failed.
    #[error(
        "cannot listen on {0}: {1}; stop the program that listens there, or choose another address with `listen`"
    )]
    Listen(SocketAddr, #[source] io::Error),
    /// The issuer's keys and revocations cannot be fetched.
    #[error(transparent)]
    Issuer(#[from] IssuerDocumentError),
    /// QGIS Server cannot be set up.
    #[error(transparent)]
    Servers(#[from] UpstreamStartError),
}

impl Daemon {
    /// Starts listening, loads the stored keys and revocations, and fetches them from the issuer. Also starts if the issuer
    /// does not answer; until there are keys, every request is refused.
    pub async fn start(config: GateConfig) -> Result<Self, StartError> {
        let (termination, hangup) = (Termination::listen(), Hangup::listen());
        let failed = |error| StartError::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let metrics = metrics::recorder();
        let watched = Watched::new(config.settings.site.enforcement, SystemClock.now());
        let documents = IssuerDocuments::of(&config, &watched.clock)?;
        let keys = keep_renewing(&config, &documents).await;
        let settings = Arc::new(ArcSwap::from_pointee(config.settings.clone()));
        let current = Arc::clone(&settings);
        let limit = move || RevocationLimit::of(&current.load().site);
        let health = Health::new(SystemClock, Arc::clone(&keys), limit, watched.clone());
        let mut assembly = Assembly::new(keys, Arc::clone(&settings), watched);
        let site = SiteRoutes::new(assembly.routes(&config)?);
        tokio::spawn(assembly.keep_probing());
        let status_listen = config.status_listen;
        let status = bind_status(status_listen).await;
        tokio::spawn(Reload { config, assembly, documents, site: site.clone(), hangup }.run());
        Ok(Self { listener, site, settings, status_listen, status, health, metrics, termination })
    }

    /// Returns the address for requests.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Returns the address of `/health` and `/metrics`; nothing while another program is listening there.
    pub fn status_address(&self) -> Option<SocketAddr> {
        self.status.as_ref()?.local_addr().ok()
    }

    /// Serves until SIGTERM or an interrupt, then finishes running requests.
    pub async fn serve(self) {
        if let Ok(address) = self.address() {
            tracing::info!(target: "pozi::gate", %address, "the gate is listening");
        }
        let status = status::router(self.health, self.metrics.clone(), self.status_listen);
        let background = [
            tokio::spawn(serve_status(self.status, self.status_listen, status)),
            tokio::spawn(systemd::keep_watchdog_alive()),
            tokio::spawn(keep_metrics_tidy(self.metrics)),
        ];
        systemd::ready();
        let shutdown = async {
            self.termination.received().await;
            systemd::stopping();
            tracing::info!(target: "pozi::gate", "the gate is stopping; running requests are finished first");
        };
        let settings = self.settings;
        serve(self.listener, self.site, move || settings.load().limits, shutdown).await;
        for task in background {
            task.abort();
        }
    }
}

/// Loads keys and revocations, renews them now and from then on in the background, and returns them.
async fn keep_renewing(config: &GateConfig, documents: &IssuerDocuments) -> Arc<GateKeys> {
    let (folder, issuer, now) = (&config.state_dir, &config.issuer, SystemClock.now());
    let keys = Arc::new(IssuerKeys::new(documents.keys.clone(), ISSUER_KEY_LIFETIMES));
    let mut stored_keys = StoredKeys::load(Arc::clone(&keys), KeySetFile::new(folder, issuer.clone()), now);
    let file = RevocationDocumentFile::new(folder, issuer.clone());
    let mut revocations =
        StoredRevocations::load((issuer.clone(), keys), documents.revocations.clone(), file, now);
    let renewed = Arc::clone(revocations.revocations());
    renew(&mut stored_keys, &mut revocations).await;
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(RENEWAL_CHECK_INTERVAL).await;
            renew(&mut stored_keys, &mut revocations).await;
        }
    });
    renewed
}

/// The keys first: the revocations are verified with them.
async fn renew(
    keys: &mut StoredKeys<IssuerDocument>,
    revocations: &mut StoredRevocations<IssuerDocument, IssuerDocument>,
) {
    keys.renew(SystemClock.now()).await;
    revocations.renew(SystemClock.now()).await;
}

async fn bind_status(address: SocketAddr) -> Option<TcpListener> {
    match TcpListener::bind(address).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(target: "pozi::gate", %address, %error, "cannot listen for /health and /metrics, trying again; stop the program that listens there, or change `status_listen`");
            None
        }
    }
}

/// Serves on `listener`, or on `address` as soon as it is free. While it is in use, perhaps by the gate that this one
/// replaces, other requests are served normally.
async fn serve_status(listener: Option<TcpListener>, address: SocketAddr, router: Router) {
    let mut bound = listener;
    let listener = loop {
        if let Some(listener) = bound {
            break listener;
        }
        tokio::time::sleep(LISTEN_RETRY_DELAY).await;
        bound = bind_status(address).await;
    };
    let limits = Limits { connections: 100, ..Limits::default() };
    serve(listener, router, move || limits, std::future::pending()).await;
}

async fn keep_metrics_tidy(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(METRICS_UPKEEP_INTERVAL).await;
        metrics.run_upkeep();
    }
}
