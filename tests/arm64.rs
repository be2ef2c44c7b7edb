//! The bootstraps for AWS's arm processors, built on another one and run with `qemu-user`, where the tools for that are: Rust's
//! target `aarch64-unknown-linux-gnu`, `qemu-aarch64`, and the C library of that processor in `/usr/aarch64-linux-gnu`.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use pozi_tests::{Fleet, Runtime, event, exchange_form, tools, verified_by, with_form};
use serde_json::Value;
use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const TARGET: &str = "aarch64-unknown-linux-gnu";

/// What runs programs of the other processor. `None`, with a notice, if something is missing: few machines have it.
fn emulator() -> Option<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let library =
        Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output().unwrap();
    let has_target = Path::new(String::from_utf8_lossy(&library.stdout).trim()).is_dir();
    let programs = std::env::var_os("PATH").unwrap();
    let names = ["qemu-aarch64", "qemu-aarch64-static"];
    let found = std::env::split_paths(&programs).flat_map(|folder| names.map(|name| folder.join(name)));
    let found = found.into_iter().find(|program| program.is_file());
    let has_library = library_of_arm64().join("lib/ld-linux-aarch64.so.1").exists();
    if !has_target || !has_library || found.is_none() || std::env::consts::ARCH == "aarch64" {
        let notice = format!(
            "NOT RUN: the bootstraps for arm64 (target {has_target}, its C library {has_library}, qemu {found:?})\n"
        );
        std::io::stderr().write_all(notice.as_bytes()).unwrap();
        return None;
    }
    found
}

/// Where the C library is; `QEMU_LD_PREFIX`, which qemu reads as well, says otherwise.
fn library_of_arm64() -> PathBuf {
    std::env::var_os("QEMU_LD_PREFIX").unwrap_or_else(|| "/usr/aarch64-linux-gnu".into()).into()
}

/// Returns a program in `folder` that runs the bootstrap of `function`.
fn emulated(emulator: &Path, function: &str, folder: &TempDir) -> PathBuf {
    let bootstrap = Path::new(ROOT).join("target/lambda").join(function).join("bootstrap");
    let program = folder.path().join(function);
    let [emulator, library, bootstrap] =
        [emulator, &library_of_arm64(), &bootstrap].map(|path| path.to_str().unwrap().to_owned());
    fs::write(&program, format!("#!/bin/sh\nexec {emulator} -L {library} {bootstrap}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn all_bootstraps_are_built_for_arm64_and_answer() {
    let (Some(emulator), Some(_)) = (emulator(), tools()) else { return };
    let built = Command::new("python3").args(["infra/build", "arm64"]).current_dir(ROOT).output().unwrap();
    std::io::stderr().write_all(&built.stdout).unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let folder = tempfile::tempdir().unwrap();
    let Some(fleet) = Fleet::sealed().await else { return };
    let start =
        async |function| Runtime::start(&emulated(&emulator, function, &folder), &fleet.environment()).await;
    let body = |answer: Value| serde_json::from_str::<Value>(answer["body"].as_str().unwrap()).unwrap();
    let keys = body(start("jwks").await.invoke(&event("http-api-jwks")).await.unwrap());
    let exchange = with_form(event("http-api-token"), &exchange_form(&fleet.token(), &[]), true);
    let exchanged = body(start("token-exchange").await.invoke(&exchange).await.unwrap());
    assert!(verified_by(exchanged["access_token"].as_str().unwrap(), &keys).is_some(), "{exchanged}");
    let rotated = start("rotate-keys").await.invoke(&event("schedule")).await.unwrap();
    assert_eq!(rotated["key_sets"]["failed"], 0, "{rotated}");
    let authorizer = start("authorizer").await;
    authorizer.wait_for_exit().await;
    let lines = authorizer.end().join("\n");
    assert!(lines.contains("POZI_AUDIENCE is not set"), "it starts, and says what it lacks: {lines}");
    let probed = start("prober").await.invoke(&event("schedule")).await.unwrap_err();
    assert!(probed["errorMessage"].as_str().unwrap().contains("public key"), "it has no key: {probed}");
}
