//! The files that `pozi gate config` prints are a configuration of the gate.

use std::{fs, path::Path};

use clap::Parser;
use pozi_auth::{
    adapters::{SystemClock, aws::connection},
    timestamp::Clock,
};
use pozi_gate::config::{GateConfig, UpstreamConfig};
use pozi_local::samples;
use pozi_operator::{Args, Output, World, run};
use pozi_tests::aws_at;

/// Runs `pozi gate config` for the sample site `file`, whose files go to `folder`. No AWS is there.
async fn configured(file: &Path, folder: &Path, system: &str) -> Result<Output, String> {
    let [file, folder] = [file, folder].map(|path| path.to_str().unwrap());
    let words = ["pozi", "gate", "config", "--file", file, "--service", "https://auth.example"];
    let args = Args::parse_from([words.as_slice(), &["--os", system, "--folder", folder]].concat());
    let mut world = World::emulated(connection(&aws_at("http://127.0.0.1:1")), None);
    Box::pin(run(&args, &mut world)).await.0.map_err(|error| error.text())
}

#[tokio::test]
async fn the_gate_accepts_what_is_printed_for_it() {
    let sites = tempfile::tempdir().unwrap();
    for (system, projects) in [("windows", "C:/Pozi/"), ("linux", "/srv/pozi/")] {
        for site in samples::site_files() {
            let text = site.text.replace("C:/Pozi/", projects);
            let file = sites.path().join(&site.name);
            fs::write(&file, &text).unwrap();
            let folder = sites.path().join(system).join(&site.name);
            configured(&file, &folder, system).await.unwrap();
            let config = GateConfig::load(&folder.join("gate.toml"), SystemClock.now()).unwrap();
            assert_eq!(config.issuer.as_str(), "https://auth.example");
            assert_eq!(config.settings.site, site_of(&text));
            assert_eq!(fs::read_to_string(folder.join("site.toml")).unwrap(), text);
            let upstream = config.upstreams.of_catalogue(&config.settings.site.catalogues[0].id).unwrap();
            assert_eq!(matches!(upstream, UpstreamConfig::Http { .. }), system == "windows");
        }
    }
}

fn site_of(text: &str) -> pozi_auth::sites::Site {
    pozi_auth::sites::Site::parse(text).unwrap()
}

#[tokio::test]
async fn files_that_exist_are_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("riverbend.toml");
    fs::write(&file, &samples::site_files()[0].text).unwrap();
    let theirs = folder.path().join("site.toml");
    fs::write(&theirs, "theirs").unwrap();
    let error = configured(&file, folder.path(), "windows").await.unwrap_err();
    assert!(
        error.ends_with(
            "site.toml exists, and is not replaced; remove it, or name another folder. Nothing was written"
        ),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
    assert!(!folder.path().join("gate.toml").exists());
}
