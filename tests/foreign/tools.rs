//! The interpreters that the foreign libraries need, installed beside the build on first use.

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use pozi_tests::{node_with, venv};

pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/foreign");

/// A Python with PyJWT and joserfc. `None` as [`venv::with`] says.
pub(crate) fn python() -> Option<PathBuf> {
    venv::with("foreign/requirements.txt", "foreign").map(|programs| programs.join("python"))
}

#[expect(clippy::expect_used, reason = "a command that was there a moment ago")]
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("the interpreter starts")
}

/// A folder with the libraries of Node.js and `judge.mjs` beside them. `None` as [`node_with`] says.
pub(crate) fn node_folder() -> Option<PathBuf> {
    node_with("tests/foreign", "the checks with foreign JWT libraries of Node.js")
}

/// Runs `command` with `input` on its standard input.
pub(crate) fn run_with(command: &mut Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}
