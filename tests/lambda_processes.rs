//! The bootstraps that `make build` compiles, as processes behind Lambda's Runtime API, with an emulated AWS and Entra. They
//! answer as the routers do, survive a panic, do not start with an invalid configuration, and log no token.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

#[path = "lambda_processes/answers.rs"]
mod answers;
#[path = "lambda_processes/processes.rs"]
mod processes;
#[path = "lambda_processes/releases.rs"]
mod releases;

use std::io::Write;

use pozi_tests::{Fleet, Runtime, bootstrap, built, exchange_form};

/// Starts a fleet, and one of its functions as a process.
async fn start(function: &str) -> Option<(Fleet, Runtime)> {
    let bootstrap = bootstrap(function)?;
    let fleet = Fleet::sealed().await?;
    let runtime = Runtime::start(&bootstrap, &fleet.environment()).await;
    Some((fleet, runtime))
}

/// Returns a form that exchanges a reader's token.
fn form(fleet: &Fleet, more: &[(&str, &str)]) -> String {
    exchange_form(&fleet.token(), more)
}

/// Prints `text`. Not with println!, whose output is hidden for a test that passes.
fn print(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

#[test]
fn every_bootstrap_is_small_enough_and_runs_on_lambdas_system() {
    let Some(built) = built() else { return };
    print(&String::from_utf8_lossy(&built.stdout));
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    // Without it, a deployment would leave the functions behind the API as they are.
    let parameters =
        std::fs::read_to_string(bootstrap("jwks").unwrap().with_file_name("../architecture.yaml")).unwrap();
    let id = parameters.lines().find_map(|line| line.strip_prefix("BuildId: ")).unwrap().trim_matches('"');
    assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{parameters}");
}
