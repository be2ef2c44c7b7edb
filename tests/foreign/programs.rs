//! The examples of docs/verify.md as programs, prepared in a folder of their own and set to an algorithm.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use pozi_auth::keyring::SigningAlgorithm;
use pozi_tests::install;
use tempfile::TempDir;

use super::{
    examples::in_project,
    interpreters::{FOLDER, node_folder, python},
};

/// The classes of the Java example and of the library that it uses.
const CLASSES: &str = ".:/usr/share/java/jackson-databind.jar:/usr/share/java/jackson-core.jar:/usr/share/java/jackson-annotations.jar";

/// An example that can run.
pub(crate) struct Program {
    pub(crate) language: &'static str,
    folder: TempDir,
    file: &'static str,
    /// How it runs: the program and its first arguments.
    plain: Vec<PathBuf>,
    /// How the driver beside it runs, which sets its clock.
    clocked: Vec<PathBuf>,
}

impl Program {
    /// The example, which reads a session from each line of standard input.
    pub(crate) fn command(&self) -> Command {
        self.run(&self.plain)
    }

    /// The same with a time before each session.
    pub(crate) fn clocked(&self) -> Command {
        self.run(&self.clocked)
    }

    /// The path of the example.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(self.file)
    }

    fn run(&self, words: &[PathBuf]) -> Command {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Copies the example `examples/<folder>/<file>` and its driver.
    fn copy(
        language: &'static str,
        folder: &str,
        (file, driver): (&'static str, &'static str),
        interpreter: &[&Path],
        algorithm: SigningAlgorithm,
    ) -> Self {
        let text = fs::read_to_string(in_project("examples").join(folder).join(file)).unwrap();
        assert_eq!(text.matches("ES256").count(), 1, "{language}: the example names its algorithm once");
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(file), text.replace("ES256", algorithm.name())).unwrap();
        fs::copy(Path::new(FOLDER).join(driver), folder.path().join(driver)).unwrap();
        let run =
            |file: &str| interpreter.iter().copied().chain([Path::new(file)]).map(PathBuf::from).collect();
        Self { language, file, plain: run(file), clocked: run(driver), folder }
    }

    /// Runs a step of the preparation in the program's folder.
    fn prepare(&self, words: &[&str]) {
        let mut command = Command::new(words[0]);
        let done = command.args(&words[1..]).current_dir(self.folder.path()).output().unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

/// Returns the examples that can run on this machine.
pub(crate) fn programs(algorithm: SigningAlgorithm) -> Vec<Program> {
    let mut programs = Vec::new();
    if let Some(packages) = node_folder() {
        let files = ("verify.mjs", "clocked.mjs");
        let program = Program::copy("JavaScript", "javascript", files, &[Path::new("node")], algorithm);
        let modules = program.folder.path().join("node_modules");
        std::os::unix::fs::symlink(packages.join("node_modules"), modules).unwrap();
        programs.push(program);
    }
    if let Some(python) = python() {
        programs.push(Program::copy("Python", "python", ("verify.py", "clocked.py"), &[&python], algorithm));
    }
    let others =
        "the examples in Go, Java, PHP and Ruby, which need the Debian packages in tests/foreign/install.sh";
    if install("foreign", others) {
        programs.extend([go(algorithm), java(algorithm)]);
        let php = [Path::new("php")];
        programs.push(Program::copy("PHP", "php", ("verify.php", "clocked.php"), &php, algorithm));
        let ruby = [Path::new("ruby")];
        programs.push(Program::copy("Ruby", "ruby", ("verify.rb", "clocked.rb"), &ruby, algorithm));
    }
    programs
}

fn go(algorithm: SigningAlgorithm) -> Program {
    let mut program = Program::copy("Go", "go", ("verify.go", "clocked_test.go"), &[], algorithm);
    program.prepare(&["go", "mod", "init", "verify"]);
    program.prepare(&["go", "build", "-o", "verify"]);
    program.prepare(&["go", "test", "-c", "-o", "clocked"]);
    program.plain = vec!["./verify".into()];
    program.clocked = vec!["./clocked".into()];
    program
}

fn java(algorithm: SigningAlgorithm) -> Program {
    let mut program = Program::copy("Java", "java", ("Verify.java", "Clocked.java"), &[], algorithm);
    program.prepare(&["javac", "-cp", CLASSES, "Verify.java", "Clocked.java"]);
    let run = |class: &str| ["java", "-cp", CLASSES, class].map(PathBuf::from).to_vec();
    (program.plain, program.clocked) = (run("Verify"), run("Clocked"));
    program
}
