//! A JWT library that is not ours verifies our sessions: PyJWT, from the key set that the running service serves over
//! HTTP, before, during and after a rotation.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use clap::Parser;
use pozi_local::{args::Args, service::Service};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/foreign");

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
            run(Command::new(python)
                .arg(Path::new(FOLDER).join("verify.py"))
                .arg(base)
                .arg(algorithm.to_uppercase()))
        });
        let checked = checked.await.unwrap();
        serving.abort();
        let told = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success(), "{told}\n{}", String::from_utf8_lossy(&checked.stderr));
        println!("{algorithm}: {}", told.trim());
    }
}

/// A Python with PyJWT, installed beside the build on first use. Where there is none, says so loudly; on a machine of
/// continuous integration that is a failure, since nobody would read it.
fn python() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("foreign-venv");
    let python = venv.join("bin/python");
    let requirements = Path::new(FOLDER).join("requirements.txt");
    let imports = || Command::new(&python).args(["-c", "import jwt, cryptography"]).output();
    if imports().is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&venv)
        .output()
        .is_ok_and(|output| output.status.success())
        && run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements))
            .status
            .success();
    if made {
        return Some(python);
    }
    let notice =
        "NOT RUN: the check with a foreign JWT library needs python3 with venv, and pip's package index";
    assert!(std::env::var_os("CI").is_none(), "{notice}");
    // Not eprintln!, whose text of a passed test nobody sees.
    std::io::stderr().write_all(format!("{notice}\n").as_bytes()).ok();
    None
}

#[expect(clippy::expect_used, reason = "a command that was there a moment ago")]
fn run(command: &mut Command) -> Output {
    command.output().expect("the interpreter starts")
}
