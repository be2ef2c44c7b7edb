//! `fetch-msal` shows what it fetches, and how it ends.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

/// Runs the script in an empty project at `root`, where npm's `ci` is `script`. Returns all that it prints.
fn fetch(root: &Path, script: &str) -> String {
    let (page, bin) = (root.join("infra/local/page"), root.join("bin"));
    for folder in [&page, &bin] {
        fs::create_dir_all(folder).unwrap();
    }
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("page");
    for file in ["fetch-msal", "package.json", "package-lock.json"] {
        fs::copy(from.join(file), page.join(file)).unwrap();
    }
    let npm = bin.join("npm");
    fs::write(&npm, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let script = page.join("fetch-msal");
    let output = Command::new("sh")
        .args(["-c", "exec 2>&1; \"$0\""])
        .arg(script)
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn shows_each_file_and_the_end_and_fetches_once() {
    let root = tempfile::tempdir().unwrap();
    let npm =
        "mkdir -p \"$3/node_modules\"; echo $* | grep -o loglevel=http; echo 'fetched msal-browser.tgz' >&2";
    let lines = [
        "Fetching MSAL.js from npm's package index, once, for up to a minute:",
        "loglevel=http",
        "fetched msal-browser.tgz",
        "MSAL.js is installed in target/local-page.",
    ];
    assert_eq!(fetch(root.path(), npm).lines().collect::<Vec<_>>(), lines);
    assert_eq!(fetch(root.path(), npm), "");
}

#[test]
fn shows_why_npm_failed_and_tries_again_at_the_next_start() {
    let root = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let told = fetch(root.path(), "echo 'no network' >&2; exit 1");
        let end = "no network\nThe page will sign in without MSAL.js: npm could not fetch it.\n";
        assert!(told.starts_with("Fetching MSAL.js") && told.ends_with(end), "{told}");
    }
}
