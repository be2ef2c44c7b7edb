//! The client programs, each run by a script in this folder.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use pozi_tests::{install, install_qgis, node_with, venv};

use crate::test_site::TestSite;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/gis_clients");
/// Seconds until a client counts as hung.
const TIMEOUT_SECONDS: &str = "300";

/// A client program.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    /// Installs the client if necessary and returns the interpreter and the script. `None`, with a notice, if that fails.
    program: fn() -> Option<(PathBuf, PathBuf)>,
}

/// All client programs.
pub(crate) const ALL: [Client; 4] = [
    Client { name: "OWSLib", program: owslib },
    Client { name: "GDAL", program: gdal },
    Client { name: "QGIS's providers", program: qgis },
    Client { name: "OpenLayers", program: openlayers },
];

impl Client {
    /// Runs the script. Returns its output if it failed.
    pub(crate) async fn run(&self, site: &TestSite) -> Option<String> {
        let program = self.program;
        let program_and_script = tokio::task::spawn_blocking(program).await.unwrap()?;
        let home = tempfile::tempdir().unwrap();
        let mut command = command(&program_and_script, home.path(), site);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (!output.status.success()).then(|| format!("{}: {}", self.name, output_text(&output)))
    }
}

fn command((program, script): &(PathBuf, PathBuf), home: &Path, site: &TestSite) -> Command {
    let mut command = Command::new("timeout");
    command.arg(TIMEOUT_SECONDS).arg(program).arg(script).current_dir(home).stdin(Stdio::null());
    command
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("QT_QPA_PLATFORM", "offscreen")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("POZI_BASE", &site.base)
        .env("POZI_PROJECT", &site.project)
        .env("POZI_READER", &site.reader)
        .env("POZI_WRITER", &site.writer)
        .env("POZI_CHROMIUM", "/usr/bin/chromium");
    command
}

fn output_text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).join("\n")
}

fn owslib() -> Option<(PathBuf, PathBuf)> {
    let programs = venv::with("gis_clients/requirements.txt", "owslib")?;
    Some((programs.join("python"), script("owslib_client.py")))
}

fn gdal() -> Option<(PathBuf, PathBuf)> {
    let is_installed = install("gis_clients", "GDAL: Debian's packages gdal-bin and python3-gdal");
    is_installed.then(|| ("/usr/bin/python3".into(), script("gdal_client.py")))
}

fn qgis() -> Option<(PathBuf, PathBuf)> {
    install_qgis().then(|| ("/usr/bin/python3".into(), script("qgis_client.py")))
}

fn openlayers() -> Option<(PathBuf, PathBuf)> {
    let folder = node_with("tests/gis_clients/openlayers", "the tests with OpenLayers")?;
    let is_installed = install("browser", "OpenLayers: Debian's package chromium");
    is_installed.then(|| ("node".into(), folder.join("client.mjs")))
}

fn script(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name)
}
