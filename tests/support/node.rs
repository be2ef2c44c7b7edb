//! npm packages, installed in `target/node` when a test first needs them.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

/// Copies `folder` (below the project's root), installs what its `package-lock.json` names in the copy, and returns its path.
/// A copy, because Node.js looks for packages beside the files that import them, and the sources stay clean. Installed on
/// first use and when the lock has changed; tests of one process wait for each other.
///
/// `None` if the packages cannot be installed: then a notice says that `what` did not run.
///
/// # Panics
/// If `folder` cannot be copied, and as [`not_run`] does.
pub fn node_with(folder: &str, what: &str) -> Option<PathBuf> {
    static PREPARED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut prepared = PREPARED.lock().unwrap_or_else(PoisonError::into_inner);
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let to = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/node").join(folder.replace('/', "-"));
    if prepared.insert(folder.to_owned()) {
        // Once, since other tests may already run there.
        remove_sources(&to).expect("the folder can be emptied");
    }
    copy(&from, &to).expect("the folder can be copied");
    let lock = fs::read(from.join("package-lock.json")).expect("the folder has a lock");
    if fs::read(to.join("installed")).is_ok_and(|installed| installed == lock) {
        return Some(to);
    }
    if let Err(cause) = install(&to) {
        not_run(&format!("{what}: node and npm, with access to the npm registry, are needed: {cause}"));
        return None;
    }
    fs::write(to.join("installed"), lock).expect("the copy can be written to");
    Some(to)
}

/// Prints that `what` did not run.
///
/// # Panics
/// In CI (the variable `CI` is set), where nobody would read the notice.
pub fn not_run(what: &str) {
    let notice = format!("NOT RUN: {what}");
    assert!(std::env::var_os("CI").is_none(), "{notice}");
    // Not `eprintln!`, whose output is captured when a test passes.
    std::io::stderr().write_all(format!("{notice}\n").as_bytes()).ok();
}

/// Returns what npm says when it fails, such as that the disk is full.
fn install(folder: &Path) -> Result<(), String> {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder);
    let output = npm.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

/// Removes all but what was installed in `folder`: a file that the sources have no more would still be run.
fn remove_sources(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if ["node_modules", "installed"].iter().any(|kept| entry.file_name() == *kept) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            fs::copy(entry.path(), to)?;
        } else if entry.file_name() != "node_modules" {
            copy(&entry.path(), &to)?;
        }
    }
    Ok(())
}
