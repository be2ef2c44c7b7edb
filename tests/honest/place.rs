//! The gate of riverbend with the catalogue `demo`, QGIS Server behind it, and two people's sessions.

use entra_emulator::{Person, TokenAsk};
use pozi_auth::{
    keyring::SigningAlgorithm,
    sites::{Site, SiteFile},
};
use pozi_gate::{config::UpstreamConfig, settings::Limits};
use pozi_local::samples;
use pozi_tests::{RunningGate, World, install_qgis};

use crate::demo::Demo;

/// Everything that a client needs.
pub(crate) struct Place {
    /// The gate's own address with its base, ending in `/`.
    pub(crate) base: String,
    /// The path of the catalogue's project, which older addresses name.
    pub(crate) project: String,
    /// For reading.
    pub(crate) reader: String,
    /// For reading and writing.
    pub(crate) writer: String,
    _demo: Demo,
}

impl Place {
    /// Nothing where QGIS Server cannot be had, which is said loudly.
    pub(crate) async fn start() -> Option<Self> {
        if !install_qgis() {
            return None;
        }
        let demo = tokio::task::spawn_blocking(Demo::start).await.unwrap()?;
        let project = demo.project("honest");
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
    let ask = TokenAsk { site: "riverbend".into(), person, ..TokenAsk::default() };
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
