//! A real browser at the local page: real MSAL.js signs in at the emulated tenant, and real sessions open maps. What the
//! tests do stands in `tests/browser/*.test.mjs`; each file has a service of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

use clap::Parser;
use pozi_local::{args::Args, service::Service};
use pozi_tests::has_qgis;
use tempfile::TempDir;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/browser");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Two browsers at once would be slow enough for time limits.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn people_sign_in_with_msal_and_out() {
    run("sign-in");
}

#[test]
fn sessions_are_renewed_narrowed_and_enforced() {
    run("session");
}

#[test]
fn whatever_goes_wrong_is_told() {
    run("trouble");
}

#[test]
fn the_page_is_for_everybody() {
    run("looks");
}

#[test]
#[ignore = "paints docs/page.png anew: `make picture`"]
fn the_picture_in_the_readme() {
    run("picture");
    let painted = shots().join("page.png");
    if painted.exists() {
        fs::copy(painted, format!("{ROOT}/docs/page.png")).unwrap();
    }
}

/// Runs the tests of a file against a service of their own, with MSAL.js as in production.
fn run(file: &str) {
    let Some(folder) = node_folder() else { return };
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let state = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(Service::start(&arguments(&state, &[]))).unwrap();
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1", "--test-timeout=90000"])
        .arg(format!("{file}.test.mjs"))
        .current_dir(&folder)
        .env("POZI_BASE", service.base())
        .env("POZI_TENANT_PORT", service.tenant().port().unwrap().to_string())
        .env("POZI_STATE", state.path())
        .env("POZI_SHOTS", shots())
        .env("POZI_CHROMIUM", "/usr/bin/chromium")
        .stdin(Stdio::null());
    runtime.spawn(service.serve());
    let output = node.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    let passed = told.lines().find_map(|line| line.strip_prefix("ℹ pass "));
    assert!(passed.is_some_and(|count| count != "0"), "no test ran: {told}");
    println!("{told}");
}

fn arguments(state: &TempDir, more: &[&str]) -> Args {
    let msal = format!("{ROOT}/target/local-page/node_modules/@azure/msal-browser/lib");
    let own = [
        "pozi-local",
        "--port=0",
        "--authority=https://login.microsoftonline.com",
        "--msal",
        &msal,
        "--state",
        state.path().to_str().unwrap(),
    ];
    Args::parse_from(own.iter().chain(more))
}

/// A folder with the tests and what they need, since Node.js looks for that beside them. `None` where it cannot be had,
/// which is said loudly; on a machine of continuous integration that is a failure, since nobody would read it.
fn node_folder() -> Option<PathBuf> {
    static INSTALLED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        // For the pictures; without it the maps are only let through.
        let _ = has_qgis();
        install()
    });
    if installed.is_none() {
        let notice =
            "NOT RUN: the tests in a browser need Debian's package chromium, node, and npm's package index";
        assert!(std::env::var_os("CI").is_none(), "{notice}");
        // Not eprintln!, whose text of a passed test nobody sees.
        std::io::stderr().write_all(format!("{notice}\n").as_bytes()).ok();
    }
    installed.clone()
}

fn install() -> Option<PathBuf> {
    let is_done = |command: &mut Command| {
        command.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-node");
    fs::create_dir_all(&folder).unwrap();
    let lock = fs::read(Path::new(HERE).join("package-lock.json")).unwrap();
    let is_there = fs::read(folder.join("installed")).is_ok_and(|installed| installed == lock);
    for entry in fs::read_dir(HERE).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    let has_tools = is_there || is_done(Command::new("npm").args(npm).current_dir(&folder));
    let has_chromium = is_done(Command::new("sh").arg(format!("{HERE}/install.sh")));
    let fetched = is_done(&mut Command::new(format!("{ROOT}/infra/local/page/fetch-msal")));
    let has_msal = fetched && Path::new(ROOT).join("target/local-page/node_modules").is_dir();
    if !(has_tools && has_chromium && has_msal) {
        return None;
    }
    fs::write(folder.join("installed"), lock).unwrap();
    Some(folder)
}

/// Where pictures are kept for somebody to look at.
fn shots() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-shots");
    fs::create_dir_all(&folder).unwrap();
    folder
}
