//! Node.js with packages of npm's, installed beside the build when a test first needs them.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

/// A copy of `folder` (below the project's root), with what its `package-lock.json` names: Node.js looks for packages beside
/// the files that want them, and nothing is installed among the sources. Made on first use and when the lock has changed;
/// tests of one program wait for each other.
///
/// `None` where it cannot be made, which is said loudly: `what` needs it.
///
/// # Panics
/// Where it cannot be made on a machine of continuous integration, since nobody would read the notice there; and where
/// `folder` cannot be copied.
#[expect(clippy::expect_used, reason = "a folder of the project that cannot be copied fails its test")]
pub fn node_with(folder: &str, what: &str) -> Option<PathBuf> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _alone = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    let to = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/node").join(folder.replace('/', "-"));
    copy(&from, &to).expect("the folder can be copied");
    let lock = fs::read(from.join("package-lock.json")).expect("the folder has a lock");
    if fs::read(to.join("installed")).is_ok_and(|installed| installed == lock) || installs(&to) {
        fs::write(to.join("installed"), lock).expect("the copy can be written to");
        return Some(to);
    }
    not_run(&format!("{what}, for want of node, or of npm's package index"));
    None
}

/// Says loudly what did not run.
///
/// # Panics
/// On a machine of continuous integration, where nobody would read it.
pub fn not_run(what: &str) {
    let notice = format!("NOT RUN: {what}");
    assert!(std::env::var_os("CI").is_none(), "{notice}");
    // Not eprintln!, whose text of a passed test nobody sees.
    std::io::stderr().write_all(format!("{notice}\n").as_bytes()).ok();
}

fn installs(folder: &Path) -> bool {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]).current_dir(folder);
    npm.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
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
