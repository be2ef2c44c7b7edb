//! Servers under load, each alone on one core, while everything else runs on another.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::wrk::WrkResult;

/// The core of the measured servers.
const SERVER_CORE: &str = "0";
/// The core of everything else.
const CLIENT_CORE: &str = "1";
/// Linux counts processor time in hundredths of a second (`proc(5)`, `sysconf(_SC_CLK_TCK)`).
const MICROSECONDS_OF_TICK: f64 = 10_000.0;
/// How often a server that starts is looked for, every 100 ms.
const LOOKS: usize = 300;

/// A server that is measured. It is ended when dropped.
#[derive(Debug)]
pub struct MeasuredServer {
    process: Child,
}

/// Returns the first of `programs` that is not installed. Each prints its version with the argument beside its name.
pub fn missing_program<'a>(programs: &[(&'a str, &str)]) -> Option<&'a str> {
    let is_installed = |program: &str, version: &str| {
        let mut command = Command::new(program);
        command.arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    programs.iter().find(|(program, version)| !is_installed(program, version)).map(|(program, _)| *program)
}

/// Moves this process to the clients' core: from here on, its new threads and processes run there unless they are pinned to
/// another. Returns whether there is one.
pub fn move_to_client_core() -> bool {
    let own = std::process::id().to_string();
    let pinned = Command::new("taskset").args(["-cp", CLIENT_CORE, &own]).stdout(Stdio::null()).status();
    pinned.is_ok_and(|status| status.success())
}

/// Returns the command for `program` on the servers' core.
pub fn on_server_core(program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", SERVER_CORE]).arg(program).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Returns a port that is free.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Returns how busy the machine is (`proc_loadavg(5)`).
pub fn load_of_machine() -> String {
    fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned()
}

impl MeasuredServer {
    /// Starts `command`, and waits until it listens on `port`.
    pub fn start(mut command: Command, port: u16) -> Self {
        let server = Self { process: command.spawn().expect("the server starts") };
        for _ in 0..LOOKS {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(100));
        }
        server
    }

    /// Returns its resident memory in kilobytes (1,000 bytes).
    pub fn resident_kilobytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
        kibibytes.map_or(f64::NAN, |kibibytes| kibibytes * 1.024)
    }

    /// Returns what `load`, which requests something of it, reports, and the processor time per request in microseconds.
    pub fn under(&self, load: impl FnOnce() -> WrkResult) -> (WrkResult, f64) {
        let before = self.processor_time();
        let result = load();
        let requests = u32::try_from(result.requests).map_or(f64::NAN, f64::from);
        (result, (self.processor_time() - before) / requests)
    }

    /// Returns the processor time of all its threads, including system time, in microseconds.
    fn processor_time(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks = behind_name.split(' ').skip(12).take(2).filter_map(|field| field.parse::<f64>().ok());
        ticks.sum::<f64>() * MICROSECONDS_OF_TICK
    }
}

impl Drop for MeasuredServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
