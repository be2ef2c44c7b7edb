//! A machine of its own, and programs on it.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

pub(crate) const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/package");
const FOLDER: &str = "POZI_TEST_MACHINE";

/// An answer that curl had.
pub(crate) struct Fetched {
    /// Status and media type.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl std::fmt::Debug for Fetched {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.head, String::from_utf8_lossy(&self.body))
    }
}

/// The folder that an administrator has; nothing where this process is not on the machine of its own.
pub(crate) fn folder() -> Option<PathBuf> {
    env::var_os(FOLDER).map(PathBuf::from)
}

/// Whether this machine can have one of its own, and has `programs`; where not, it says so.
pub(crate) fn needs(programs: &[&str]) -> bool {
    let tools = "test \"$(id -u)\" = 0 && ! dpkg -s pozi-gate > /dev/null 2>&1 && unshare --net --mount --pid --fork true && /usr/bin/python3 -c 'import qgis.core'";
    let named = ["apt-get", "systemd-analyze", "adduser", "ip", "setpriv"].iter().chain(programs);
    let script = named.fold(tools.to_owned(), |script, program| format!("{script} && command -v {program}"));
    // The script installs cargo-deb where it is missing.
    let script = format!("{script} && {HERE}/../../package --help");
    let is_there = shell(&script, Path::new("/")).output().is_ok_and(|output| output.status.success());
    if !is_there {
        const NOTICE: &str = "NOT RUN: the package for Debian is tried as root on Debian, without pozi-gate installed, with qgis-server, python3-qgis, nginx, caddy, curl, iproute2, crates.io or cargo-deb, and the right to make namespaces";
        assert!(env::var_os("CI").is_none(), "{NOTICE}");
        // Not eprintln!, whose text of a passed test nobody sees.
        std::io::stderr().write_all(format!("{NOTICE}\n").as_bytes()).unwrap();
    }
    is_there
}

/// Runs the test `name` again, on a machine of its own, where `folder` is the administrator's.
pub(crate) fn run_there(name: &str, folder: &Path) {
    // The only program that is another one there.
    let stand_ins = folder.join("stand-ins");
    fs::create_dir(&stand_ins).unwrap();
    std::os::unix::fs::symlink(format!("{HERE}/systemctl"), stand_ins.join("systemctl")).unwrap();
    let path = format!("{}:{}", stand_ins.display(), env::var("PATH").unwrap());
    // What hangs there ends in a failure with its logs.
    let mut test = Command::new("timeout");
    test.args(["300", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    test.arg(format!("{HERE}/machine.sh")).arg(env::current_exe().unwrap()).args([
        "--exact",
        name,
        "--nocapture",
    ]);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"] {
        test.env_remove(name);
    }
    let apt = folder.join("apt.conf");
    fs::write(&apt, "DPkg::Lock::Timeout \"300\";\n").unwrap();
    test.env("PATH", path)
        .env("HOME", folder)
        .env("APT_CONFIG", apt)
        .env("DEBIAN_FRONTEND", "noninteractive");
    let output = succeeded(test.env(FOLDER, folder).stdin(Stdio::null()));
    let output = String::from_utf8_lossy(&output.stdout);
    assert!(output.contains("1 passed"), "{output}");
}

fn shell(command: &str, folder: &Path) -> Command {
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", command]).current_dir(folder).stdin(Stdio::null());
    shell
}

/// What `command` says when it is typed into a shell in `folder`.
pub(crate) fn run(command: &str, folder: &Path) -> String {
    let output = succeeded(&mut shell(command, folder));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn succeeded(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let text = [output.stdout.as_slice(), b"\n", output.stderr.as_slice()].concat();
    assert!(output.status.success(), "{command:?}\n{}\n{}", String::from_utf8_lossy(&text), logs());
    output
}

/// What the services that the stand-in started said.
fn logs() -> String {
    let files = fs::read_dir("/run").unwrap().flatten().map(|entry| entry.path());
    let logs = files.filter(|path| path.to_string_lossy().starts_with("/run/log-"));
    let told = logs
        .map(|path| [path.display().to_string(), fs::read_to_string(&path).unwrap_or_default()].join("\n"));
    told.collect::<Vec<_>>().join("\n")
}

pub(crate) fn curl(arguments: &[&str]) -> Fetched {
    let mut curl = Command::new("curl");
    curl.args([
        "--silent",
        "--show-error",
        "--max-time",
        "120",
        "--write-out",
        "%{stderr}%{http_code} %{content_type}",
    ]);
    let output = succeeded(curl.args(arguments));
    Fetched { head: String::from_utf8(output.stderr).unwrap(), body: output.stdout }
}
