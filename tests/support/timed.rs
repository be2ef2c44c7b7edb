//! A bootstrap as a process whose start and invocations are timed. Its Runtime API costs little, and the same for every process:
//! threads that read and write sockets, and events that lie ready.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

mod core;
mod runtime_api;

use std::{
    fs,
    path::Path,
    process::{Child, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use self::runtime_api::RuntimeApi;
pub use self::{
    core::Core,
    runtime_api::{Answered, Run},
};
use crate::process::{WAIT_TIMEOUT, function};

/// A process, which ends with it.
#[derive(Debug)]
pub struct TimedProcess {
    process: Child,
    spawned: Instant,
    api: RuntimeApi,
    idle: mpsc::Receiver<Run>,
}

impl TimedProcess {
    /// Starts `bootstrap` on `core` with `environment` and what Lambda adds to it, for `events`. Its log goes into a file that is
    /// deleted, as writing it is part of an invocation.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(
        core: &Core,
        bootstrap: &Path,
        environment: &[(String, String)],
        events: Vec<String>,
    ) -> Self {
        let (api, idle) = RuntimeApi::serve(events);
        let log = tempfile::tempfile().expect("a file for the log can be made");
        let mut command = function(bootstrap, "function", &api.address().to_string(), environment);
        command.stdout(log.try_clone().expect("the file can be shared")).stderr(log);
        command.stdin(Stdio::null());
        let (process, spawned) = core.spawn(command);
        Self { process, spawned, api, idle }
    }

    /// Waits until the process asks for an event and there is none left. Returns when it asked first, and its answers.
    ///
    /// # Panics
    /// If it does not before the timeout.
    pub fn until_idle(&self) -> Run {
        self.idle.recv_timeout(WAIT_TIMEOUT).expect("the process answers all events, and asks for another")
    }

    /// Returns how long after its start `moment` was.
    pub fn since_start(&self, moment: Instant) -> Duration {
        moment.duration_since(self.spawned)
    }

    /// Returns the most memory that was resident, in MB (1,000,000 bytes).
    pub fn peak_megabytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
        kibibytes.map_or(f64::NAN, |kibibytes| kibibytes * 1_024.0 / 1e6)
    }
}

impl Drop for TimedProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.api.end();
    }
}
