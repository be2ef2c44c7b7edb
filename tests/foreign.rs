//! Other people's JWT libraries accept our sessions before, during and after a rotation, and refuse invalid ones, with the key
//! set of the running service and with earlier key sets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "foreign/api_gateway.rs"]
mod api_gateway;
#[path = "foreign/examples.rs"]
mod examples;
#[path = "foreign/interpreters.rs"]
mod interpreters;
#[path = "foreign/kit.rs"]
mod kit;
#[path = "foreign/programs.rs"]
mod programs;
#[path = "foreign/verdicts.rs"]
mod verdicts;

use std::{path::Path, process::Command};

use clap::Parser;
use pozi_local::{args::Args, service::Service};

use self::interpreters::{FOLDER, python};

/// RFC 9068 §2.1.
#[tokio::test(flavor = "multi_thread")]
async fn pyjwt_verifies_sessions_before_during_and_after_a_rotation() {
    let Some(python) = python() else { return };
    for algorithm in ["es256", "rs256"] {
        let state = tempfile::tempdir().unwrap();
        let state = state.path().to_str().unwrap();
        let mut args =
            Args::parse_from(["pozi-local", "--port=0", "--state", state, "--algorithm", algorithm]);
        // More often than the command line allows, so that the test sees two rotations.
        args.rotate_every = 4;
        let service = Service::start(&args).await.unwrap();
        let base = service.base().to_owned();
        let serving = tokio::spawn(service.serve());
        let python = python.clone();
        let checked = tokio::task::spawn_blocking(move || {
            Command::new(python)
                .arg(Path::new(FOLDER).join("verify_rotation.py"))
                .arg(base)
                .arg(algorithm.to_uppercase())
                .output()
        });
        let checked = checked.await.unwrap().unwrap();
        serving.abort();
        let printed = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success(), "{printed}\n{}", String::from_utf8_lossy(&checked.stderr));
        println!("{algorithm}: {}", printed.trim());
    }
}
