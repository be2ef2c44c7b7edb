//! Python and Node.js with the JWT libraries, installed on first use.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use pozi_tests::{node_with, venv};

pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/foreign");

/// Returns a Python with PyJWT and joserfc. `None` as for [`venv::with`].
pub(crate) fn python() -> Option<PathBuf> {
    venv::with("foreign/requirements.txt", "foreign").map(|programs| programs.join("python"))
}

#[expect(clippy::expect_used, reason = "the interpreter has been found before")]
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the interpreter starts")
}

/// Returns a folder with the Node.js libraries and `verify-cases.mjs`. `None` as for [`node_with`].
pub(crate) fn node_folder() -> Option<PathBuf> {
    node_with("tests/foreign", "the tests with JWT libraries for Node.js")
}

/// Runs `command` with `input` on its standard input.
pub(crate) fn run_with(command: &mut Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
