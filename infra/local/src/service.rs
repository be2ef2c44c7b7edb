//! Both functions and the emulated Entra in one process, on one port.

use std::{io, net::Ipv4Addr, sync::Arc};

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use pozi_auth::{
    adapters::{HttpDocument, HttpKeySets, KeyRingFile, LoadError, SiteFiles, SystemClock},
    address::LoopbackUrl,
    entra::{KEY_LIFETIMES, NothingKept, TenantKeys},
    error::with_causes,
    keyring::{
        Plan, RingSigner, RotateError, RotationPolicy, RotationPolicyError, SoftwareKeys, establish, rotate,
    },
    oauth,
    session::{Issuer, IssuerKeys},
    sites::Site,
    timestamp::Clock,
};
use pozi_token_exchange::{Environment, TokenExchange};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use crate::{
    args::Args,
    console, explain,
    gates::{self, Gates},
    https,
    maps::{self, CopyError, Qgis},
    page::{self, PageConfig},
    samples,
    welcome::Welcome,
};
use entra_emulator::{self, EmulatedEntra};

/// The service, listening.
#[derive(Debug)]
pub struct Service {
    listener: TcpListener,
    base: String,
    tenant: Tenant,
    sites: Vec<String>,
    /// Whether QGIS Server is there.
    draws: bool,
    router: Router,
}

/// The emulated Entra over https, listening.
#[derive(Debug)]
struct Tenant {
    listener: TcpListener,
    url: Url,
    certificate: RustlsConfig,
    router: Router,
}

/// Why the service does not start, in one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("port {0} is in use; choose another with {1}")]
    PortInUse(u16, &'static str),
    /// Listening failed otherwise, or ended.
    #[error("cannot listen on port {0}: {1}")]
    Listen(u16, io::Error),
    /// The site files.
    #[error("{0}")]
    Sites(#[from] LoadError),
    /// The key ring.
    #[error("{0}")]
    Ring(#[from] RotateError),
    /// The times given.
    #[error("--rotate-every: {0}")]
    Policy(#[from] RotationPolicyError),
    /// The sample maps.
    #[error("cannot write the sample maps; choose another folder with --state: {0}")]
    Maps(#[from] CopyError),
    /// Something that cannot be here.
    #[error("cannot start: {0}")]
    Other(String),
}

impl Service {
    /// Loads the sites, sees to a signing key, and listens.
    pub async fn start(args: &Args) -> Result<Self, StartError> {
        let (listener, port) = listen(args.port, "--port").await?;
        let base = format!("http://localhost:{port}");
        let sites = match &args.sites {
            Some(folder) => SiteFiles::load(folder)?,
            None => SiteFiles::of(&samples::site_files())?,
        };
        let ring = Arc::new(KeyRingFile::new(args.key_ring()));
        keep_rotating(Arc::clone(&ring), args.policy()?, args.publish_before() / 4).await?;

        let mut registered: Vec<_> = sites.all().cloned().collect();
        registered.sort_by_key(|site| site.name.to_string());
        let names = registered.iter().map(|site| site.name.to_string()).collect();
        let entra = EmulatedEntra::new(registered.iter().map(|site| samples::registration(site)).collect());
        let tenant = Tenant::listen(args.entra_port(), &entra).await?;
        let mut router = router(args, &base, port, sites, ring)?.nest("/entra", entra.router());
        let qgis = qgis(args, port, &registered);
        let gates = gates(args, &base, port, qgis.clone())?;
        if let Some(first) = registered.first() {
            router = router.nest("/gate", gates.decide(first));
        }
        let authority = args.authority.as_ref().unwrap_or(&tenant.url);
        let config =
            PageConfig::new(&base, authority, registered.iter().map(AsRef::as_ref), qgis.is_installed());
        router = router.merge(page::router(config, args.msal.clone()));
        // The gates answer for themselves: their CORS is that of production.
        let router = oauth::finish(router).merge(gates.router(&registered)?);
        Ok(Self { listener, base, tenant, sites: names, draws: qgis.is_installed(), router })
    }

    /// Where the service is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Where the emulated Entra is, over https.
    pub fn tenant(&self) -> &Url {
        &self.tenant.url
    }

    /// Serves until it is interrupted.
    pub async fn serve(self) -> Result<(), StartError> {
        let port = self.listener.local_addr().map_or(0, |address| address.port());
        let serving = axum::serve(self.listener, self.router).with_graceful_shutdown(interrupted());
        tokio::select! {
            served = serving => served.map_err(|error| StartError::Listen(port, error)),
            problem = self.tenant.serve() => Err(problem),
        }
    }

    /// Where things are, and lines to paste.
    pub fn welcome(&self, args: &Args) -> String {
        let Self { base, sites, draws, .. } = self;
        Welcome { base, tenant: &self.tenant.url, sites, draws: *draws }.text(args)
    }
}

impl Tenant {
    async fn listen(port: u16, entra: &EmulatedEntra) -> Result<Self, StartError> {
        let (listener, port) = listen(port, "--entra-port").await?;
        let certificate = https::certificate().map_err(|problem| StartError::Other(problem.to_string()))?;
        let url = format!("https://localhost:{port}");
        let url = url.parse().map_err(|problem: url::ParseError| StartError::Other(problem.to_string()))?;
        Ok(Self { listener, url, certificate, router: entra_emulator::over_https(entra.router()) })
    }

    /// Comes back only when it cannot go on.
    async fn serve(self) -> StartError {
        let port = self.listener.local_addr().map_or(0, |address| address.port());
        let serving = async { https::serve(self.listener.into_std()?, self.certificate, self.router).await };
        let ended = serving.await.err().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into());
        StartError::Listen(port, ended)
    }
}

/// Listens on `port`, or on any free one for 0, and says which it is. `option` is what chooses another.
async fn listen(port: u16, option: &'static str) -> Result<(TcpListener, u16), StartError> {
    let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listening = listening.and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
    match listening {
        Ok((port, listener)) => Ok((listener, port)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(StartError::PortInUse(port, option)),
        Err(error) => Err(StartError::Listen(port, error)),
    }
}

/// Ready when the process is to end: it then ends QGIS Server too.
async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminated) = signal(SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => (),
            _ = terminated.recv() => (),
        }
        return;
    }
    // Without a handler the interrupt ends the process just as well.
    let _ = tokio::signal::ctrl_c().await;
}

/// QGIS Server, with a folder of its own for each service that runs.
fn qgis(args: &Args, port: u16, sites: &[Arc<Site>]) -> Qgis {
    let prints = sites.iter().flat_map(|site| &site.catalogues).any(|catalogue| !catalogue.print.is_empty());
    Qgis::new(maps::PROGRAM, args.state.join("qgis").join(port.to_string()), prints)
}

fn gates(
    args: &Args,
    base: &str,
    port: u16,
    qgis: Qgis,
) -> Result<Gates<SystemClock, IssuerKeys<HttpDocument>>, StartError> {
    let keys = gates::keys(port, args.max_age()).map_err(|problem| other(&problem))?;
    let issuer: Issuer = base.parse().map_err(|problem| other(&problem))?;
    Ok(Gates { clock: SystemClock, issuer, keys, base: base.to_owned(), state: args.state.clone(), qgis })
}

fn other(problem: &dyn std::fmt::Display) -> StartError {
    StartError::Other(problem.to_string())
}

/// The exchange's environment here.
#[derive(Debug)]
struct Localhost;

impl Environment for Localhost {
    type Clock = SystemClock;
    type Sites = SiteFiles;
    type KeySets = HttpKeySets;
    type Memory = NothingKept;
    type Signing = RingSigner<KeyRingFile, SoftwareKeys>;
}

fn router(
    args: &Args,
    base: &str,
    port: u16,
    sites: SiteFiles,
    ring: Arc<KeyRingFile>,
) -> Result<Router, StartError> {
    let issuer: Issuer = base.parse().map_err(|problem| other(&problem))?;
    // By number: `localhost` may mean ::1, where nobody listens.
    let login: LoopbackUrl =
        format!("http://{}:{port}/entra", Ipv4Addr::LOCALHOST).parse().map_err(|problem| other(&problem))?;
    let fetch = HttpKeySets::new(Some(login)).map_err(|problem| other(&problem))?;
    let jwks = pozi_jwks::router(
        &issuer,
        SystemClock,
        Arc::clone(&ring),
        args.published_lifetimes(),
        args.max_age(),
    );
    let exchange = Arc::new(TokenExchange::<Localhost> {
        issuer,
        clock: SystemClock,
        sites,
        tenant_keys: TenantKeys::new(fetch, KEY_LIFETIMES),
        signing: RingSigner::new(ring, SoftwareKeys, args.ring_lifetimes()),
    });
    let explain = explain::router(Arc::clone(&exchange));
    Ok(pozi_token_exchange::router(exchange).merge(explain).merge(jwks))
}

/// Sees to a signing key now, and goes on rotating until the process ends.
async fn keep_rotating(
    ring: Arc<KeyRingFile>,
    policy: RotationPolicy,
    every: std::time::Duration,
) -> Result<(), RotateError> {
    tell(&establish(&*ring, &SoftwareKeys, &policy, SystemClock.now()).await?.plan);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(every).await;
            match rotate(&*ring, &SoftwareKeys, &policy, SystemClock.now()).await {
                Ok(rotation) => tell(&rotation.plan),
                Err(error) => {
                    tracing::warn!(problem = with_causes(&error), "the signing keys were not rotated");
                }
            }
        }
    });
    Ok(())
}

fn tell(plan: &Plan) {
    if plan.create {
        console::line("keys", "a new key is published");
    }
    if let Some(key) = &plan.promote {
        console::line("keys", &format!("{key} signs from now on"));
    }
    for key in &plan.remove {
        console::line("keys", &format!("{key} is gone: the last session that it signed has ended"));
    }
}
