//! One QGIS process: started, watched, killed and started again.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{fastcgi, wire::PATIENCE};

/// So much memory that one odd request ends the process and not the machine.
const START: &str = r#"ulimit -v 2500000; exec spawn-fcgi -n -s "$0" -- /usr/lib/cgi-bin/qgis_mapserv.fcgi"#;

/// QGIS Server on a unix socket.
pub(crate) struct Qgis {
    pub(crate) socket: PathBuf,
    /// The project that it is pinned to; none where MAP chooses.
    pinned: Option<String>,
    /// A project to ask for when it must show that it lives.
    known: String,
    home: PathBuf,
    child: Child,
}

impl Qgis {
    /// Starts a process at `socket`, with `home` for its cache; it may not be ready yet.
    pub(crate) fn start(socket: PathBuf, home: PathBuf, known: &str, is_pinned: bool) -> Self {
        let pinned = is_pinned.then(|| known.to_owned());
        let child = spawn(&socket, &home, pinned.as_deref());
        Self { socket, pinned, known: known.to_owned(), home, child }
    }

    /// Whether the process has ended.
    pub(crate) fn is_dead(&mut self) -> bool {
        self.child.try_wait().ok().flatten().is_some()
    }

    /// Whether it has ended, or does so within a second.
    pub(crate) fn is_ending(&mut self) -> bool {
        let end = Instant::now() + Duration::from_secs(1);
        while !self.is_dead() && Instant::now() < end {
            thread::sleep(Duration::from_millis(20));
        }
        self.is_dead()
    }

    /// Whether it answers one `GetCapabilities` within `patience`.
    pub(crate) fn is_alive(&mut self, patience: Duration) -> bool {
        let query = format!("MAP={}&SERVICE=WMS&REQUEST=GetCapabilities", self.known);
        let is_there = |answer: Vec<u8>| answer.windows(8).any(|eight| eight == b"<Service");
        !self.is_dead() && fastcgi::ask(&self.socket, &query, patience).is_some_and(is_there)
    }

    /// Ends it, dead or not, and starts it anew.
    pub(crate) fn restart(&mut self) {
        self.end();
        self.child = spawn(&self.socket, &self.home, self.pinned.as_deref());
        self.wait();
    }

    /// Ends the process.
    pub(crate) fn end(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_file(&self.socket).ok();
    }

    /// Waits until it answers.
    pub(crate) fn wait(&mut self) {
        let end = Instant::now() + Duration::from_mins(1);
        while !self.is_alive(PATIENCE) {
            assert!(Instant::now() < end && !self.is_dead(), "QGIS does not start: {}", self.log());
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
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .envs(pinned.map(|project| ("QGIS_PROJECT_FILE", project)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    command.spawn().unwrap()
}

impl Drop for Qgis {
    fn drop(&mut self) {
        self.end();
    }
}
