//! The token exchange, its key set, the gates, the page and the emulated Entra in one process.

use std::{error::Error, net::Ipv4Addr, sync::Arc};

use axum::Router;
use entra_emulator::EmulatedEntra;
use pozi_auth::{
    adapters::{
        HttpGraph, HttpKeySets, HttpTokenEndpoint, KeyRingFile, LoadError, Microsoft, RevocationFile,
        SiteFiles, SystemClock,
    },
    address::LoopbackUrl,
    entra::{ApplicationTokenCache, GroupResolver, KEY_LIFETIMES, NoKeySetMemory, TenantKeys},
    keyring::{RingSigner, RotateError, RotationPolicyError, SoftwareKeys},
    oauth,
    revocation::{LIST_LIFETIMES, RotationError},
    session::Issuer,
    sites::Site,
    timestamp::Clock,
};
use pozi_token_exchange::{Environment, Limits, Revocations, TokenExchange};
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix::{SignalKind, signal};
use url::Url;

use crate::{
    args::Args,
    certificate, connections,
    credentials::MemoryCredentials,
    explain,
    gates::{self, Gates, LocalKeys},
    https::HttpsServer,
    listen::{ListenError, listen},
    maps::{self, CopyError, Qgis},
    page::{self, MsalError, PageConfig},
    rotation, samples,
    verifier_kit::{self, VerifierKit},
    welcome::Welcome,
};

/// The service, listening.
#[derive(Debug)]
pub struct Service {
    listener: TcpListener,
    base: String,
    router: Router,
    /// The emulated Entra over https.
    tenant: HttpsServer,
    tenant_url: Url,
    tenant_router: Router,
    sites: Vec<String>,
    has_qgis: bool,
}

/// Why the service does not start, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port cannot be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The site files cannot be read, or have errors.
    #[error(transparent)]
    Sites(#[from] LoadError),
    /// There is no signing key, and none can be made.
    #[error(transparent)]
    Keys(#[from] RotationError),
    /// Keys cannot rotate at this pace.
    #[error("invalid --rotate-every")]
    Policy(#[from] RotationPolicyError),
    /// The sample maps cannot be written.
    #[error("cannot write the sample maps; choose another folder with --state")]
    Maps(#[from] CopyError),
    /// The folder of MSAL.js has none.
    #[error(transparent)]
    Msal(#[from] MsalError),
    /// The certificate of the emulated Entra cannot be kept.
    #[error("cannot keep the certificate of the emulated Entra; choose another folder with --state")]
    Certificate(#[source] Box<dyn Error + Send + Sync>),
    /// Something else failed.
    #[error("cannot start")]
    Other(#[source] Box<dyn Error + Send + Sync>),
}

impl Service {
    /// Loads the sites, makes sure that there is a signing key, and listens.
    pub async fn start(args: &Args) -> Result<Self, StartError> {
        let msal = page::msal_folder(args.msal.clone())?;
        let (listener, port) = listen(args.port, "--port")?;
        let base = format!("http://localhost:{port}");
        let files = match &args.sites {
            Some(folder) => SiteFiles::load(folder, SystemClock.now())?,
            None => SiteFiles::of(&samples::site_files())?,
        };
        let mut sites: Vec<_> = files.all().cloned().collect();
        sites.sort_by_key(|site| site.name.to_string());
        let ring = Arc::new(KeyRingFile::new(args.key_ring()));
        ring.sweep().await.map_err(RotateError::from).map_err(RotationError::from)?;
        let revocations = Arc::new(RevocationFile::new(args.revocations()));
        let stores = (ring, revocations);
        rotation::start(stores.clone(), args.policy()?, args.publish_before() / 4).await?;

        let entra = EmulatedEntra::new(sites.iter().map(|site| samples::registration(site)).collect());
        let certificate =
            certificate::kept_or_new(&args.state, SystemClock.now()).map_err(StartError::Certificate)?;
        let tenant = HttpsServer::listen(args.entra_port(), "--entra-port", certificate)?;
        let tenant_url = format!("https://localhost:{}", tenant.port).parse().map_err(other)?;
        let qgis = qgis(args, port, &sites);
        let has_qgis = qgis.is_installed();
        let authority = args.authority.as_ref().unwrap_or(&tenant_url);
        let config = PageConfig::new(&base, authority, sites.iter().map(AsRef::as_ref), has_qgis);
        let gates = gates(args, &base, port, qgis)?;
        let credentials = MemoryCredentials::make(&sites, &entra);
        let mut router = functions(args, &base, port, files, stores, credentials)?
            .nest("/entra", entra.router())
            .merge(page::router(config, msal))
            .merge(kit(args, &base)?);
        if let Some(first) = sites.first() {
            router = router.nest("/gate", gates.decisions(first));
        }
        Ok(Self {
            // The gates are merged last: their CORS headers are those of production.
            router: oauth::finish(router).merge(gates.router(&sites)?),
            listener: TcpListener::from_std(listener).map_err(other)?,
            base,
            tenant,
            tenant_url,
            tenant_router: entra_emulator::over_https(entra.router()),
            sites: sites.iter().map(|site| site.name.to_string()).collect(),
            has_qgis,
        })
    }

    /// The URL of the service, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The https URL of the emulated Entra.
    pub fn tenant(&self) -> &Url {
        &self.tenant_url
    }

    /// Serves until it is interrupted.
    pub async fn serve(self) -> Result<(), StartError> {
        let serving = pozi_gate::serve(self.listener, self.router, connections::limits, interrupted());
        tokio::select! {
            () = serving => Ok(()),
            error = self.tenant.serve(self.tenant_router) => Err(error.into()),
        }
    }

    /// What to print at the start: addresses, and commands to paste.
    pub fn welcome(&self, args: &Args) -> String {
        let Self { base, tenant_url: tenant, sites, has_qgis, .. } = self;
        Welcome { base, tenant, sites, has_qgis: *has_qgis }.text(args)
    }
}

/// Resolves when the process should end. Handling the signal lets QGIS Server be stopped first.
async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminated) = signal(SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => (),
            _ = terminated.recv() => (),
        }
        return;
    }
    // If no handler can be set, the interrupt ends the process by default.
    let _ = tokio::signal::ctrl_c().await;
}

/// QGIS Server, with a folder of its own for each service on this machine.
fn qgis(args: &Args, port: u16, sites: &[Arc<Site>]) -> Qgis {
    let prints = sites.iter().flat_map(|site| &site.catalogues).any(|catalogue| !catalogue.print.is_empty());
    Qgis::new(maps::PROGRAM, args.state.join("qgis").join(port.to_string()), prints)
}

fn gates(
    args: &Args,
    base: &str,
    port: u16,
    qgis: Qgis,
) -> Result<Gates<SystemClock, LocalKeys>, StartError> {
    let issuer: Issuer = base.parse().map_err(other)?;
    let keys = gates::keys(issuer.clone(), port, args.max_age()).map_err(StartError::Other)?;
    Ok(Gates { clock: SystemClock, issuer, keys, base: base.to_owned(), state: args.state.clone(), qgis })
}

/// The test kit for verifiers, with an issuer of its own.
fn kit(args: &Args, base: &str) -> Result<Router, StartError> {
    let issuer = format!("{base}{}", verifier_kit::ISSUER_PATH).parse().map_err(other)?;
    let kit = VerifierKit::generate(issuer, args.algorithm()).map_err(other)?;
    Ok(verifier_kit::router(kit, SystemClock))
}

fn other(error: impl Error + Send + Sync + 'static) -> StartError {
    StartError::Other(Box::new(error))
}

/// The environment of the exchange on localhost.
#[derive(Debug)]
struct Localhost;

impl Environment for Localhost {
    type Clock = SystemClock;
    type Sites = SiteFiles;
    type KeySets = HttpKeySets;
    type Memory = NoKeySetMemory;
    type Graph = HttpGraph;
    type Applications = ApplicationTokenCache<MemoryCredentials, HttpTokenEndpoint>;
    type Signing = RingSigner<KeyRingFile, SoftwareKeys>;
    type Revocations = RevocationFile;
}

/// The token exchange, its explanations, and the key set.
fn functions(
    args: &Args,
    base: &str,
    port: u16,
    sites: SiteFiles,
    (ring, revocations): (Arc<KeyRingFile>, Arc<RevocationFile>),
    credentials: MemoryCredentials,
) -> Result<Router, StartError> {
    let issuer: Issuer = base.parse().map_err(other)?;
    // Not `localhost`, which may mean ::1, where nothing listens.
    let login: LoopbackUrl = format!("http://{}:{port}/entra", Ipv4Addr::LOCALHOST).parse().map_err(other)?;
    let microsoft = Microsoft::new(Some(login)).map_err(other)?;
    let graph = HttpGraph::new(microsoft.clone());
    let applications = ApplicationTokenCache::new(credentials, HttpTokenEndpoint::new(microsoft.clone()));
    let fetch = HttpKeySets::new(microsoft);
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
        groups: GroupResolver::with_applications(graph, applications),
        limits: Limits::new(args.rates()),
        signing: RingSigner::new(ring, SoftwareKeys, args.ring_lifetimes()),
        revocations: Revocations::new(revocations, LIST_LIFETIMES),
        probe_tenant: None,
    });
    let explain = explain::router(Arc::clone(&exchange));
    Ok(pozi_token_exchange::router(exchange).merge(explain).merge(jwks))
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use clap::Parser;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::timeout,
    };

    use super::*;

    #[tokio::test]
    async fn a_start_deletes_a_killed_runs_key_files_and_the_server_bounds_heads() {
        let state = tempfile::tempdir().unwrap();
        let left = state.path().join(".keys-es256.json.Ab12.pozi-tmp");
        fs::write(&left, "a private key").unwrap();
        let folder = state.path().to_str().unwrap();
        let service =
            Service::start(&Args::parse_from(["pozi-local", "--port=0", "--state", folder])).await.unwrap();
        assert!(!left.exists());

        let address = service.listener.local_addr().unwrap();
        tokio::spawn(service.serve());
        for (length, status) in [(10, 200), (100_000, 431)] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let long = "x".repeat(length);
            let head =
                format!("GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = [0; 12];
            timeout(Duration::from_secs(20), stream.read_exact(&mut answer)).await.unwrap().unwrap();
            assert_eq!(answer, format!("HTTP/1.1 {status}").as_bytes(), "{length}");
        }
    }

    #[tokio::test]
    async fn a_second_start_has_the_same_certificate_and_a_folder_without_msal_is_an_error() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().to_str().unwrap();
        let args = ["pozi-local", "--port=0", "--state", folder];
        let certificate = async || {
            Service::start(&Args::parse_from(args)).await.unwrap();
            fs::read(state.path().join("entra-certificate.json")).unwrap()
        };
        assert_eq!(certificate().await, certificate().await);
        let named = Args::parse_from(args.into_iter().chain(["--msal=/nonexistent"]));
        let error = Service::start(&named).await.unwrap_err().to_string();
        assert!(error.starts_with("--msal /nonexistent: there is no MSAL.js"), "{error}");
    }
}
