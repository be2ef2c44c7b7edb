//! JWT libraries that are not ours verify our sessions, before, during and after a rotation, and refuse them spoiled: from
//! the key set that the running service serves over HTTP, and from key sets of the past.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "foreign/api_gateway.rs"]
mod api_gateway;
#[path = "foreign/documented.rs"]
mod documented;
#[path = "foreign/judges.rs"]
mod judges;
#[path = "foreign/tools.rs"]
mod tools;

use std::{path::Path, process::Command};

use clap::Parser;
use pozi_local::{args::Args, service::Service};

use self::tools::{FOLDER, python};

#[tokio::test(flavor = "multi_thread")]
async fn pyjwt_verifies_sessions_before_during_and_after_a_rotation() {
    let Some(python) = python() else { return };
    for algorithm in ["es256", "rs256"] {
        let state = tempfile::tempdir().unwrap();
        let state = state.path().to_str().unwrap();
        let mut args =
            Args::parse_from(["pozi-local", "--port=0", "--state", state, "--algorithm", algorithm]);
        // Faster than anybody may ask for: two rotations are to be seen.
        args.rotate_every = 4;
        let service = Service::start(&args).await.unwrap();
        let base = service.base().to_owned();
        let serving = tokio::spawn(service.serve());
        let python = python.clone();
        let checked = tokio::task::spawn_blocking(move || {
            Command::new(python)
                .arg(Path::new(FOLDER).join("verify.py"))
                .arg(base)
                .arg(algorithm.to_uppercase())
                .output()
        });
        let checked = checked.await.unwrap().unwrap();
        serving.abort();
        let told = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success(), "{told}\n{}", String::from_utf8_lossy(&checked.stderr));
        println!("{algorithm}: {}", told.trim());
    }
}
