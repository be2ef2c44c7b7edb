//! QGIS's own expression parser, behind a pipe.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// Debian's Python, the only one with PyQGIS.
const PYTHON: &str = "/usr/bin/python3";

/// How QGIS reads an expression.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) error: Option<String>,
    pub(crate) tree: Value,
    /// Value and error for each feature.
    pub(crate) values: Value,
}

pub(crate) struct Qgis {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// QGIS writes a profile into the home folder.
    _home: TempDir,
}

impl Qgis {
    /// Returns nothing, and prints a notice, if PyQGIS is not installed.
    pub(crate) fn start() -> Option<Self> {
        let home = tempfile::tempdir().unwrap();
        let python = || {
            let mut command = Command::new(PYTHON);
            command
                .env("HOME", home.path())
                .env("XDG_RUNTIME_DIR", home.path())
                .env("QT_QPA_PLATFORM", "offscreen");
            command.stderr(Stdio::null());
            command
        };
        if !python().args(["-c", "import qgis.core"]).status().is_ok_and(|status| status.success()) {
            assert!(std::env::var_os("CI").is_none(), "PyQGIS is not installed");
            println!("NOT RUN: PyQGIS is not installed (Debian: python3-qgis)");
            return None;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/expressions/read.py");
        let mut child = python().arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Some(Self { child, input, output, _home: home })
    }

    /// Reads `text` with QGIS.
    pub(crate) fn read(&mut self, text: &str) -> Answer {
        writeln!(self.input, "{}", Value::from(text)).unwrap();
        let line = self.output.next().unwrap_or_else(|| panic!("QGIS ended at {text}")).unwrap();
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        Answer {
            error: answer["error"].as_str().map(str::to_owned),
            tree: answer["tree"].take(),
            values: answer["values"].take(),
        }
    }
}

impl Drop for Qgis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
