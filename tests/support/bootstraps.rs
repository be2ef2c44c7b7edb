//! The functions' bootstraps, as `make build` compiles them.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Output},
    sync::OnceLock,
};

use crate::tools;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Runs `infra/build` once for all tests of a process, and returns its output. `None` if the tools cannot be installed. Takes
/// minutes after a change of the functions, and otherwise a second.
pub fn built() -> Option<&'static Output> {
    static BUILT: OnceLock<Option<Output>> = OnceLock::new();
    let build = || {
        tools()?;
        let command = Command::new("python3").arg("infra/build").current_dir(ROOT).output();
        Some(command.expect("python3 is there"))
    };
    BUILT.get_or_init(build).as_ref()
}

/// Returns the path of the function that does nothing, built with the functions' profile. `None` if it cannot be built.
pub fn empty_function() -> Option<PathBuf> {
    let arguments = ["build", "--locked", "--profile", "function", "--package", "pozi-empty-function"];
    let built = Command::new("cargo").args(arguments).current_dir(ROOT).status();
    built.ok().filter(ExitStatus::success)?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new(ROOT).join("target"), Into::into);
    Some(target.join("function/empty-function"))
}

/// Returns the path of a function's bootstrap, built. `None` as in [`built`].
pub fn bootstrap(function: &str) -> Option<PathBuf> {
    let built = built()?;
    // The table is printed once all are built. Bootstraps that are too large are checked by a test of their own.
    let table = String::from_utf8_lossy(&built.stdout);
    let row = table.lines().any(|row| row.split_whitespace().next() == Some(function));
    assert!(row, "{}", String::from_utf8_lossy(&built.stderr));
    Some(Path::new(ROOT).join("target/lambda").join(function).join("bootstrap"))
}
