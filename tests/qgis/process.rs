//! One QGIS Server process, which tests start, watch and restart.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{fastcgi, wire::ANSWER_TIMEOUT};

/// Limits memory so that a request that needs too much ends the process, not the machine.
const START: &str = r#"ulimit -v 2500000; exec spawn-fcgi -n -s "$0" -- /usr/lib/cgi-bin/qgis_mapserv.fcgi"#;

/// QGIS Server on a unix socket.
pub(crate) struct Qgis {
    pub(crate) socket: PathBuf,
    /// The project that it is pinned to; `None` if MAP chooses.
    pinned: Option<String>,
    /// A project to request when checking that the process answers.
    known: String,
    home: PathBuf,
    child: Child,
}

impl Qgis {
    /// Starts a process on `socket`, with its cache in `home`, without waiting until it answers.
    pub(crate) fn start(socket: PathBuf, home: PathBuf, known: &str, is_pinned: bool) -> Self {
        let pinned = is_pinned.then(|| known.to_owned());
        let child = spawn(&socket, &home, pinned.as_deref());
        Self { socket, pinned, known: known.to_owned(), home, child }
    }

    /// Polls the process and returns whether it has exited.
    pub(crate) fn poll_exit(&mut self) -> bool {
        self.child.try_wait().ok().flatten().is_some()
    }

    /// Waits up to a second for the process to exit, and returns whether it did.
    pub(crate) fn wait_for_exit(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(1);
        while !self.poll_exit() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
        self.poll_exit()
    }

    /// Whether it answers `GetCapabilities` within `timeout`.
    pub(crate) fn answers(&self, timeout: Duration) -> bool {
        let query = format!("MAP={}&SERVICE=WMS&REQUEST=GetCapabilities", self.known);
        let is_capabilities = |answer: Vec<u8>| answer.windows(8).any(|eight| eight == b"<Service");
        fastcgi::get(&self.socket, &query, timeout).is_some_and(is_capabilities)
    }

    /// Stops the process if it still runs, and starts a new one that answers.
    pub(crate) fn restart(&mut self) {
        self.stop();
        self.child = spawn(&self.socket, &self.home, self.pinned.as_deref());
        self.wait();
    }

    /// Kills the process and removes its socket.
    pub(crate) fn stop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_file(&self.socket).ok();
    }

    /// Waits until it answers.
    pub(crate) fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !self.answers(ANSWER_TIMEOUT) {
            assert!(Instant::now() < deadline && !self.poll_exit(), "QGIS does not start: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.socket.with_extension("err")).unwrap_or_default()
    }
}

fn spawn(socket: &PathBuf, home: &PathBuf, pinned: Option<&str>) -> Child {
    let log = File::options().create(true).append(true).open(socket.with_extension("err")).unwrap();
    let mut command = Command::new("sh");
    command
        .args(["-c", START])
        .arg(socket)
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("QT_QPA_PLATFORM", "offscreen")])
        .env("QGIS_SERVER_IGNORE_BAD_LAYERS", "1")
        // A killed process leaves its temporary folders behind.
        .envs(["HOME", "TMPDIR", "XDG_RUNTIME_DIR"].map(|name| (name, home)))
        .envs(pinned.map(|project| ("QGIS_PROJECT_FILE", project)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    command.spawn().unwrap()
}

impl Drop for Qgis {
    fn drop(&mut self) {
        self.stop();
    }
}
