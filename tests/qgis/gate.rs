//! A gate in front of each backend, and the service whose sessions it accepts.

use pozi_auth::{keyring::SigningAlgorithm, sites::Site};
use pozi_gate::{config::UpstreamConfig, servers::Servers, settings::Limits};
use pozi_tests::{RunningGate, World};

use super::{
    endpoint::Endpoint,
    rig::{Backend, Rig, Upstream},
    sessions::site_files,
};

/// Running gates, and the service whose sessions they accept.
pub(crate) struct Served {
    /// One for each backend that has a gate.
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) world: World,
}

/// Starts a gate for riverbend's two catalogues in front of each backend of `rig`; it runs until the test ends.
pub(crate) async fn serve(rig: &Rig) -> Served {
    let (alpha, beta) = (rig.unguarded.project("alpha"), rig.unguarded.project("beta"));
    let world = World::with(&site_files(&alpha, &beta), SigningAlgorithm::Es256).await;
    let mut endpoints = Vec::new();
    for backend in &rig.backends {
        let gate = start(backend, &world).await;
        endpoints.push(Endpoint::of_gate(backend, gate.address.port()));
    }
    Served { endpoints, world }
}

/// Starts a gate in front of `backend`, for the catalogues of its projects.
async fn start(backend: &Backend, world: &World) -> RunningGate {
    let projects = [backend.project("alpha"), backend.project("beta")];
    let site = Site::parse(&site_files(&projects[0], &projects[1])[0].text).unwrap();
    let fastcgi =
        |socket: &std::path::Path| UpstreamConfig::FastCgi { address: format!("unix:{}", socket.display()) };
    let servers = match &backend.upstream {
        Upstream::Shared(socket) => RunningGate::servers(&site, &fastcgi(socket)),
        Upstream::Http(port) => {
            RunningGate::servers(&site, &UpstreamConfig::Http { base: format!("http://127.0.0.1:{port}/") })
        }
        Upstream::Pinned { alpha, beta } => {
            let named = projects.into_iter().zip([fastcgi(alpha), fastcgi(beta)]);
            Servers::of(named, true, std::path::Path::new("/nonexistent"), &Servers::default()).unwrap()
        }
    };
    RunningGate::start(world, &site, Limits::default(), servers).await
}
