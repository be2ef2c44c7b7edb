//! The programs: QGIS Server started by the scripts of `infra/gate/qgis`, nginx and Caddy set up by the recipes as they
//! stand in the repository, each with a site's own file made from the repository's sample. Everything ends with the rig.

use std::{
    fs,
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

const GATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/gate");
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/qgis");

/// A gateway's port, with the QGIS processes behind it.
pub(crate) struct Door {
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) is_shared: bool,
    data: PathBuf,
}

/// Everything that runs.
pub(crate) struct Rig {
    /// A server that nothing guards.
    pub(crate) free: Door,
    /// Both gateways with both designs.
    pub(crate) doors: Vec<Door>,
    processes: Vec<Child>,
    folder: TempDir,
}

impl Rig {
    /// Starts everything, the gateways asking the gate at `gate`; nothing where something is missing that cannot be
    /// installed.
    pub(crate) fn start(gate: SocketAddr) -> Option<Self> {
        if !pozi_tests::has_qgis() {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("pozi-").tempdir().unwrap();
        let door = |name: &str, data: &str| Door {
            name: name.to_owned(),
            port: free_port(),
            is_shared: data == "shared",
            data: folder.path().join(data),
        };
        let doors = ["nginx-pinned", "nginx-shared", "caddy-pinned", "caddy-shared"]
            .map(|name| door(name, name.split_once('-').unwrap().1));
        let mut rig = Self { free: door("free", "free"), doors: doors.into(), processes: Vec::new(), folder };
        rig.make_catalogues();
        rig.start_qgis();
        rig.start_gateways(gate);
        Some(rig)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn spawn(&mut self, name: &str, command: &mut Command) {
        let log = |kind| fs::File::create(self.path(&format!("{name}.{kind}"))).unwrap();
        command
            .env("HOME", self.path("home"))
            .env("XDG_RUNTIME_DIR", self.path("home"))
            .env("QT_QPA_PLATFORM", "offscreen")
            .stdin(Stdio::null())
            .stdout(log("out"))
            .stderr(log("err"));
        self.processes.push(command.spawn().unwrap());
    }

    fn make_catalogues(&mut self) {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir(self.path("home")).unwrap();
        fs::set_permissions(self.path("home"), fs::Permissions::from_mode(0o700)).unwrap();
        for data in ["pinned", "shared", "free"] {
            let mut command = Command::new("/usr/bin/python3");
            command.arg(format!("{HERE}/make_catalogues.py")).arg(self.path(data));
            self.spawn(&format!("make-{data}"), &mut command);
        }
        for mut made in self.processes.drain(..).collect::<Vec<_>>() {
            assert!(made.wait().unwrap().success(), "{}", self.logs());
        }
        let listed = serde_json::json!({"alpha": self.doors[1].project("alpha"), "beta": self.doors[1].project("beta")});
        fs::write(self.path("catalogues.json"), listed.to_string()).unwrap();
    }

    fn start_qgis(&mut self) {
        for catalogue in ["alpha", "beta"] {
            let project = self.path("pinned").join(catalogue).join(format!("{catalogue}.qgs"));
            let mut command = Command::new(format!("{GATE}/qgis/pinned.sh"));
            command.arg(project).arg(self.path(&format!("{catalogue}.sock")));
            self.spawn(&format!("qgis-{catalogue}"), &mut command);
        }
        let mut command = Command::new(format!("{GATE}/qgis/shared.sh"));
        command
            .arg(self.path("shared.sock"))
            .env("POZI_PLUGINS", format!("{GATE}/qgis-plugin"))
            .env("POZI_PLUGIN_CATALOGUES", self.path("catalogues.json"))
            .env("PYTHONDONTWRITEBYTECODE", "1");
        self.spawn("qgis-shared", &mut command);
        let mut command = Command::new("spawn-fcgi");
        command
            .args(["-n", "-s"])
            .arg(self.path("free.sock"))
            .args(["--", "/usr/lib/cgi-bin/qgis_mapserv.fcgi"]);
        self.spawn("qgis-free", &mut command);
        for socket in ["alpha", "beta", "shared", "free"] {
            let path = self.path(&format!("{socket}.sock"));
            self.until("a socket", || path.exists());
        }
    }

    fn start_gateways(&mut self, gate: SocketAddr) {
        let here = |name: &str| fs::read_to_string(format!("{HERE}/{name}")).unwrap();
        let sample = |name: &str| fs::read_to_string(format!("{GATE}/{name}")).unwrap();
        self.start_nginx("nginx-pinned", 0, gate, &sample("nginx/site-pinned.conf"));
        self.start_nginx("nginx-shared", 1, gate, &sample("nginx/site-shared.conf"));
        self.start_caddy("pinned", 2, gate, &sample("caddy/site-pinned.caddy"));
        self.start_caddy("shared", 3, gate, &sample("caddy/site-shared.caddy"));
        self.start_nginx("free", 4, gate, &here("free.conf"));
        for at in 0..5 {
            let port = self.port(at);
            self.until("a gateway", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        }
    }

    /// The recipes are copied as a person installs them, beside the site's own file.
    fn start_nginx(&mut self, name: &str, at: usize, gate: SocketAddr, sample: &str) {
        let prefix = self.path(&format!("{name}-nginx"));
        fs::create_dir_all(prefix.join("pozi")).unwrap();
        for recipe in fs::read_dir(format!("{GATE}/nginx")).unwrap().map(Result::unwrap) {
            fs::copy(recipe.path(), prefix.join("pozi").join(recipe.file_name())).unwrap();
        }
        let listens = format!("127.0.0.1:{}", self.port(at));
        let site = self.site(sample, name, gate).replace("127.0.0.1:8080", &listens);
        fs::write(prefix.join("site.conf"), site).unwrap();
        fs::write(prefix.join("nginx.conf"), NGINX.replace("PREFIX", prefix.to_str().unwrap())).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-c").arg(prefix.join("nginx.conf")).arg("-e").arg(prefix.join("error.log"));
        self.spawn(&format!("gateway-{name}"), &mut command);
    }

    fn start_caddy(&mut self, kind: &str, at: usize, gate: SocketAddr, sample: &str) {
        let name = format!("caddy-{kind}");
        let site = self.path(&format!("{name}.site"));
        fs::write(&site, self.site(sample, &name, gate)).unwrap();
        let mut command = Command::new("caddy");
        command
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(format!("{GATE}/caddy/{kind}.caddy"))
            .env("POZI_SITE", site)
            .env("POZI_GATE", gate.to_string())
            .env("POZI_PORT", self.port(at).to_string())
            .env("POZI_QGIS", format!("unix/{}", self.path("shared.sock").display()))
            .env("POZI_PUBLIC_HOST", "poziserver-riverbend.example")
            .env("POZI_PUBLIC_PATH", "/pozi");
        self.spawn(&format!("gateway-{name}"), &mut command);
    }

    fn port(&self, at: usize) -> u16 {
        self.doors.get(at).unwrap_or(&self.free).port
    }

    /// A site's own file, from the sample: its catalogues, sockets, projects and gate.
    fn site(&self, sample: &str, name: &str, gate: SocketAddr) -> String {
        let root = self.folder.path().to_str().unwrap();
        let data = name.split_once('-').map_or(name, |(_, data)| data);
        let project = |catalogue: &str| format!("{root}/{data}/{catalogue}/{catalogue}.qgs");
        sample
            .replace("127.0.0.1:8181", &gate.to_string())
            .replace("/srv/pozi/planning.qgz", &project("alpha"))
            .replace("/srv/pozi/heritage.qgz", &project("beta"))
            .replace("/srv/pozi/", &format!("{root}/{data}/"))
            .replace("/run/pozi-qgis/", &format!("{root}/"))
            .replace("planning", "alpha")
            .replace("heritage", "beta")
    }

    fn until(&self, what: &str, is_there: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_mins(1);
        while !is_there() {
            assert!(Instant::now() < end, "{what} does not come: {}", self.logs());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn logs(&self) -> String {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let logs = files.filter(|path| path.extension().is_some_and(|kind| kind == "err"));
        let told = logs.map(|path| {
            [path.display().to_string(), fs::read_to_string(&path).unwrap_or_default()].join(":\n")
        });
        told.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if thread::panicking() {
            std::io::stderr().write_all(self.logs().as_bytes()).ok();
        }
        for process in &mut self.processes {
            // nginx's workers end with a master that is told to stop, not with one that is killed.
            Command::new("kill").arg(process.id().to_string()).status().ok();
            process.wait().ok();
        }
    }
}

impl Door {
    /// The path of a catalogue's project.
    pub(crate) fn project(&self, catalogue: &str) -> String {
        self.data.join(catalogue).join(format!("{catalogue}.qgs")).to_str().unwrap().to_owned()
    }

    /// What stands in a catalogue's data, past QGIS: a line a feature.
    pub(crate) fn rows(&self, catalogue: &str) -> Vec<String> {
        let query = "import sqlite3, sys; [print(row) for row in sqlite3.connect(sys.argv[1]).execute('select fid, name from places order by fid')]";
        let data = self.data.join(catalogue).join("places.gpkg");
        let output = Command::new("/usr/bin/python3").args(["-c", query]).arg(data).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }
}

/// Where something is kept for a person to look at.
pub(crate) fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

const NGINX: &str = "daemon off; user root; worker_processes 1; pid PREFIX/pid; error_log PREFIX/error.log;
events {}
http {
    access_log off;
    client_body_temp_path PREFIX/body; fastcgi_temp_path PREFIX/fastcgi; proxy_temp_path PREFIX/proxy;
    scgi_temp_path PREFIX/scgi; uwsgi_temp_path PREFIX/uwsgi;
    include site.conf;
}
";
