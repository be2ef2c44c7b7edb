//! The page of `make run` in a real browser: real MSAL.js signs in at the emulated tenant, and sessions open maps. The tests are
//! in `tests/browser/*.test.mjs`; each file has its own service.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

use clap::Parser;
use pozi_local::{args::Args, page, service::Service};
use pozi_tests::{install, install_qgis, node_with, not_run};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Lets MSAL.js run with its production settings; the browser resolves this host to the emulated tenant.
const PRODUCTION: &str = "--authority=https://login.microsoftonline.com";

/// The tests of the page without MSAL.js.
const WITHOUT_MSAL: &str = "without-msal";

/// Runs one test at a time: concurrent installations would conflict, and two browsers that draw maps would run into time
/// limits.
static LOCK: Mutex<()> = Mutex::new(());

/// RFC 6750 §5.3; RFC 10017 §8.1, §8.4.
#[test]
fn people_sign_in_and_out_with_msal() {
    run("sign-in", &[PRODUCTION]);
}

#[test]
fn sessions_are_renewed_narrowed_and_enforced() {
    run("session", &[PRODUCTION]);
}

#[test]
fn map_libraries_draw_with_the_browser_module() {
    run("map-libraries", &[PRODUCTION]);
}

#[test]
fn relays_save_preflights_at_the_pages_own_origin() {
    run("relay", &[PRODUCTION]);
}

#[test]
fn the_example_of_a_web_app_shows_what_a_session_opens() {
    if node_with("examples/web", "the example of a Web App").is_some() {
        run("web-app", &[]);
    }
}

#[test]
fn tabs_frames_and_maps_share_sign_ins_and_sign_outs() {
    run("tabs", &[PRODUCTION]);
}

#[test]
fn a_glance_shows_the_verdict_the_faults_and_the_journal() {
    run("overview", &[PRODUCTION]);
}

#[test]
fn errors_are_shown() {
    run("errors", &[PRODUCTION]);
}

#[test]
fn the_page_is_accessible() {
    run("accessibility", &[PRODUCTION]);
}

#[test]
fn the_page_works_as_make_run_serves_it() {
    run("make-run", &[]);
}

#[test]
fn the_page_works_without_msal() {
    run(WITHOUT_MSAL, &[]);
}

#[test]
#[ignore = "replaces docs/page.png; run by `make picture`"]
fn the_picture_in_the_readme() {
    run("picture", &[PRODUCTION]);
    let picture = shots().join("page.png");
    if picture.exists() {
        fs::copy(picture, format!("{ROOT}/docs/page.png")).unwrap();
    }
}

/// Runs the tests in `file` against a new service, started with `options`.
fn run(file: &str, options: &[&str]) {
    let _alone = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(folder) = node_folder() else { return };
    let state = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut arguments = vec!["--port=0", "--state", state.path().to_str().unwrap()];
    arguments.extend(options);
    let msal = format!("--msal={ROOT}/{}", page::MSAL_FOLDER);
    // The default folder is in the folder where the program runs: there is none in that of the tests.
    arguments.extend((file != WITHOUT_MSAL).then_some(msal.as_str()));
    let arguments = Args::parse_from(["pozi-local"].into_iter().chain(arguments));
    let service = runtime.block_on(Service::start(&arguments)).unwrap();
    let mut node = Command::new("node");
    node.args(["--test", "--test-reporter=spec", "--test-concurrency=1", "--test-timeout=600000"])
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
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{log}\n{}", String::from_utf8_lossy(&output.stderr));
    let passed = log.lines().find_map(|line| line.strip_prefix("ℹ pass "));
    assert!(passed.is_some_and(|count| count != "0"), "no test ran: {log}");
    println!("{log}");
}

/// Installs Chromium and npm packages, and returns the folder of the tests. `None`, with a notice, if that fails; in CI it is a
/// failure.
fn node_folder() -> Option<PathBuf> {
    let folder = node_with("tests/browser", "the tests in a browser")?;
    if !install("browser", "the tests in a browser, which need Debian's package chromium") {
        return None;
    }
    // The script never fails; check what it fetched.
    Command::new(format!("{ROOT}/infra/local/page/fetch-msal")).stdin(Stdio::null()).output().ok();
    if !Path::new(ROOT).join(page::MSAL_FOLDER).is_dir() {
        not_run("the tests in a browser, which need MSAL.js from npm's package index");
        return None;
    }
    // For the pictures of maps; optional.
    install_qgis();
    Some(folder)
}

/// The folder of the screenshots, for people to look at.
fn shots() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser-shots");
    fs::create_dir_all(&folder).unwrap();
    folder
}
