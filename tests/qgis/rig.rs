//! What stands behind a gate: QGIS Server processes with the sample catalogues, reached in three ways, and one server that
//! nothing guards. Everything ends with the rig.

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

use super::{process::Qgis, rows::Rows, vault::Vault};

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/qgis");

/// How a gate reaches QGIS.
#[derive(Debug, Clone)]
pub(crate) enum Upstream {
    /// `FastCGI`, one process for all catalogues: a unix socket.
    Shared(PathBuf),
    /// `FastCGI`, one process pinned to each catalogue: a unix socket each.
    Pinned { alpha: PathBuf, beta: PathBuf },
    /// Plain HTTP on this port of the loopback address, any path, one process for all catalogues.
    Http(u16),
}

/// One way to QGIS, with data of its own.
pub(crate) struct Way {
    pub(crate) name: &'static str,
    pub(crate) upstream: Upstream,
    data: PathBuf,
    processes: Mutex<Vec<Qgis>>,
    rows: Mutex<Rows>,
}

/// Everything that runs.
pub(crate) struct Rig {
    pub(crate) vault: Vault,
    /// What a gate is put before.
    pub(crate) ways: Vec<Arc<Way>>,
    /// The way of the server that nothing guards.
    pub(crate) free: Arc<Way>,
    /// The port of that server.
    pub(crate) free_port: u16,
    nginx: Child,
    _folder: TempDir,
}

impl Rig {
    /// Starts everything; nothing where something is missing that cannot be installed.
    pub(crate) fn start() -> Option<Self> {
        if !pozi_tests::install_qgis() {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("pozi-").tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        make_catalogues(folder.path());
        let [http_port, free_port] = [free_port(), free_port()];
        let start = |name, upstream| Arc::new(Way::start(folder.path(), name, upstream));
        let ways = vec![
            start("shared", Upstream::Shared(at("shared.sock"))),
            start(
                "pinned",
                Upstream::Pinned { alpha: at("pinned-alpha.sock"), beta: at("pinned-beta.sock") },
            ),
            start("http", Upstream::Http(http_port)),
        ];
        let free = start("free", Upstream::Http(free_port));
        let vault = Vault::make(at("vault"));
        let nginx = start_nginx(folder.path(), http_port, free_port);
        let rig = Self { vault, ways, free, free_port, nginx, _folder: folder };
        for way in rig.ways.iter().chain([&rig.free]) {
            way.wait();
        }
        Some(rig)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // nginx's workers end with a master that is told to stop, not with one that is killed.
        Command::new("kill").arg(self.nginx.id().to_string()).status().ok();
        self.nginx.wait().ok();
    }
}

impl Way {
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

    /// The path of a catalogue's project.
    pub(crate) fn project(&self, catalogue: &str) -> String {
        project(&self.data, catalogue)
    }

    /// The folder of its catalogues, with a slash at its end.
    pub(crate) fn folder(&self) -> String {
        format!("{}/", self.data.display())
    }

    /// Its data.
    pub(crate) fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap()
    }

    /// Restarts each process that has ended, and where `probes`, each that does not answer within `patience`; says how
    /// many of each.
    pub(crate) fn revive(&self, probes: bool, patience: Duration) -> (usize, usize) {
        let (mut dead, mut stuck) = (0, 0);
        for process in self.processes.lock().unwrap().iter_mut() {
            if !process.is_dead() && (!probes || process.is_alive(patience)) {
                continue;
            }
            // A process that is about to end takes no more questions, either.
            if process.is_ending() {
                dead += 1;
            } else {
                stuck += 1;
            }
            process.restart();
        }
        (dead, stuck)
    }

    /// Makes the data what it was, with the processes at rest where it cannot be done beside them.
    pub(crate) fn restore(&self) {
        let mut rows = self.rows();
        if !rows.restore() {
            let mut processes = self.processes.lock().unwrap();
            processes.iter_mut().for_each(Qgis::end);
            rows.replace();
            processes.iter_mut().for_each(Qgis::restart);
        }
    }

    fn wait(&self) {
        if let Upstream::Http(port) = self.upstream {
            assert!(TcpStream::connect(("127.0.0.1", port)).is_ok(), "nginx listens for {}", self.name);
        }
        self.processes.lock().unwrap().iter_mut().for_each(Qgis::wait);
    }
}

fn project(data: &Path, catalogue: &str) -> String {
    data.join(catalogue).join(format!("{catalogue}.qgs")).display().to_string()
}

/// Makes the catalogues once; each way has a copy, whose project names its files relatively.
fn make_catalogues(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let home = folder.join("home");
    fs::create_dir(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = Command::new("/usr/bin/python3");
    command.arg("-B").arg(format!("{HERE}/make_catalogues.py")).arg(folder.join("shared"));
    command.env("HOME", &home).env("XDG_RUNTIME_DIR", &home).env("QT_QPA_PLATFORM", "offscreen");
    let made = command.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for name in ["pinned", "http", "free"] {
        let copied = Command::new("cp").arg("-r").arg(folder.join("shared")).arg(folder.join(name)).status();
        assert!(copied.unwrap().success(), "the catalogues are copied");
    }
}

fn start_nginx(folder: &Path, http_port: u16, free_port: u16) -> Child {
    let text = include_str!("nginx.conf")
        .replace("PREFIX", &folder.display().to_string())
        .replace("HTTP_PORT", &http_port.to_string())
        .replace("FREE_PORT", &free_port.to_string());
    fs::write(folder.join("nginx.conf"), text).unwrap();
    let mut command = Command::new("nginx");
    command.arg("-c").arg(folder.join("nginx.conf")).arg("-e").arg(folder.join("error.log"));
    let log = fs::File::create(folder.join("nginx.err")).unwrap();
    let nginx = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    let end = Instant::now() + Duration::from_mins(1);
    while TcpStream::connect(("127.0.0.1", free_port)).is_err() {
        let told = fs::read_to_string(folder.join("nginx.err")).unwrap_or_default();
        assert!(Instant::now() < end, "nginx does not start: {told}");
        thread::sleep(Duration::from_millis(20));
    }
    nginx
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
