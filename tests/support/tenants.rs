//! The tenants of the sample sites, whose emulated Entra answers over HTTP.

use entra_emulator::{EmulatedEntra, Version};
use pozi_auth::sites::Site;
use pozi_local::samples;
use tokio::{net::TcpListener, task::spawn_blocking};

/// The directory, and the URL that it is served at.
#[expect(clippy::expect_used, reason = "a test that cannot listen fails, which is what panics are for")]
pub(crate) async fn served() -> (EmulatedEntra, String) {
    let directory = spawn_blocking(directory).await.expect("its keys can be made");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let at = format!("http://{}", listener.local_addr().expect("it listens"));
    let router = directory.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (directory, at)
}

/// Its keys are made before anybody waits for an answer with one: that takes seconds on a busy machine.
#[expect(clippy::expect_used, reason = "the samples are without fault")]
fn directory() -> EmulatedEntra {
    let sites = samples::site_files();
    let sites = sites.iter().map(|file| Site::parse(&file.text).expect("a sample is without fault"));
    let directory = EmulatedEntra::new(sites.map(|site| samples::registration(&site)).collect());
    // Which has one key more than the other's.
    drop(directory.key_set(Version::V2));
    directory
}
