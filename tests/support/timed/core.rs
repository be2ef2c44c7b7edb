//! Cores of the machine, so that what is measured runs alone on one.

use std::{
    fs,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Instant,
};

/// A core on which processes are started.
#[derive(Debug)]
pub struct Core(mpsc::Sender<Start>);

struct Start {
    command: Command,
    started: mpsc::Sender<(Child, Instant)>,
}

impl Core {
    /// Moves this thread, and the threads and processes that it starts from now on, to one core, and returns the other one.
    /// `None` without two cores and `taskset`.
    pub fn apart() -> Option<Self> {
        const OWN: &str = "1";
        const OTHER: &str = "0";
        if !pin(OWN) {
            return None;
        }
        let (starts, waiting) = mpsc::channel::<Start>();
        let (pinned, is_pinned) = mpsc::channel();
        // A process begins on the core of the thread that starts it. With taskset, its start would last longer.
        thread::spawn(move || {
            let _ = pinned.send(pin(OTHER));
            for Start { mut command, started } in waiting {
                let spawned = Instant::now();
                let process = command.spawn().expect("the process starts");
                let _ = started.send((process, spawned));
            }
        });
        is_pinned.recv().ok()?.then_some(Self(starts))
    }

    /// Starts a process, and returns it with the time before it started.
    pub(super) fn spawn(&self, command: Command) -> (Child, Instant) {
        let (started, process) = mpsc::channel();
        self.0.send(Start { command, started }).expect("the thread runs");
        process.recv().expect("the process starts")
    }
}

/// Moves this thread to a core.
fn pin(core: &str) -> bool {
    let Ok(own) = fs::read_link("/proc/thread-self") else { return false };
    let Some(id) = own.file_name() else { return false };
    let pinned = Command::new("taskset").args(["-cp", core]).arg(id).stdout(Stdio::null()).status();
    pinned.is_ok_and(|status| status.success())
}
