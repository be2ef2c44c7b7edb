//! Python packages, installed in `target/tools` when a test first needs them.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::not_run;

const TESTS: &str = env!("CARGO_MANIFEST_DIR");

/// Returns the folder of the programs for AWS: SAM, cfn-lint, cargo-lambda and an emulated AWS. `make build` and
/// `make deploy` use the same. `None` as in [`with`].
///
/// # Panics
///
/// As [`with`] does.
pub fn tools() -> Option<PathBuf> {
    with("tools/requirements.txt", "venv")
}

/// Installs what `requirements` (a file below `tests`) names in the virtual environment `target/tools/<name>`, and returns
/// its folder of programs. Installed on first use and when the file has changed; tests that run at once wait for the first.
///
/// `None` if the packages cannot be installed; then a notice is printed.
///
/// # Panics
///
/// As [`not_run`] does.
pub fn with(requirements: &str, name: &str) -> Option<PathBuf> {
    let made = Command::new("python3")
        .arg(Path::new(TESTS).join("tools/install.py"))
        .arg(Path::new(TESTS).join(requirements))
        .arg(Path::new(TESTS).join("../target/tools").join(name))
        .output();
    let error = match made {
        Ok(made) if made.status.success() => {
            return Some(String::from_utf8_lossy(&made.stdout).trim().into());
        }
        Ok(made) => String::from_utf8_lossy(&made.stderr).lines().last().unwrap_or_default().to_owned(),
        Err(error) => error.to_string(),
    };
    not_run(&format!(
        "what needs tests/{requirements}: python3 with venv, and access to pip's package index, are needed ({error})"
    ));
    None
}
