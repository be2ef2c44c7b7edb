//! Programs that tests need, from Debian's packages.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

use crate::not_run;

/// Runs `install.sh` in `folder` (below `tests`); tests of one process wait for each other. Returns whether its programs are
/// there; if not, a notice says that `what` did not run.
///
/// # Panics
/// As [`not_run`] does.
pub fn install(folder: &str, what: &str) -> bool {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _guard = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("install.sh");
    let status = Command::new("sh").arg(script).stdin(Stdio::null()).status();
    let is_installed = status.is_ok_and(|status| status.success());
    if !is_installed {
        not_run(what);
    }
    is_installed
}

/// Installs QGIS Server and the web servers in front of it, as [`install`] does.
///
/// # Panics
/// As [`not_run`] does.
pub fn install_qgis() -> bool {
    install(
        "qgis",
        "the tests with QGIS Server need the Debian packages qgis-server, python3-qgis, spawn-fcgi, nginx-light, caddy and poppler-utils",
    )
}
