//! The Debian package: built, installed and set up with the README's commands verbatim, asked for a map, put behind
//! nginx and Caddy with the examples verbatim, and purged. It runs in a sandbox of namespaces, where a stand-in for
//! systemd starts the units.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails, which is what panics are for"
)]

#[path = "package/gateways.rs"]
mod gateways;
#[path = "package/issuer.rs"]
mod issuer;
#[path = "package/machine.rs"]
mod machine;

use std::{env, fs, path::Path, process::Command};

use self::{
    gateways::Gateway,
    issuer::Issuer,
    machine::{HERE, curl, has, run, succeeded},
};

const README: &str = include_str!("../README.md");
const GETMAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&CRS=EPSG:3857&BBOX=0,0,1000,1000&WIDTH=20&HEIGHT=20&FORMAT=image/png&STYLES=&LAYERS=places";
const UNITS: [&str; 3] = ["pozi-gate.service", "pozi-qgis@planning.service", "pozi-qgis@planning.socket"];
const SITE: &str = r#"name = "riverbend"
internal_url = "http://gis.riverbend.internal/pozi/"
external_url = "https://maps.riverbend.example/pozi/"
client_id = "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10"
tenant_id = "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11"
origins = []

[[catalogue]]
id = "planning"
title = "Planning"
project = "/srv/pozi/planning/planning.qgs"
read = "everyone-signed-in"
"#;

/// Returns the first code block in the language `fence` below `heading` in the README.
fn block(heading: &str, fence: &str) -> &'static str {
    let (_, section) = README.split_once(&format!("\n## {heading}\n")).unwrap();
    let (_, block) = section.split_once(&format!("\n```{fence}\n")).unwrap();
    block.split_once("```").unwrap().0
}

#[test]
fn the_readmes_commands_lead_from_an_empty_machine_to_a_map_in_ten() {
    let commands: Vec<_> = block("Install it on Debian", "sh").lines().collect();
    assert!(commands.len() <= 10, "{commands:#?}");
    if let Some(folder) = machine::folder() {
        return walk(&folder, &commands);
    }
    if !has(&["nginx", "caddy", "curl", "/usr/lib/cgi-bin/qgis_mapserv.fcgi"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    machine::run_there("the_readmes_commands_lead_from_an_empty_machine_to_a_map_in_ten", folder.path());
}

/// Puts what an administrator starts with into `folder`: the package, the site file, the project and its data.
fn prepare(folder: &Path) {
    let built = Path::new(env!("CARGO_BIN_EXE_pozi-gate"));
    let profile_folder = built.parent().unwrap();
    let profile = match profile_folder.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        name => name,
    };
    let mut package = Command::new(format!("{HERE}/../../package"));
    package.args(["--no-build", "--fast", "--offline", "--profile", profile]);
    succeeded(package.env("CARGO_TARGET_DIR", profile_folder.parent().unwrap()));
    let package = Path::new(HERE).join("../../../../target/debian/pozi-gate.deb");
    fs::copy(package, folder.join("pozi-gate.deb")).unwrap();
    fs::write(folder.join("riverbend.toml"), SITE).unwrap();
    let mut project = Command::new("/usr/bin/python3");
    project.arg(format!("{HERE}/../upstream/make_project.py")).arg(folder.join("planning.qgs"));
    project.env("QT_QPA_PLATFORM", "offscreen").env("HOME", folder).env("XDG_RUNTIME_DIR", folder);
    succeeded(&mut project);
}

/// Purges the package when dropped, also if the test fails.
struct Purged;

impl Drop for Purged {
    fn drop(&mut self) {
        let _ = Command::new("dpkg").args(["--purge", "pozi-gate"]).status();
    }
}

fn walk(folder: &Path, commands: &[&str]) {
    let issuer = Issuer::start();
    let purged = Purged;
    let outputs: Vec<_> = commands.iter().map(|command| run(command, folder)).collect();
    let checked = outputs.iter().find(|output| output.contains("QGIS Server opens the project"));
    let checked = checked.expect("the commands include `pozi-gate check`");
    assert!(!checked.contains("ERROR") && !checked.contains("WARNING"), "{checked}");
    assert!(
        outputs.iter().any(|output| output.contains(r#""status":"ok","keys":{"count":1"#)),
        "{outputs:#?}"
    );

    check_units();
    let session = issuer.session("planning:read");
    draws_a_map("http://127.0.0.1:8181", &session);
    // The gateways need the issuer's port. The gate keeps its keys.
    issuer.stop();
    for start in [Gateway::nginx, Gateway::caddy] {
        let gateway = start();
        draws_a_map("https://maps.riverbend.example", &session);
        carries_large_requests(&session);
        gateway.stop();
    }
    gateways::decide(block("Other backends", "nginx"), &session, folder);

    drop(purged);
    for left in ["/usr/bin/pozi-gate", "/usr/lib/pozi-gate", "/etc/pozi", "/var/lib/pozi-gate"] {
        assert!(!Path::new(left).exists(), "{left} was not removed");
    }
    let left = run("find /usr/lib/systemd /etc/systemd /var/lib/systemd -name 'pozi-*'", folder);
    assert_eq!(left, "", "units were not removed");
    assert!(Path::new("/srv/pozi/planning/places.gpkg").exists(), "the package must not remove data");
}

/// Checks the installed units with systemd's own tools.
fn check_units() {
    for unit in UNITS {
        succeeded(Command::new("systemd-analyze").args(["verify", unit]));
    }
    for unit in &UNITS[..2] {
        let judged =
            Command::new("systemd-analyze").args(["security", "--offline=true", unit]).output().unwrap();
        let text = String::from_utf8(judged.stdout).unwrap();
        let (_, level) = text.split_once("exposure level for").unwrap();
        let level: f64 = level.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(level <= 4.0, "{text}");
    }
    let as_the_gate =
        "setpriv --reuid=pozi-gate --regid=pozi-gate --groups=$(getent group pozi-data | cut -d: -f3)";
    run(&format!("{as_the_gate} test -r /srv/pozi/planning/planning.qgs"), Path::new("/"));
    run("! setpriv --reuid=nobody --regid=nogroup --clear-groups test -x /srv/pozi", Path::new("/"));
}

fn draws_a_map(base: &str, session: &str) {
    let header = format!("X-Pozi-Session: {session}");
    for place in ["/pozi/ows/planning/?", "/pozi/qgisserver?MAP=/srv/pozi/planning/planning.qgs&"] {
        let url = format!("{base}{place}{GETMAP}");
        let map = curl(&["-H", &header, &url]);
        assert!(map.head.starts_with("200 image/png"), "{url}: {map:?}");
        assert!(map.body.starts_with(b"\x89PNG"), "{url}");
        let refused = curl(&[&url]);
        assert!(refused.head.starts_with("401 application/json"), "{url}: {refused:?}");
    }
    let capabilities = "SERVICE=WMS&REQUEST=GetCapabilities";
    let answer = curl(&["-H", &header, &format!("{base}/pozi/ows/planning/?{capabilities}")]);
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.contains("https://maps.riverbend.example/pozi/ows/planning/"), "{text}");
}

/// Sends a selection of 31 KB, with the token of a person in hundreds of groups, which the gate does not read.
fn carries_large_requests(session: &str) {
    let session = format!("X-Pozi-Session: {session}");
    let person =
        format!("Authorization: Bearer {}.{}.{}", "a".repeat(40), "b".repeat(12_000), "c".repeat(340));
    let corners: Vec<_> = (0..2_040).map(|at| format!("{at} {}.{:06}", at % 7, at * 691)).collect();
    let polygon = format!("POLYGON((0 0,{},0 1000,0 0))", corners.join(","));
    let filter = format!("intersects(@geometry,geom_from_wkt('{polygon}'))").replace(' ', "%20");
    let query = format!(
        "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=places&OUTPUTFORMAT=GeoJSON&EXP_FILTER={filter}"
    );
    assert!((31_000..32_768).contains(&query.len()), "{}", query.len());
    let url = format!("https://maps.riverbend.example/pozi/ows/planning/?{query}");
    let answer = curl(&["-H", &session, "-H", &person, &url]);
    let text = String::from_utf8_lossy(&answer.body);
    assert!(answer.head.starts_with("200 ") && text.contains("redgum"), "{} {text}", answer.head);
}
