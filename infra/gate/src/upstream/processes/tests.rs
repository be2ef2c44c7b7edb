//! Tests with a small `FastCGI` responder in Python, which answers, waits, hangs or dies on request.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use http_body_util::BodyExt;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::*;
use crate::upstream::testing::{get, upstream_error};

/// Answers `do=…` with its process id and further text, one request at a time.
const RESPONDER: &str = r#"#!/usr/bin/env python3
import os, socket, struct, sys, time

def records(connection):
    stream = connection.makefile("rb")
    while True:
        kind, length, padding = struct.unpack("!xBxxHBx", stream.read(8))
        yield kind, stream.read(length)
        stream.read(padding)

def send(connection, kind, content):
    connection.sendall(struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content)

def serve(connection):
    query = b""
    for kind, content in records(connection):
        if kind == 4:
            query += content
        if kind == 5 and not content:
            break
    how = query.split(b"do=")[1].split(b"&")[0].decode()
    if how == "die":
        os._exit(7)
    if how == "say":
        sys.stderr.write("a line of a log\n")
    if how == "hang":
        while True:
            time.sleep(1)
    if how.startswith("wait"):
        open(how + ".begun", "w").close()
        while not os.path.exists("../" + how):
            time.sleep(0.01)
    if how == "memory":
        try:
            how = str(len(bytearray(1_000_000_000)))
        except MemoryError:
            how = "no memory"
    send(connection, 6, b"Content-Type: text/plain\n\n%d %s" % (os.getpid(), how.encode()))
    if how == "environment":
        send(connection, 6, repr(sorted(os.environ.items())).encode())
    if how == "cut":
        os._exit(7)
    send(connection, 6, b"")
    send(connection, 3, bytes(8))

listener = socket.socket(fileno=0)
while True:
    connection, _ = listener.accept()
    try:
        serve(connection)
    except OSError:
        pass
    connection.close()
"#;

struct Rig {
    processes: Processes,
    folder: TempDir,
}

impl Rig {
    fn start(count: usize, grace: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("responder");
        fs::write(&program, RESPONDER).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let config = config(program, folder.path().join("run"), count, grace);
        Self { processes: Processes::start(config).unwrap(), folder }
    }

    /// Returns the process id and the answer.
    async fn ask(&self, how: &str) -> (String, String) {
        let answer = self.processes.send("a.qgz", get(how)).await.unwrap();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.split_once(' ').map(|(id, rest)| (id.to_owned(), rest.to_owned())).unwrap()
    }

    /// Sends a request that lasts until [`Rig::end`], and returns once the process works on it.
    async fn begin(&self, how: &'static str) -> JoinHandle<bool> {
        let answer = spawn(&self.processes, how);
        let has_begun = || {
            let homes = fs::read_dir(self.run()).unwrap();
            homes.flatten().any(|home| home.path().join(format!("{how}.begun")).exists())
        };
        while !has_begun() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        answer
    }

    fn end(&self, how: &str) {
        fs::write(self.run().join(how), "").unwrap();
    }

    /// The folder of the processes.
    fn run(&self) -> PathBuf {
        let mut folders = fs::read_dir(self.folder.path().join("run")).unwrap();
        folders.next().unwrap().unwrap().path()
    }
}

/// Sends a request in a new task, which returns whether the answer is complete.
fn spawn(processes: &Processes, how: &'static str) -> JoinHandle<bool> {
    let processes = processes.clone();
    tokio::spawn(async move {
        let answer = processes.send("a.qgz", get(how)).await.unwrap();
        answer.into_body().collect().await.is_ok()
    })
}

fn config(program: PathBuf, folder: PathBuf, count: usize, grace: Duration) -> ProcessesConfig {
    ProcessesConfig {
        program,
        processes: NonZeroUsize::new(count).unwrap(),
        memory: 500_000_000,
        project: Some("/srv/pinned.qgz".into()),
        prints: false,
        variables: BTreeMap::from([("PGSERVICEFILE".to_owned(), "/etc/pg_service.conf".to_owned())]),
        folder,
        grace,
    }
}

/// Longer than any test.
const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(20);

fn is_running(id: &str) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

async fn until_ended(id: &str) {
    while is_running(id) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_process_answers_requests_in_turn_with_a_clean_environment() {
    let rig = Rig::start(1, LONG);
    let (first, _) = rig.ask("say").await;
    let (second, environment) = rig.ask("environment").await;
    assert_eq!(first, second);
    for set in [
        "('QGIS_PROJECT_FILE', '/srv/pinned.qgz')",
        "('QGIS_SERVER_DISABLE_GETPRINT', '1')",
        "('QGIS_SERVER_IGNORE_BAD_LAYERS', '1')",
        "('QT_QPA_PLATFORM', 'offscreen')",
        "('PGSERVICEFILE', '/etc/pg_service.conf')",
    ] {
        assert!(environment.contains(set), "{set}: {environment}");
    }
    assert!(!environment.contains("CARGO"), "{environment}");
    let mode = fs::metadata(rig.run()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn the_memory_of_a_process_is_limited() {
    let rig = Rig::start(1, LONG);
    assert_eq!(rig.ask("memory").await.1, "no memory");
}

#[tokio::test]
async fn a_process_that_dies_is_replaced_and_its_request_fails() {
    let rig = Rig::start(1, LONG);
    let (first, _) = rig.ask("a").await;
    let error = rig.processes.send("a.qgz", get("die")).await.unwrap_err();
    assert_eq!(error.reason(), "qgis_died");
    let (second, _) = rig.ask("b").await;
    assert_ne!(first, second);
    let answer = rig.processes.send("a.qgz", get("cut")).await.unwrap();
    let error = answer.into_body().collect().await.unwrap_err();
    assert_eq!(upstream_error(&error).unwrap().reason(), "qgis_cut");
    let (third, _) = rig.ask("c").await;
    assert_ne!(second, third);
}

#[tokio::test]
async fn no_request_fails_when_a_free_process_is_killed() {
    let rig = Rig::start(1, LONG);
    let (first, _) = rig.ask("a").await;
    std::process::Command::new("kill").args(["-9", &first]).status().unwrap();
    until_ended(&first).await;
    assert_ne!(rig.ask("b").await.0, first);
}

#[tokio::test]
async fn a_process_that_hangs_after_its_client_disconnected_is_replaced() {
    let rig = Rig::start(1, SHORT);
    let (first, _) = rig.ask("a").await;
    let hung = tokio::time::timeout(SHORT, rig.processes.send("a.qgz", get("hang"))).await;
    assert!(hung.is_err());
    assert_ne!(rig.ask("b").await.0, first);
    until_ended(&first).await;
}

#[tokio::test]
async fn a_process_that_answers_soon_after_its_client_disconnected_is_kept() {
    let rig = Rig::start(1, LONG);
    let (first, _) = rig.ask("a").await;
    let left = rig.begin("wait1").await;
    left.abort();
    assert!(left.await.unwrap_err().is_cancelled());
    rig.end("wait1");
    assert_eq!(rig.ask("b").await.0, first);
}

#[tokio::test]
async fn each_process_answers_one_request_at_a_time() {
    let rig = Rig::start(2, LONG);
    let first = rig.begin("wait1").await;
    let second = rig.begin("wait2").await;
    let third = spawn(&rig.processes, "third");
    rig.end("wait2");
    assert!(third.await.unwrap(), "it is answered while the first is not");
    assert!(second.await.unwrap());
    assert!(!first.is_finished());
    rig.end("wait1");
    assert!(first.await.unwrap());
}

#[tokio::test]
async fn processes_end_after_their_owner_and_the_last_answer() {
    let Rig { processes, folder: _folder } = Rig::start(1, LONG);
    let answer = processes.send("a.qgz", get("environment")).await.unwrap();
    drop(processes);
    let text = answer.into_body().collect().await.unwrap().to_bytes();
    let id = String::from_utf8_lossy(&text).split(' ').next().unwrap().to_owned();
    until_ended(&id).await;
}

#[tokio::test]
async fn processes_of_an_earlier_configuration_keep_answering() {
    let earlier = Rig::start(1, LONG);
    let (first, _) = earlier.ask("a").await;
    let folder = earlier.folder.path();
    let config = config(folder.join("responder"), folder.join("run"), 1, LONG);
    let rig = Rig { processes: Processes::start(config).unwrap(), folder: tempfile::tempdir().unwrap() };
    let (second, _) = rig.ask("b").await;
    assert_eq!(earlier.ask("c").await.0, first);
    let Rig { processes, folder: _folder } = earlier;
    drop(processes);
    until_ended(&first).await;
    assert_eq!(rig.ask("d").await.0, second);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_cannot_be_started_is_named_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("missing");
    let config = config(program, folder.path().join("run"), 2, LONG);
    let processes = Processes::start(config).unwrap();
    loop {
        let error = processes.send("a.qgz", get("a")).await.unwrap_err();
        // A request may reach a process just before it fails.
        if matches!(error, UpstreamError::NotRunning { .. }) {
            assert!(error.to_string().contains("missing"), "{error}");
            break;
        }
        assert!(matches!(error.reason(), "qgis_died" | "qgis_unreachable"), "{error:?}");
    }
}
