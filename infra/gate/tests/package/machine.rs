//! A sandbox that looks like a machine of its own, and programs in it.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

pub(crate) const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/package");
const FOLDER: &str = "POZI_TEST_MACHINE";

/// An answer that curl received.
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

/// Returns the administrator's folder; nothing outside the sandbox.
pub(crate) fn folder() -> Option<PathBuf> {
    env::var_os(FOLDER).map(PathBuf::from)
}

/// Whether this machine can create the sandbox and has `programs`; prints a notice if not.
pub(crate) fn has(programs: &[&str]) -> bool {
    let tools = "test \"$(id -u)\" = 0 && ! dpkg -s pozi-gate > /dev/null 2>&1 && unshare --net --mount --pid --fork true && /usr/bin/python3 -c 'import qgis.core'";
    let named = ["apt-get", "systemd-analyze", "adduser", "ip", "setpriv"].iter().chain(programs);
    let script = named.fold(tools.to_owned(), |script, program| format!("{script} && command -v {program}"));
    // The script installs cargo-deb if it is missing.
    let script = format!("{script} && {HERE}/../../package --help");
    let is_there = shell(&script, Path::new("/")).output().is_ok_and(|output| output.status.success());
    if !is_there {
        const NOTICE: &str = "NOT RUN: the test of the Debian package needs root on Debian, without pozi-gate installed, with qgis-server, python3-qgis, nginx, caddy, curl, iproute2, crates.io or cargo-deb, and the right to make namespaces";
        assert!(env::var_os("CI").is_none(), "{NOTICE}");
        // Not eprintln!, whose output is hidden when the test passes.
        std::io::stderr().write_all(format!("{NOTICE}\n").as_bytes()).unwrap();
    }
    is_there
}

/// Runs the test `name` again in the sandbox, with `folder` as the administrator's folder.
pub(crate) fn run_there(name: &str, folder: &Path) {
    // The only program that is replaced in the sandbox.
    let stand_ins = folder.join("stand-ins");
    fs::create_dir(&stand_ins).unwrap();
    std::os::unix::fs::symlink(format!("{HERE}/systemctl"), stand_ins.join("systemctl")).unwrap();
    let path = format!("{}:{}", stand_ins.display(), env::var("PATH").unwrap());
    // If the test hangs, it fails and its logs are printed.
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

/// Runs `command` in a shell in `folder`, and returns its output.
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

/// Returns the logs of the services that the stand-in started.
fn logs() -> String {
    let files = fs::read_dir("/run").unwrap().flatten().map(|entry| entry.path());
    let logs = files.filter(|path| path.to_string_lossy().starts_with("/run/log-"));
    let texts = logs
        .map(|path| [path.display().to_string(), fs::read_to_string(&path).unwrap_or_default()].join("\n"));
    texts.collect::<Vec<_>>().join("\n")
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
