//! The programs of the tests with QGIS Server, from Debian's packages.

use std::{
    io::Write,
    process::{Command, Stdio},
};

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
        let notice = "NOT RUN: the tests with QGIS Server need Debian's packages qgis-server, python3-qgis, spawn-fcgi, nginx-light and caddy";
        assert!(std::env::var_os("CI").is_none(), "{notice}");
        // Not eprintln!, whose text of a passed test nobody sees.
        std::io::stderr().write_all(format!("{notice}\n").as_bytes()).ok();
    }
    installed
}
