//! The bootstraps as `make build` makes them, each a process behind Lambda's Runtime API, with AWS and Entra emulated:
//! they answer as the routers do, go on after a panic, do not start with a faulty configuration, and tell no token.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "bootstraps/answers.rs"]
mod answers;
#[path = "bootstraps/lives.rs"]
mod lives;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use pozi_tests::{Fleet, Runtime, exchange_form, tools};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What `infra/build` said, once for all tests; none where the tools cannot be had. It takes minutes after a change of
/// the functions, and a second when nothing has changed.
fn built() -> Option<&'static Output> {
    static BUILT: OnceLock<Option<Output>> = OnceLock::new();
    let build = || {
        tools()?;
        Some(Command::new("python3").arg("infra/build").current_dir(ROOT).output().unwrap())
    };
    BUILT.get_or_init(build).as_ref()
}

/// The bootstrap of a function.
fn bootstrap(function: &str) -> Option<PathBuf> {
    let built = built()?;
    // The table comes after all were built. What is built but too large has its own test.
    let table = String::from_utf8_lossy(&built.stdout);
    let row = table.lines().any(|row| row.split_whitespace().next() == Some(function));
    assert!(row, "{}", String::from_utf8_lossy(&built.stderr));
    Some(Path::new(ROOT).join("target/lambda").join(function).join("bootstrap"))
}

/// A fleet, and one of its functions in a process of its own.
async fn with(function: &str) -> Option<(Fleet, Runtime)> {
    let bootstrap = bootstrap(function)?;
    let fleet = Fleet::sealed().await?;
    let runtime = Runtime::start(&bootstrap, &fleet.environment()).await;
    Some((fleet, runtime))
}

/// A form that asks to exchange a reader's token.
fn form(fleet: &Fleet, more: &[(&str, &str)]) -> String {
    exchange_form(&fleet.token(), more)
}

/// Tells a figure. Not println!, whose text of a passed test nobody sees.
fn tell(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

#[test]
fn the_bootstraps_are_no_larger_and_need_no_newer_system_than_lambda_likes() {
    let Some(built) = built() else { return };
    tell(&String::from_utf8_lossy(&built.stdout));
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
}
