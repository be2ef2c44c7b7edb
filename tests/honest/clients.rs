//! Programs that people use, each driven by a script beside this file.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use pozi_tests::{install_qgis, node_with, not_run, venv};

use crate::place::Place;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/honest");
/// Seconds after which a client is taken to hang.
const PATIENCE: &str = "300";

/// A client.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    /// The program and the script that drive it; nothing where it cannot be had, which is said loudly.
    program: fn() -> Option<(PathBuf, PathBuf)>,
}

/// All of them.
pub(crate) const ALL: [Client; 4] = [
    Client { name: "OWSLib", program: owslib },
    Client { name: "GDAL", program: gdal },
    Client { name: "QGIS's providers", program: qgis },
    Client { name: "OpenLayers", program: openlayers },
];

impl Client {
    /// Lets it work; what went wrong.
    pub(crate) async fn run(&self, place: &Place) -> Option<String> {
        let program = self.program;
        let found = tokio::task::spawn_blocking(program).await.unwrap()?;
        let home = tempfile::tempdir().unwrap();
        let mut command = command(&found, home.path(), place);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (!output.status.success()).then(|| format!("{}: {}", self.name, told(&output)))
    }
}

fn command((program, script): &(PathBuf, PathBuf), home: &Path, place: &Place) -> Command {
    let mut command = Command::new("timeout");
    command.arg(PATIENCE).arg(program).arg(script).current_dir(home).stdin(Stdio::null());
    command
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("QT_QPA_PLATFORM", "offscreen")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("POZI_BASE", &place.base)
        .env("POZI_PROJECT", &place.project)
        .env("POZI_READER", &place.reader)
        .env("POZI_WRITER", &place.writer)
        .env("POZI_CHROMIUM", "/usr/bin/chromium");
    command
}

fn told(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).join("\n")
}

fn owslib() -> Option<(PathBuf, PathBuf)> {
    let programs = venv::with("honest/requirements.txt", "owslib")?;
    Some((programs.join("python"), script("owslib_client.py")))
}

fn gdal() -> Option<(PathBuf, PathBuf)> {
    installed("honest/install.sh", "GDAL: Debian's packages gdal-bin and python3-gdal")?;
    Some(("/usr/bin/python3".into(), script("gdal_client.py")))
}

fn qgis() -> Option<(PathBuf, PathBuf)> {
    install_qgis().then(|| ("/usr/bin/python3".into(), script("qgis_client.py")))
}

fn openlayers() -> Option<(PathBuf, PathBuf)> {
    let folder = node_with("tests/honest/openlayers", "the tests with OpenLayers")?;
    installed("browser/install.sh", "OpenLayers: Debian's package chromium")?;
    Some(("node".into(), folder.join("client.mjs")))
}

fn script(name: &str) -> PathBuf {
    Path::new(HERE).join(name)
}

/// Runs a script of `tests` that installs what `what` says.
fn installed(install: &str, what: &str) -> Option<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(install);
    let ended = Command::new("sh").arg(script).stdin(Stdio::null()).status();
    if ended.is_ok_and(|status| status.success()) {
        return Some(());
    }
    not_run(what);
    None
}
