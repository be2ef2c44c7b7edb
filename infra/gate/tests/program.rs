//! The program itself, by its exit codes: what an installer or a service manager sees of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

const SITE: &str = r#"name = "riverbend"
internal_url = "http://gis.riverbend.internal/pozi/"
external_url = "https://poziserver-riverbend.example/pozi/"
client_id = "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10"
tenant_id = "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11"
origins = []

[[catalogue]]
id = "planning"
title = "Planning"
project = "/srv/pozi/planning.qgz"
read = "everyone-signed-in"
"#;

/// Port 9 is closed: nobody publishes keys there, and no QGIS Server is there.
const GATE: &str = "issuer = \"http://127.0.0.1:9\"\nsite = \"site.toml\"\nstate_dir = \"state\"\nlisten = \"127.0.0.1:0\"\nstatus_listen = \"127.0.0.1:0\"\n[upstream]\nfastcgi = \"127.0.0.1:9\"\n";

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_pozi-gate"))
}

fn gate(arguments: &[&str]) -> Output {
    command().args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn written(folder: &Path) -> String {
    fs::write(folder.join("site.toml"), SITE).unwrap();
    let path = folder.join("gate.toml");
    fs::write(&path, GATE).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_check_says_by_its_exit_code_whether_the_configuration_or_the_issuer_is_at_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    for (text, code, said) in [("issuer = 1\n", 1, "gate.toml"), (GATE, 3, "cannot be had")] {
        fs::write(&path, text).unwrap();
        let output = gate(&["check", "--config", &path]);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let told = [output.stdout, output.stderr].concat();
        assert!(String::from_utf8_lossy(&told).contains(said));
    }
    fs::remove_file(&path).unwrap();
    for command in ["check", "serve"] {
        assert_eq!(gate(&[command, "--config", &path]).status.code(), Some(1), "no file, no start");
    }
}

/// The command line of a process can be read by everybody on the machine.
#[test]
fn a_token_is_not_taken_on_the_command_line() {
    assert_eq!(gate(&["check", "--token", "a.b.c"]).status.code(), Some(2));
}

/// A gate that runs, and where it listens.
fn running(path: &str, more: &[&str]) -> (Child, String, BufReader<std::process::ChildStdout>) {
    let mut gate = command().args(["--config", path]).args(more).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(gate.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("the gate listens") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the gate ended");
    }
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    (gate, told["address"].as_str().unwrap().to_owned(), lines)
}

#[cfg(unix)]
fn signal(name: &str, child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn asked_to_end_it_closes_silent_connections_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let (mut gate, address, mut lines) = running(&path, &[]);
    let mut silent = TcpStream::connect(&address).unwrap();
    // An answer to another connection shows that the gate has seen both.
    let mut other = TcpStream::connect(&address).unwrap();
    other.write_all(b"GET /decide HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    other.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 403"), "{text}");

    signal("-TERM", &gate);
    let mut line = String::new();
    while !line.contains("finishes what runs") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "it says so");
    }
    let mut text = String::new();
    assert_eq!(silent.read_to_string(&mut text).unwrap(), 0, "a silent connection is closed at once");
    assert!(gate.wait().unwrap().success());
    assert!(TcpStream::connect(&address).is_err());
}

#[cfg(unix)]
#[test]
fn a_hangup_has_the_configuration_read_again_and_the_command_lines_address_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (mut gate, address, mut lines) = running(&path, &["--listen", &free]);
    assert_eq!(address, free);
    signal("-HUP", &gate);
    let mut line = String::new();
    while !line.contains("was read again") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "a hangup ends nothing");
        assert!(!line.contains("needs_restart"), "{line}");
    }
    signal("-TERM", &gate);
    assert!(gate.wait().unwrap().success());
}
