//! The gate as it decides for the site, on a port of its own, with the world whose sessions it takes.

use std::net::SocketAddr;

use pozi_auth::{
    keyring::{PublishedKeys, SigningAlgorithm},
    ports::KeyRingSource,
    sites::SiteFile,
};
use pozi_gate::{Gate, Routes, router};
use pozi_tests::World;
use tokio::net::TcpListener;

const SITE: &str = "https://poziserver-riverbend.example/pozi/";

/// A gate that answers, and the service whose sessions it takes.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) world: World,
}

/// Serves the gate of riverbend's two catalogues until the test ends.
pub(crate) async fn serve(files: &[SiteFile]) -> Served {
    let world = World::with(files, SigningAlgorithm::Es256).await;
    let keys = PublishedKeys::of(&world.ring.load().await.unwrap().unwrap().0);
    let catalogues = ["alpha", "beta"].map(|id| id.parse().unwrap());
    let gate = Gate::new(world.issuer.clone(), SITE.to_owned(), catalogues, keys);
    let routes = Routes { gate, clock: world.clock.clone(), site: SITE.to_owned() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router(routes, None)).await });
    Served { address, world }
}
