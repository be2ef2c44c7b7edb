//! The examples of docs/verify.md as programs, for the languages whose tools are on this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use pozi_auth::keyring::SigningAlgorithm;
use tempfile::TempDir;

use super::{
    examples::in_project,
    interpreters::{FOLDER, node_folder, python},
};

/// An example, copied to a folder of its own and set to an algorithm.
pub(crate) struct Program {
    pub(crate) language: &'static str,
    interpreter: PathBuf,
    folder: TempDir,
    file: &'static str,
    /// The program beside it that sets its clock.
    clocked: Option<&'static str>,
}

impl Program {
    /// The example, which reads a session from each line of standard input.
    pub(crate) fn command(&self) -> Command {
        self.run(self.file)
    }

    /// The same with a time before each session, if there is a driver for its language.
    pub(crate) fn clocked(&self) -> Option<Command> {
        self.clocked.map(|driver| self.run(driver))
    }

    /// The path of the example.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(self.file)
    }

    fn run(&self, file: &str) -> Command {
        let mut command = Command::new(&self.interpreter);
        command.arg(self.folder.path().join(file)).current_dir(self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn copy(
        language: &'static str,
        interpreter: impl Into<PathBuf>,
        (source, clocked): (&'static str, Option<&'static str>),
        algorithm: SigningAlgorithm,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = in_project("examples").join(source);
        let text = fs::read_to_string(&source).unwrap();
        assert!(text.contains("ES256"), "{language}: the example names its algorithm");
        let file = source.file_name().unwrap();
        fs::write(folder.path().join(file), text.replace("ES256", algorithm.name())).unwrap();
        if let Some(driver) = clocked {
            fs::copy(Path::new(FOLDER).join(driver), folder.path().join(driver)).unwrap();
        }
        let file = file.to_os_string().into_string().unwrap().leak();
        Self { language, interpreter: interpreter.into(), folder, file, clocked }
    }
}

/// Returns the examples that can run on this machine.
pub(crate) fn programs(algorithm: SigningAlgorithm) -> Vec<Program> {
    let mut programs = Vec::new();
    if let Some(packages) = node_folder() {
        let files = ("javascript/verify.mjs", Some("clocked.mjs"));
        let program = Program::copy("JavaScript", "node", files, algorithm);
        let modules = program.folder.path().join("node_modules");
        std::os::unix::fs::symlink(packages.join("node_modules"), modules).unwrap();
        programs.push(program);
    }
    if let Some(python) = python() {
        programs.push(Program::copy("Python", python, ("python/verify.py", Some("clocked.py")), algorithm));
    }
    programs
}
