//! A real QGIS Server with the project of the recorded requests. Other tests include this file by its path.

use std::{
    env, fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

const QGIS: &str = "/usr/lib/cgi-bin/qgis_mapserv.fcgi";

/// A QGIS process that listens for FastCGI. Dropping it ends the process.
pub(crate) struct Demo {
    process: Child,
    folder: TempDir,
}

impl Demo {
    /// Returns nothing, and prints a notice, if QGIS Server is not installed.
    pub(crate) fn start() -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("pozi-").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        fs::create_dir(folder.path().join("template")).unwrap();
        if !Path::new(QGIS).exists() || !make_project(folder.path()) {
            const NOTICE: &str = "NOT RUN: tests with QGIS Server need Debian's packages qgis-server, python3-qgis and spawn-fcgi";
            assert!(env::var_os("CI").is_none(), "{NOTICE}");
            std::io::stderr().write_all(format!("{NOTICE}\n").as_bytes()).unwrap();
            return None;
        }
        let process = start_qgis(folder.path());
        let demo = Self { process, folder };
        demo.wait();
        Some(demo)
    }

    /// Returns the path of its socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("qgis.sock")
    }

    /// Returns the path of the project in the copy `name`, which has its own data.
    pub(crate) fn project(&self, name: &str) -> String {
        let folder = self.folder.path().join(name);
        if !folder.exists() {
            fs::create_dir(&folder).unwrap();
            for file in fs::read_dir(self.folder.path().join("template")).unwrap().map(Result::unwrap) {
                fs::copy(file.path(), folder.join(file.file_name())).unwrap();
            }
        }
        folder.join("demo.qgs").to_str().unwrap().to_owned()
    }

    fn wait(&self) {
        let end = Instant::now() + Duration::from_mins(1);
        while !self.socket().exists() {
            assert!(Instant::now() < end, "QGIS Server did not start listening");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn make_project(folder: &Path) -> bool {
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", include_str!("make_demo.py")]).arg(folder.join("template"));
    python.env("QT_QPA_PLATFORM", "offscreen").env("HOME", folder).env("XDG_RUNTIME_DIR", folder);
    python.stdin(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn start_qgis(folder: &Path) -> Child {
    const START: &str = "ulimit -v 4000000; exec spawn-fcgi -n -s \"$1\" -- \"$2\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", START, "sh"]).arg(folder.join("qgis.sock")).arg(QGIS);
    // The same order of attributes in every answer.
    shell.env("QT_HASH_SEED", "0").env("QGIS_SERVER_LOG_STDERR", "0");
    shell.env("QT_QPA_PLATFORM", "offscreen").env("HOME", folder).env("XDG_RUNTIME_DIR", folder);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}
