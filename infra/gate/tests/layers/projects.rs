//! The projects of the tests, which PyQGIS makes once.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

use super::server::PROGRAM;

/// The folder with the projects `named`, `ids` and `faulty` and their data; nothing if QGIS Server is not installed.
static PROJECTS: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    const MAKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/layers/make_project.py");
    let has_python =
        Command::new("/usr/bin/python3").args(["-c", "import qgis.core"]).stderr(Stdio::null()).status();
    if !Path::new(PROGRAM).exists() || !has_python.is_ok_and(|status| status.success()) {
        let notice = "NOT RUN: the tests of layers need Debian's packages qgis-server and python3-qgis";
        assert!(std::env::var_os("CI").is_none(), "{notice}");
        eprintln!("{notice}");
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layers");
    // Left by an earlier run, if any.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let made = Command::new("/usr/bin/python3")
        .args([Path::new(MAKE), &folder])
        .env("QT_QPA_PLATFORM", "offscreen")
        .env("XDG_RUNTIME_DIR", &folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Some(folder)
});

/// Returns the path of the project `name`; nothing if QGIS Server is not installed.
pub(crate) fn project(name: &str, extension: &str) -> Option<PathBuf> {
    let folder = PROJECTS.as_ref()?;
    Some(folder.join(name).join(format!("{name}.{extension}")))
}
