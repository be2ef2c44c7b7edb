//! A real browser at the local page: real MSAL.js signs in at the emulated tenant, and real sessions open maps. What the
//! tests do stands in `tests/browser/*.test.mjs`; each file has a service of its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

use clap::Parser;
use pozi_local::{args::Args, page, service::Service};
use pozi_tests::{install_qgis, node_with, not_run};
use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// MSAL.js keeps its settings of production; only the way to that host is another.
const PRODUCTION: &str = "--authority=https://login.microsoftonline.com";

/// Two tests that install at once would trip each other up, and two browsers that draw maps at once would be slow enough
/// for time limits.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn people_sign_in_with_msal_and_out() {
    run("sign-in", &[PRODUCTION]);
}

#[test]
fn sessions_are_renewed_narrowed_and_enforced() {
    run("session", &[PRODUCTION]);
}

#[test]
fn whatever_goes_wrong_is_told() {
    run("trouble", &[PRODUCTION]);
}

#[test]
fn the_page_is_for_everybody() {
    run("looks", &[PRODUCTION]);
}

#[test]
fn the_page_works_as_make_run_serves_it() {
    run("ordinary", &[]);
}

#[test]
fn the_page_works_without_msal() {
    run("plain", &["--msal=/nonexistent"]);
}

#[test]
#[ignore = "paints docs/page.png anew: `make picture`"]
fn the_picture_in_the_readme() {
    run("picture", &[PRODUCTION]);
    let painted = shots().join("page.png");
    if painted.exists() {
        fs::copy(painted, format!("{ROOT}/docs/page.png")).unwrap();
    }
}

/// Runs the tests of a file against a service of their own, started with `options`.
fn run(file: &str, options: &[&str]) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(folder) = node_folder() else { return };
    let state = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let service = runtime.block_on(Service::start(&arguments(&state, options))).unwrap();
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
    let msal = format!("--msal={ROOT}/{}", page::MSAL_FOLDER);
    let own = ["pozi-local", "--port=0", "--state", state.path().to_str().unwrap()];
    let has_msal = more.iter().any(|option| option.starts_with("--msal"));
    Args::parse_from(own.into_iter().chain(more.iter().copied()).chain((!has_msal).then_some(msal.as_str())))
}

/// A folder with the tests and what they need, and a browser on this machine. `None` where it cannot be had, which is said
/// loudly; on a machine of continuous integration that is a failure, since nobody would read it.
fn node_folder() -> Option<PathBuf> {
    let folder = node_with("tests/browser", "the tests in a browser")?;
    let is_done = |command: &mut Command| {
        command.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
    };
    let has_chromium = is_done(Command::new("sh").arg(folder.join("install.sh")));
    // Never fails; what counts is what is there then.
    is_done(&mut Command::new(format!("{ROOT}/infra/local/page/fetch-msal")));
    let has_msal = Path::new(ROOT).join(page::MSAL_FOLDER).is_dir();
    if !(has_chromium && has_msal) {
        not_run(
            "the tests in a browser need Debian's package chromium, and MSAL.js from npm's package index",
        );
        return None;
    }
    // For the pictures; without it maps are only let through.
    install_qgis();
    Some(folder)
}

/// Where pictures are kept for somebody to look at.
fn shots() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-shots");
    fs::create_dir_all(&folder).unwrap();
    folder
}
