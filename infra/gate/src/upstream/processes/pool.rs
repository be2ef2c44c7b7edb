//! The pool of processes.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, Semaphore, watch};

use crate::upstream::UpstreamError;

/// A running process.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) number: usize,
    pub(super) socket: PathBuf,
    kill: Notify,
}

impl Worker {
    pub(super) fn new(number: usize, socket: PathBuf) -> Arc<Self> {
        Arc::new(Self { number, socket, kill: Notify::new() })
    }

    /// Asks the supervisor to kill the process.
    pub(super) fn kill(&self) {
        self.kill.notify_one();
    }

    /// Waits until the process is to be killed.
    pub(super) async fn killed(&self) {
        self.kill.notified().await;
    }
}

#[derive(Debug)]
pub(super) struct Pool {
    count: usize,
    program: PathBuf,
    workers: Mutex<Workers>,
    /// One permit for each free process, except those that are just being taken.
    free: Semaphore,
    /// How many processes are in a long pause because they keep dying.
    failing: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Workers {
    running: Vec<Arc<Worker>>,
    /// The most recently used one is last.
    free: Vec<Arc<Worker>>,
}

impl Pool {
    /// Creates a pool for `count` processes of `program`, none of which is running yet.
    pub(super) fn new(count: usize, program: PathBuf) -> Self {
        let (failing, _) = watch::channel(0);
        Self { count, program, workers: Mutex::default(), free: Semaphore::new(0), failing }
    }

    /// Waits for a free process. Fails if none can be started.
    pub(super) async fn take(&self) -> Result<Arc<Worker>, UpstreamError> {
        let not_running = || UpstreamError::NotRunning { program: self.program.clone() };
        let mut failing = self.failing.subscribe();
        loop {
            tokio::select! {
                biased;
                permit = self.free.acquire() => permit.map_err(|_| not_running())?.forget(),
                _ = failing.wait_for(|failing| *failing == self.count) => return Err(not_running()),
            }
            // The process may just have died and been removed.
            if let Some(worker) = self.lock().free.pop() {
                return Ok(worker);
            }
        }
    }

    /// Adds `worker`, which has started and is free.
    pub(super) fn add(&self, worker: &Arc<Worker>) {
        self.lock().running.push(Arc::clone(worker));
        self.give_back(worker);
    }

    /// Makes `worker` available again, if it is still running.
    pub(super) fn give_back(&self, worker: &Arc<Worker>) {
        let mut workers = self.lock();
        if workers.running.iter().any(|running| Arc::ptr_eq(running, worker)) {
            workers.free.push(Arc::clone(worker));
            self.free.add_permits(1);
        }
    }

    /// Removes `worker`, which has ended.
    pub(super) fn remove(&self, worker: &Arc<Worker>) {
        let mut workers = self.lock();
        let is_another = |other: &Arc<Worker>| !Arc::ptr_eq(other, worker);
        workers.running.retain(is_another);
        let free = workers.free.len();
        workers.free.retain(is_another);
        self.free.forget_permits(free - workers.free.len());
    }

    /// Records that one more process keeps dying, or that one is tried again.
    pub(super) fn record_failing(&self, is_failing: bool) {
        self.failing.send_modify(|failing| {
            *failing = if is_failing { *failing + 1 } else { failing.saturating_sub(1) };
        });
    }

    fn lock(&self) -> MutexGuard<'_, Workers> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
