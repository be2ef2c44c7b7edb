//! The programs that the tests with QGIS Server need, from Debian packages.

use std::process::{Command, Stdio};

use crate::not_run;

/// Installs QGIS Server and the web servers in front of it if needed. Returns whether they are there; if not, prints a notice.
///
/// # Panics
/// As [`not_run`] does.
pub fn install_qgis() -> bool {
    const INSTALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/qgis/install.sh");
    let installed = Command::new("sh").arg(INSTALL).stdin(Stdio::null()).status();
    let installed = installed.is_ok_and(|status| status.success());
    if !installed {
        not_run(
            "the tests with QGIS Server need the Debian packages qgis-server, python3-qgis, spawn-fcgi, nginx-light, caddy and poppler-utils",
        );
    }
    installed
}
