//! The gate on each way to QGIS, and the world whose sessions it takes.

use pozi_auth::keyring::SigningAlgorithm;
use pozi_tests::World;

use super::{
    door::Door,
    rig::{Rig, Way},
    sessions::site_files,
};

/// Gates that answer, and the service whose sessions they take.
pub(crate) struct Served {
    /// One for each way of the rig, made by [`Door::of_gate`]; none as long as no gate is wired in.
    pub(crate) doors: Vec<Door>,
    pub(crate) world: World,
}

/// Serves a gate of riverbend's two catalogues on each way of `rig`, until the test ends.
pub(crate) async fn serve(rig: &Rig) -> Served {
    let (alpha, beta) = (rig.free.project("alpha"), rig.free.project("beta"));
    let world = World::with(&site_files(&alpha, &beta), SigningAlgorithm::Es256).await;
    let gates = rig.ways.iter().filter_map(|way| Some(Door::of_gate(way, start(way, &world)?)));
    Served { doors: gates.collect(), world }
}

/// Starts a gate that asks QGIS by `way`, whose projects are its catalogues, and says at which port it listens; none as
/// long as no gate is wired in.
fn start(_: &Way, _: &World) -> Option<u16> {
    None
}
