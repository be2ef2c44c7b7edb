//! A gate for riverbend with the catalogue `demo`, QGIS Server behind it, and two people's sessions.

use entra_emulator::{Person, TokenSpec};
use pozi_auth::{
    keyring::SigningAlgorithm,
    sites::{Site, SiteFile},
};
use pozi_gate::{config::UpstreamConfig, settings::Limits};
use pozi_local::samples;
use pozi_tests::{RunningGate, World, install_qgis};

use crate::demo::Demo;

/// What a client needs to send requests.
pub(crate) struct TestSite {
    /// The gate's base URL, with a trailing slash.
    pub(crate) base: String,
    /// The path of the catalogue's project, which older URLs contain.
    pub(crate) project: String,
    /// A session that may read.
    pub(crate) reader: String,
    /// A session that may read and write.
    pub(crate) writer: String,
    _demo: Demo,
}

impl TestSite {
    /// Starts everything. `None`, with a notice, if QGIS Server is not available.
    pub(crate) async fn start() -> Option<Self> {
        if !install_qgis() {
            return None;
        }
        let demo = tokio::task::spawn_blocking(Demo::start).await.unwrap()?;
        let project = demo.project("clients");
        let file = site_file(&project);
        let site = Site::parse(&file.text).unwrap();
        let world = World::with(&[file], SigningAlgorithm::Es256).await;
        let address = format!("unix:{}", demo.socket().display());
        let servers = RunningGate::servers(&site, &UpstreamConfig::FastCgi { address });
        let gate = RunningGate::start_at_its_address(&world, &site, Limits::default(), servers).await;
        Some(Self {
            base: format!("http://{}/pozi/", gate.address),
            project,
            reader: session(&world, Person::Reader, "demo:read").await,
            writer: session(&world, Person::Editor, "demo:read demo:write").await,
            _demo: demo,
        })
    }
}

async fn session(world: &World, person: Person, scope: &str) -> String {
    let ask = TokenSpec { site: "riverbend".into(), person, ..TokenSpec::default() };
    let answer = world.exchange(&world.token(&ask), &[("scope", scope)]).await;
    assert_eq!(answer.scope(), scope, "{:?}", answer.json);
    answer.session().to_owned()
}

fn site_file(project: &str) -> SiteFile {
    let mut file = samples::site_files().remove(0);
    let head = file.text.split("[[catalogue]]").next().unwrap_or_default().to_owned();
    let catalogue = format!(
        r#"
[[catalogue]]
id = "demo"
title = "Demo"
project = "{project}"
read = "everyone-signed-in"
write = ["1f0ac082-247d-44fa-bcb6-667230cbf808"]
print = ["A4 Landscape"]
print_texts = ["title"]
highlight = true
"#
    );
    file.text = head + &catalogue;
    file
}
