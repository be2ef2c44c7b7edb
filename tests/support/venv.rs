//! Programs that are not ours, from Python's package index, installed beside the build when a test first needs them.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

const TESTS: &str = env!("CARGO_MANIFEST_DIR");

/// The folder of the tools for AWS: SAM, its linters and translator, cargo-lambda, and an emulated AWS. `make build` and
/// `make deploy` use the same. `None` as in [`with`].
///
/// # Panics
///
/// As in [`with`].
pub fn tools() -> Option<PathBuf> {
    with("tools/requirements.txt", "venv")
}

/// The folder of programs of a virtual environment, `target/tools/<name>`, with what a file of requirements (below `tests`)
/// names. Made on first use and when the file has changed; tests that run at once wait for the first.
///
/// `None` where it cannot be made, which is said loudly.
///
/// # Panics
///
/// Where it cannot be made on a machine of continuous integration, since nobody would read the notice there.
pub fn with(requirements: &str, name: &str) -> Option<PathBuf> {
    let made = Command::new("python3")
        .arg(Path::new(TESTS).join("tools/install.py"))
        .arg(Path::new(TESTS).join(requirements))
        .arg(Path::new(TESTS).join("../target/tools").join(name))
        .output();
    let problem = match made {
        Ok(made) if made.status.success() => {
            return Some(String::from_utf8_lossy(&made.stdout).trim().into());
        }
        Ok(made) => String::from_utf8_lossy(&made.stderr).lines().last().unwrap_or_default().to_owned(),
        Err(error) => error.to_string(),
    };
    let notice = format!(
        "NOT RUN: what needs tests/{requirements}, for want of python3 with venv, or of pip's package index ({problem})"
    );
    assert!(std::env::var_os("CI").is_none(), "{notice}");
    // Not eprintln!, whose text of a passed test nobody sees.
    std::io::stderr().write_all(format!("{notice}\n").as_bytes()).ok();
    None
}
