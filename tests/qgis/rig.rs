//! The servers behind the gates: QGIS Server with the sample catalogues, reached in three ways, and one unguarded server.
//! Everything stops when the rig is dropped.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{process::Qgis, rows::Rows, secrets::Secrets};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/qgis");

/// How a gate reaches QGIS.
#[derive(Debug, Clone)]
pub(crate) enum Upstream {
    /// `FastCGI` on a unix socket, one process for all catalogues.
    Shared(PathBuf),
    /// `FastCGI` on a unix socket for each catalogue, with a process pinned to it.
    Pinned { alpha: PathBuf, beta: PathBuf },
    /// Plain HTTP on this loopback port, any path, one process for all catalogues.
    Http(u16),
}

/// QGIS processes that are reached in one way, with their own copy of the data.
pub(crate) struct Backend {
    pub(crate) name: &'static str,
    pub(crate) upstream: Upstream,
    data: PathBuf,
    processes: Mutex<Vec<Qgis>>,
    rows: Mutex<Rows>,
}

/// All servers of the test.
pub(crate) struct Rig {
    pub(crate) secrets: Secrets,
    /// Backends that have a gate in front.
    pub(crate) backends: Vec<Arc<Backend>>,
    /// The backend of the unguarded server.
    pub(crate) unguarded: Arc<Backend>,
    /// The unguarded server's port.
    pub(crate) unguarded_port: u16,
    nginx: Child,
    _folder: TempDir,
}

impl Rig {
    /// Starts everything. `None` if a program is missing and cannot be installed.
    pub(crate) fn start() -> Option<Self> {
        if !pozi_tests::install_qgis() {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("pozi-").tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        make_catalogues(folder.path());
        let [http_port, unguarded_port] = [free_port(), free_port()];
        let start = |name, upstream| Arc::new(Backend::start(folder.path(), name, upstream));
        let backends = vec![
            start("shared", Upstream::Shared(at("shared.sock"))),
            start(
                "pinned",
                Upstream::Pinned { alpha: at("pinned-alpha.sock"), beta: at("pinned-beta.sock") },
            ),
            start("http", Upstream::Http(http_port)),
        ];
        let unguarded = start("unguarded", Upstream::Http(unguarded_port));
        let secrets = Secrets::create(at("vault"));
        let nginx = start_nginx(folder.path(), http_port, unguarded_port);
        let rig = Self { secrets, backends, unguarded, unguarded_port, nginx, _folder: folder };
        for backend in rig.backends.iter().chain([&rig.unguarded]) {
            backend.wait();
        }
        Some(rig)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // SIGTERM, because nginx's workers would outlive a master that is killed.
        Command::new("kill").arg(self.nginx.id().to_string()).status().ok();
        self.nginx.wait().ok();
    }
}

impl Backend {
    fn start(folder: &Path, name: &'static str, upstream: Upstream) -> Self {
        let data = folder.join(name);
        let project = |catalogue: &str| project(&data, catalogue);
        let home = folder.join("home");
        let start = |socket: &Path, catalogue: &str, is_pinned| {
            Qgis::start(socket.to_owned(), home.clone(), &project(catalogue), is_pinned)
        };
        let processes = match &upstream {
            Upstream::Shared(socket) => vec![start(socket, "alpha", false)],
            Upstream::Pinned { alpha, beta } => vec![start(alpha, "alpha", true), start(beta, "beta", true)],
            Upstream::Http(_) => vec![start(&folder.join(format!("{name}.sock")), "alpha", false)],
        };
        let rows = Rows::of(&data, &folder.join(format!("{name}-pristine")));
        Self { name, upstream, data, processes: Mutex::new(processes), rows: Mutex::new(rows) }
    }

    /// The path of a catalogue's project file.
    pub(crate) fn project(&self, catalogue: &str) -> String {
        project(&self.data, catalogue)
    }

    /// The folder of its catalogues, with a trailing slash.
    pub(crate) fn folder(&self) -> String {
        format!("{}/", self.data.display())
    }

    /// The rows of its data.
    pub(crate) fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap()
    }

    /// Restarts processes that exited, and if `probes`, those that do not answer within `timeout`. Returns how many had
    /// exited and how many hung.
    pub(crate) fn restart_failed(&self, probes: bool, timeout: Duration) -> (usize, usize) {
        let (mut exited, mut hung) = (0, 0);
        for process in self.processes.lock().unwrap().iter_mut() {
            if !process.poll_exit() && (!probes || process.answers(timeout)) {
                continue;
            }
            // A process that is about to exit does not answer either.
            if process.wait_for_exit() {
                exited += 1;
            } else {
                hung += 1;
            }
            process.restart();
        }
        (exited, hung)
    }

    /// Restores the original data, and stops the processes if it cannot be restored while they run.
    pub(crate) fn restore(&self) {
        let mut rows = self.rows();
        if !rows.restore() {
            let mut processes = self.processes.lock().unwrap();
            processes.iter_mut().for_each(Qgis::stop);
            rows.replace();
            processes.iter_mut().for_each(Qgis::restart);
        }
    }

    fn wait(&self) {
        if let Upstream::Http(port) = self.upstream {
            assert!(
                TcpStream::connect(("127.0.0.1", port)).is_ok(),
                "nginx does not listen for {}",
                self.name
            );
        }
        self.processes.lock().unwrap().iter_mut().for_each(Qgis::wait);
    }
}

fn project(data: &Path, catalogue: &str) -> String {
    data.join(catalogue).join(format!("{catalogue}.qgs")).display().to_string()
}

/// Creates the catalogues once and copies them for each backend; their projects use relative paths.
fn make_catalogues(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let home = folder.join("home");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = Command::new("/usr/bin/python3");
    command.arg("-B").arg(format!("{FOLDER}/make_catalogues.py")).arg(folder.join("shared"));
    command.env("HOME", &home).env("XDG_RUNTIME_DIR", &home).env("QT_QPA_PLATFORM", "offscreen");
    let made = command.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for name in ["pinned", "http", "unguarded"] {
        let copied = Command::new("cp").arg("-r").arg(folder.join("shared")).arg(folder.join(name)).status();
        assert!(copied.unwrap().success(), "cannot copy the catalogues");
    }
}

fn start_nginx(folder: &Path, http_port: u16, unguarded_port: u16) -> Child {
    let text = include_str!("nginx.conf")
        .replace("PREFIX", &folder.display().to_string())
        .replace("HTTP_PORT", &http_port.to_string())
        .replace("UNGUARDED_PORT", &unguarded_port.to_string());
    fs::write(folder.join("nginx.conf"), text).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-c").arg(folder.join("nginx.conf")).arg("-e").arg(folder.join("error.log"));
    let log = fs::File::create(folder.join("nginx.err")).unwrap();
    let nginx = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while TcpStream::connect(("127.0.0.1", unguarded_port)).is_err() {
        let log = fs::read_to_string(folder.join("nginx.err")).unwrap_or_default();
        assert!(Instant::now() < deadline, "nginx did not start within a minute: {log}");
        thread::sleep(Duration::from_millis(20));
    }
    nginx
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
