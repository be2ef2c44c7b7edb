//! The interpreters that the foreign libraries need, installed beside the build on first use.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Mutex, PoisonError},
};

use pozi_tests::venv;

/// Two tests that install into one folder at once would trip each other up.
static INSTALLING: Mutex<()> = Mutex::new(());

pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/foreign");

/// A Python with PyJWT and joserfc. `None` as [`venv::with`] says.
pub(crate) fn python() -> Option<PathBuf> {
    venv::with("foreign/requirements.txt", "foreign").map(|programs| programs.join("python"))
}

#[expect(clippy::expect_used, reason = "a command that was there a moment ago")]
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the interpreter starts")
}

/// A folder with the libraries of Node.js and `judge.mjs` beside them, since Node.js looks for them there.
pub(crate) fn node_folder() -> Option<PathBuf> {
    let _alone = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("foreign-node");
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::read(Path::new(FOLDER).join("package-lock.json")).unwrap();
    let is_installed = fs::read(folder.join("installed")).is_ok_and(|installed| installed == lock);
    for file in ["package.json", "package-lock.json", "judge.mjs"] {
        fs::copy(Path::new(FOLDER).join(file), folder.join(file)).unwrap();
    }
    let install = || {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder);
        npm.output().is_ok_and(|output| output.status.success())
    };
    if is_installed || install() {
        fs::write(folder.join("installed"), lock).unwrap();
        return Some(folder);
    }
    not_run("the checks with foreign JWT libraries of Node.js need node, and npm's package index");
    None
}

/// Runs `command` with `input` on its standard input.
pub(crate) fn run_with(command: &mut Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// Says loudly that a check did not run; on a machine of continuous integration that is a failure, since nobody would
/// read it.
fn not_run(what: &str) {
    let notice = format!("NOT RUN: {what}");
    assert!(std::env::var_os("CI").is_none(), "{notice}");
    // Not eprintln!, whose text of a passed test nobody sees.
    std::io::stderr().write_all(format!("{notice}\n").as_bytes()).ok();
}
