//! The daemon: listens, keeps the keys fresh and on disk, and watches QGIS Server's plugin.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use pozi_auth::{
    adapters::{HttpDocument, KeySetFile, SystemClock},
    address::NotSecure,
    ports::Clock,
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
};
use tokio::net::TcpListener;

use crate::{
    Gate, Health, KeptKeys, Probe, Routes,
    config::{GateConfig, ProbeConfig},
    router,
};

/// How often the keys' age is looked at.
const LOOK_AT_KEYS: Duration = Duration::from_secs(30);
/// How often QGIS Server is asked what its plugin must refuse.
const ASK_PROBE: Duration = Duration::from_mins(1);
/// How soon again while it does not refuse: at start, the two begin at the same time.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// A gate that listens.
#[derive(Debug)]
pub struct Daemon {
    listener: TcpListener,
    router: Router,
}

/// Why the gate does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Listening failed, or ended.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The address of the keys.
    #[error("jwks_url: {0}")]
    KeysUrl(#[from] NotSecure),
    /// Something that cannot be here.
    #[error("cannot start: {0}")]
    Other(String),
}

impl Daemon {
    /// Listens, takes up the keys that are on disk, and asks the issuer and QGIS Server for the first time. Neither need
    /// answer: until the issuer did once, nobody is let in.
    pub async fn start(config: &GateConfig) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let document = HttpDocument::new(&config.jwks_url()?)
            .map_err(|problem| StartError::Other(problem.to_string()))?;
        let keys = Arc::new(IssuerKeys::new(document, ISSUER_KEY_LIFETIMES));
        let file = KeySetFile::new(&config.state_dir, config.issuer.clone());
        let mut kept = KeptKeys::recall(Arc::clone(&keys), file, SystemClock.now());
        kept.renew(SystemClock.now()).await;
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_AT_KEYS).await;
                kept.renew(SystemClock.now()).await;
            }
        });
        let probe = config.probe.as_ref().map(watch).transpose()?;
        let health = Health::new(SystemClock, Arc::clone(&keys), probe);
        let catalogues = config.catalogues.iter().cloned();
        let gate = Gate::new(config.issuer.clone(), config.audience.clone(), catalogues, keys);
        let routes = Routes { gate, clock: SystemClock, site: config.audience.clone() };
        Ok(Self { listener, router: router(routes, Some(health)) })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until it is interrupted.
    pub async fn serve(self) -> Result<(), StartError> {
        let address = self.address().map_err(|error| StartError::Other(error.to_string()))?;
        tracing::info!(target: "pozi::gate", %address, "the gate listens");
        let interrupted = async {
            // Without a handler the interrupt ends the process just as well.
            let _ = tokio::signal::ctrl_c().await;
        };
        let serving = axum::serve(self.listener, self.router).with_graceful_shutdown(interrupted);
        serving.await.map_err(|error| StartError::Listen(address, error))
    }
}

fn watch(config: &ProbeConfig) -> Result<Arc<Probe>, StartError> {
    let probe = Probe::new(&config.url)?;
    let watched = Arc::clone(&probe);
    tokio::spawn(async move {
        loop {
            watched.ask().await;
            let is_well = watched.state() == crate::ProbeState::Refused;
            tokio::time::sleep(if is_well { ASK_PROBE } else { ASK_AGAIN }).await;
        }
    });
    Ok(probe)
}
