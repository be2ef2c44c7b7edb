//! A healthy site with everything around it: Entra, Application Proxy, the service, and a gate in front of a QGIS Server.

use std::{fs, path::Path};

use axum::Router;
use clap::Parser;
use pozi_auth::{
    adapters::{Authority, Network, SystemClock},
    oauth,
    sites::Site,
    timestamp::Clock as _,
};
use pozi_gate::{Daemon, config::GateConfig};
use pozi_local::samples;
use pozi_operator::{Args, Output, World, run};
use tempfile::TempDir;

use super::{
    faults::Fault,
    servers::{Answer, Server, everywhere, port, started},
};

/// A healthy site.
pub(crate) struct Rig {
    pub(crate) world: pozi_tests::World,
    pub(crate) entra: Server,
    pub(crate) proxy: Server,
    pub(crate) service: Server,
    /// Where the gate serves maps, and its `/health`.
    gate: (String, String),
    certificate: Vec<u8>,
    text: String,
    folder: TempDir,
}

/// What one run looks at, healthy by default.
pub(crate) struct Look {
    /// The site file.
    pub(crate) text: String,
    pub(crate) entra: String,
    pub(crate) service: String,
    pub(crate) gate: String,
    pub(crate) gate_status: String,
    /// How far this machine's clock is ahead.
    pub(crate) seconds_ahead: i64,
    /// Whether the certificate of the external URL is trusted.
    pub(crate) trusts_certificate: bool,
}

impl Rig {
    pub(crate) async fn start() -> Self {
        let listener = port();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let world = pozi_tests::World::of_issuer(&issuer).await;
        // The gate goes by the real clock, and takes no revocation document from the future.
        world.clock.set(SystemClock.now().unix_seconds());
        let service = Server::plain(listener, oauth::finish(world.router()));
        let entra = Server::plain(port(), world.entra.router());

        let sample = samples::site_files().remove(0).text;
        let site = Site::parse(&sample).unwrap();
        let proxy = sign_in(&entra.url, &site.tenant().to_string(), &site.expected.client.to_string());
        let (proxy, certificate) = Server::secure(port(), proxy);
        let text = sample.replace("https://poziserver-riverbend.example", &proxy.url);
        let folder = tempfile::tempdir().unwrap();
        let gate = gate(&issuer, folder.path(), &text).await;
        Self { world, entra, proxy, service, gate, certificate, text, folder }
    }

    /// Looks at the healthy site.
    pub(crate) async fn look(&self) -> Output {
        self.run(self.healthy()).await
    }

    /// Looks at the site with `fault`, and takes the fault back.
    pub(crate) async fn look_with(&self, fault: &Fault) -> Output {
        let mut look = self.healthy();
        (fault.seed)(self, &mut look);
        let output = self.run(look).await;
        for server in [&self.entra, &self.proxy, &self.service] {
            server.heal();
        }
        output
    }

    fn healthy(&self) -> Look {
        Look {
            text: self.text.clone(),
            entra: self.entra.url.clone(),
            service: self.service.url.clone(),
            gate: self.gate.0.clone(),
            gate_status: self.gate.1.clone(),
            seconds_ahead: 0,
            trusts_certificate: true,
        }
    }

    /// Runs `pozi doctor --file …`.
    async fn run(&self, look: Look) -> Output {
        let file = self.folder.path().join("riverbend.toml");
        fs::write(&file, &look.text).unwrap();
        let args = Args::parse_from([
            "pozi",
            "doctor",
            "--file",
            file.to_str().unwrap(),
            "--service",
            &look.service,
            "--gate",
            &look.gate,
            "--gate-status",
            &look.gate_status,
        ]);
        let mut world = World::real();
        world.entra_login = Some(look.entra.parse().unwrap());
        let authorities = Authority::of_der(&self.certificate).filter(|_| look.trusts_certificate);
        world.network = Network { authorities: authorities.into_iter().collect(), ..Network::default() };
        let now = world.now.unix_seconds().saturating_add_signed(look.seconds_ahead);
        world.now = pozi_auth::timestamp::Timestamp::from_unix_seconds(now);
        Box::pin(run(&args, &mut world)).await.0.unwrap()
    }
}

/// Application Proxy with pre-authentication: everyone without a sign-in is sent to Entra.
pub(crate) fn sign_in(login: &str, tenant: &str, client: &str) -> Router {
    let query = format!("response_type=code&client_id={client}&scope=openid&state=AppProxyState");
    let location = format!("{login}/{tenant}/oauth2/authorize?{query}");
    everywhere(Answer::To(location))
}

/// Starts a gate for the site of `text`, and returns where it serves maps, and its `/health`.
async fn gate(issuer: &str, folder: &Path, text: &str) -> (String, String) {
    let qgis = started(Answer::Is(200, "<WMS_Capabilities version=\"1.3.0\"/>".into()));
    fs::write(folder.join("site.toml"), text).unwrap();
    let config = format!(
        "issuer = \"{issuer}\"\nsite = \"site.toml\"\nlisten = \"127.0.0.1:0\"\nstatus_listen = \"127.0.0.1:0\"\nstate_dir = \"gate-state\"\nproject_paths = \"windows\"\n[upstream]\nhttp = \"{qgis}/qgis\"\n"
    );
    let path = folder.join("gate.toml");
    fs::write(&path, config).unwrap();
    let daemon = Daemon::start(GateConfig::load(&path, SystemClock.now()).unwrap()).await.unwrap();
    let url = |address| format!("http://{address}");
    let places = (url(daemon.address().unwrap()), url(daemon.status_address().unwrap()));
    tokio::spawn(daemon.serve());
    places
}
