//! The program itself, by its exit codes: what an installer or a service manager sees of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::{
    fs,
    process::{Command, Output, Stdio},
};

fn gate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pozi-gate")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn a_check_says_by_its_exit_code_whether_the_configuration_or_the_issuer_is_at_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.toml");
    let path = path.to_str().unwrap();
    // Port 9 is closed: nobody publishes keys there.
    let sound = "issuer = \"http://127.0.0.1:9\"\naudience = \"https://a.example/\"\ncatalogues = [\"a\"]\nstate_dir = \"s\"\n";
    for (text, code, said) in [("issuer = 1\n", 1, "gate.toml"), (sound, 3, "cannot be had")] {
        fs::write(path, text).unwrap();
        let output = gate(&["check", "--config", path]);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let told = [output.stdout, output.stderr].concat();
        assert!(String::from_utf8_lossy(&told).contains(said));
    }
    fs::remove_file(path).unwrap();
    for command in ["check", "serve"] {
        assert_eq!(gate(&[command, "--config", path]).status.code(), Some(1), "no file, no start");
    }
}

/// The command line of a process can be read by everybody on the machine.
#[test]
fn a_token_is_not_taken_on_the_command_line() {
    assert_eq!(gate(&["check", "--token", "a.b.c"]).status.code(), Some(2));
}
