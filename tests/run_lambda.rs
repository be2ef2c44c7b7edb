//! `make run-lambda`: the commands that it prints work in a shell, and an interrupt ends all processes.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::{
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
};

use pozi_tests::{tools, verified_by};
use serde_json::{Value, json};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The program, which ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            self.interrupt();
            drop(self.0.wait());
        }
    }
}

impl Running {
    fn interrupt(&self) {
        drop(Command::new("kill").args(["-INT", &self.0.id().to_string()]).status());
    }
}

/// Returns the commands that the program prints, the last of which invokes rotate-keys.
fn printed_commands(stdout: &mut BufReader<ChildStdout>) -> String {
    let mut script = String::from("set -e\n");
    loop {
        let mut line = String::new();
        assert_ne!(stdout.read_line(&mut line).unwrap(), 0, "the program ended early");
        if ["TOKEN=", "FORM=", "curl ", "target/"].iter().any(|start| line.starts_with(start)) {
            script.push_str(&line);
        }
        if line.contains(" rotate-keys ") {
            return script;
        }
    }
}

#[test]
fn the_printed_commands_work_and_an_interrupt_ends_all_processes() {
    if tools().is_none() {
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut running = Command::new(env!("CARGO_BIN_EXE_run-lambda"))
        .args(["--port", &port.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .map(Running)
        .unwrap();
    let mut stdout = BufReader::new(running.0.stdout.take().unwrap());
    let script = printed_commands(&mut stdout);
    let output = Command::new("sh").args(["-c", &script]).current_dir(ROOT).output().unwrap();
    let answers = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{answers}{}", String::from_utf8_lossy(&output.stderr));

    let answers: Vec<Value> =
        serde_json::Deserializer::from_str(&answers).into_iter().collect::<Result<_, _>>().unwrap();
    let [session, keys, session_event, keys_event, run] = answers.try_into().unwrap();
    let body = |event: &Value| serde_json::from_str::<Value>(event["body"].as_str().unwrap()).unwrap();
    for exchanged in [session, body(&session_event)] {
        assert_eq!(exchanged["scope"], "heritage:read planning:read", "{exchanged}");
        assert!(verified_by(exchanged["access_token"].as_str().unwrap(), &keys).is_some());
    }
    assert_eq!(body(&keys_event), keys);
    assert_eq!(run["keys"], json!([]), "{run}");

    running.interrupt();
    assert!(running.0.wait().unwrap().success());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "cargo-lambda still listens");
    // The functions inherit its standard output, which therefore ends when all of them have ended.
    let rest = stdout.lines().map_while(Result::ok).collect::<Vec<_>>();
    assert!(rest.iter().any(|line| line.contains("granted")), "the functions' logs are missing: {rest:?}");
}
