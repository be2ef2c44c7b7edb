//! The program's exit codes, signals and output, as an installer or a service manager sees them.

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

/// Port 9 is closed, so there are neither keys nor a QGIS Server.
const GATE: &str = "issuer = \"http://127.0.0.1:9\"\nsite = \"site.toml\"\nstate_dir = \"state\"\nlisten = \"127.0.0.1:0\"\nstatus_listen = \"127.0.0.1:0\"\n[upstream]\nfastcgi = \"127.0.0.1:9\"\n";

fn command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_pozi-gate"))
}

fn gate(arguments: &[&str]) -> Output {
    command().args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn write_config(folder: &Path) -> String {
    fs::write(folder.join("site.toml"), SITE).unwrap();
    let path = folder.join("gate.toml");
    fs::write(&path, GATE).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_exit_code_of_a_check_distinguishes_configuration_and_issuer_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_config(folder.path());
    for (text, code, expected) in [("issuer = 1\n", 1, "gate.toml"), (GATE, 3, "cannot fetch")] {
        fs::write(&path, text).unwrap();
        let output = gate(&["check", "--config", &path]);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let printed = [output.stdout, output.stderr].concat();
        assert!(String::from_utf8_lossy(&printed).contains(expected));
    }
    fs::remove_file(&path).unwrap();
    for command in ["check", "serve"] {
        assert_eq!(gate(&[command, "--config", &path]).status.code(), Some(1), "fails without a file");
    }
}

/// Every user of the machine can read the command line of a process.
#[test]
fn rejects_a_token_on_the_command_line() {
    assert_eq!(gate(&["check", "--token", "a.b.c"]).status.code(), Some(2));
}

/// Starts a gate, and returns its address and its log.
fn start(path: &str, more: &[&str]) -> (Child, String, BufReader<std::process::ChildStdout>) {
    let mut gate = command().args(["--config", path]).args(more).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(gate.stdout.take().unwrap());
    let line: serde_json::Value =
        serde_json::from_str(&wait_for("the gate is listening", &mut lines)).unwrap();
    (gate, line["address"].as_str().unwrap().to_owned(), lines)
}

/// Returns the first line with `text`.
fn wait_for(text: &str, lines: &mut BufReader<std::process::ChildStdout>) -> String {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the gate ended");
        assert!(!line.contains("needs_restart"), "{line}");
    }
    line
}

#[cfg(unix)]
fn signal(name: &str, child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn sigterm_closes_idle_connections_and_stops_the_gate() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_config(folder.path());
    let (mut gate, address, mut lines) = start(&path, &[]);
    let mut idle = TcpStream::connect(&address).unwrap();
    // An answer to another connection shows that the gate has seen both.
    let mut other = TcpStream::connect(&address).unwrap();
    other.write_all(b"GET /decide HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    other.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 403"), "{text}");

    signal("-TERM", &gate);
    let mut line = String::new();
    while !line.contains("the gate is stopping") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the log says that the gate is stopping");
    }
    let mut text = String::new();
    assert_eq!(idle.read_to_string(&mut text).unwrap(), 0, "an idle connection is closed at once");
    assert!(gate.wait().unwrap().success());
    assert!(TcpStream::connect(&address).is_err());
}

/// A signal before its handler would end the process.
#[cfg(unix)]
#[test]
fn sighup_while_the_gate_starts_reloads_it_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_config(folder.path());
    let issuer = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = issuer.local_addr().unwrap().to_string();
    fs::write(&path, GATE.replacen("127.0.0.1:9", &address, 1)).unwrap();
    let mut gate = command().args(["--config", &path]).stdout(Stdio::piped()).spawn().unwrap();
    let asked = issuer.accept().unwrap();
    signal("-HUP", &gate);
    drop((asked, issuer));
    let mut lines = BufReader::new(gate.stdout.take().unwrap());
    wait_for("was reloaded", &mut lines);
    signal("-TERM", &gate);
    assert!(gate.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn sighup_reloads_the_configuration_and_keeps_the_command_lines_address() {
    let folder = tempfile::tempdir().unwrap();
    let path = write_config(folder.path());
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (mut gate, address, mut lines) = start(&path, &["--listen", &free]);
    assert_eq!(address, free);
    signal("-HUP", &gate);
    wait_for("was reloaded", &mut lines);
    signal("-TERM", &gate);
    assert!(gate.wait().unwrap().success());
}
