//! The emulated Entra of the sample sites, over HTTP.

use entra_emulator::{EmulatedEntra, Version};
use pozi_auth::{
    identifiers::TenantId,
    sites::{Site, SiteFile},
};
use pozi_local::samples;
use tokio::{net::TcpListener, task::spawn_blocking};

/// The tenant of the sample site riverbend.
pub fn riverbend_tenant() -> TenantId {
    let site = Site::parse(&samples::site_files()[0].text).expect("the sample sites are valid");
    site.tenant()
}

/// Returns the site file of riverbend with another `setting`, such as `session_minutes = 5`.
pub fn riverbend_with(setting: &str) -> SiteFile {
    let riverbend = samples::site_files().remove(0);
    let text = riverbend.text.replacen("\norigins = [", &format!("\n{setting}\norigins = ["), 1);
    assert_ne!(text, riverbend.text, "the setting is in the file");
    SiteFile { text, ..riverbend }
}

/// Serves the emulated Entra, and returns it with its URL.
pub async fn serve() -> (EmulatedEntra, String) {
    let directory = spawn_blocking(directory).await.expect("the keys are made");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("the listener has an address"));
    let router = directory.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (directory, url)
}

/// Makes the keys too, before a request waits for one: that takes seconds on a busy machine.
fn directory() -> EmulatedEntra {
    let sites = samples::site_files();
    let sites = sites.iter().map(|file| Site::parse(&file.text).expect("the sample sites are valid"));
    let directory = EmulatedEntra::new(sites.map(|site| samples::registration(&site)).collect());
    // Version 2.0 has one key more than 1.0.
    drop(directory.key_set(Version::V2));
    directory
}
