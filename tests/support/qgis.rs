//! The programs of the tests with QGIS Server, from Debian's packages.

use std::process::{Command, Stdio};

use crate::not_run;

/// Whether QGIS Server and the gateways before it are on this machine, after they were installed where they could be.
/// Where they are not, says so loudly.
///
/// # Panics
/// On a machine of continuous integration, where nobody would read it.
pub fn has_qgis() -> bool {
    const INSTALL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/qgis/install.sh");
    let installed = Command::new("sh").arg(INSTALL).stdin(Stdio::null()).status();
    let installed = installed.is_ok_and(|status| status.success());
    if !installed {
        not_run(
            "the tests with QGIS Server need Debian's packages qgis-server, python3-qgis, spawn-fcgi, nginx-light, caddy and poppler-utils",
        );
    }
    installed
}
