//! The gate on each way to QGIS, and the world whose sessions it takes.

use pozi_auth::{keyring::SigningAlgorithm, sites::Site};
use pozi_gate::{config::UpstreamConfig, servers::Servers, settings::Limits};
use pozi_tests::{RunningGate, World};

use super::{
    door::Door,
    rig::{Rig, Upstream, Way},
    sessions::site_files,
};

/// Gates that answer, and the service whose sessions they take.
pub(crate) struct Served {
    /// One for each way of the rig.
    pub(crate) doors: Vec<Door>,
    pub(crate) world: World,
}

/// Serves a gate of riverbend's two catalogues on each way of `rig`, until the test ends.
pub(crate) async fn serve(rig: &Rig) -> Served {
    let (alpha, beta) = (rig.free.project("alpha"), rig.free.project("beta"));
    let world = World::with(&site_files(&alpha, &beta), SigningAlgorithm::Es256).await;
    let mut doors = Vec::new();
    for way in &rig.ways {
        let gate = start(way, &world).await;
        doors.push(Door::of_gate(way, gate.address.port()));
    }
    Served { doors, world }
}

/// A gate that asks QGIS by `way`, whose projects are its catalogues.
async fn start(way: &Way, world: &World) -> RunningGate {
    let projects = [way.project("alpha"), way.project("beta")];
    let site = Site::parse(&site_files(&projects[0], &projects[1])[0].text).unwrap();
    let fastcgi =
        |socket: &std::path::Path| UpstreamConfig::FastCgi { address: format!("unix:{}", socket.display()) };
    let servers = match &way.upstream {
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
