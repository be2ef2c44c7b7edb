//! The processes that are free.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Notify, Semaphore, watch};

use crate::upstream::UpstreamError;

/// A process that runs.
#[derive(Debug)]
pub(super) struct Worker {
    /// Its number among the processes.
    pub(super) number: usize,
    /// Where it listens.
    pub(super) socket: PathBuf,
    kill: Notify,
}

impl Worker {
    pub(super) fn new(number: usize, socket: PathBuf) -> Arc<Self> {
        Arc::new(Self { number, socket, kill: Notify::new() })
    }

    /// Asks its supervisor to kill it.
    pub(super) fn kill(&self) {
        self.kill.notify_one();
    }

    /// Ready when it is to be killed.
    pub(super) async fn killed(&self) {
        self.kill.notified().await;
    }
}

/// The processes that are free, and those that run at all.
#[derive(Debug)]
pub(super) struct Pool {
    count: usize,
    program: PathBuf,
    workers: Mutex<Workers>,
    /// As many permits as there are free processes, but for those that somebody is just taking.
    free: Semaphore,
    /// How many pause because they died again and again.
    failing: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct Workers {
    running: Vec<Arc<Worker>>,
    /// The one that was used last is at the end.
    free: Vec<Arc<Worker>>,
}

impl Pool {
    /// A pool of `count` processes of `program`, none of which runs yet.
    pub(super) fn new(count: usize, program: PathBuf) -> Self {
        let (failing, _) = watch::channel(0);
        Self { count, program, workers: Mutex::default(), free: Semaphore::new(0), failing }
    }

    /// A free process, once there is one. An error where none can be started.
    pub(super) async fn take(&self) -> Result<Arc<Worker>, UpstreamError> {
        let not_running = || UpstreamError::NotRunning { program: self.program.clone() };
        let mut failing = self.failing.subscribe();
        loop {
            tokio::select! {
                biased;
                permit = self.free.acquire() => permit.map_err(|_| not_running())?.forget(),
                _ = failing.wait_for(|failing| *failing == self.count) => return Err(not_running()),
            }
            // One that died in this moment is no longer there.
            if let Some(worker) = self.lock().free.pop() {
                return Ok(worker);
            }
        }
    }

    /// `worker` runs, and is free.
    pub(super) fn add(&self, worker: &Arc<Worker>) {
        self.lock().running.push(Arc::clone(worker));
        self.give_back(worker);
    }

    /// `worker` is free again, if it still runs.
    pub(super) fn give_back(&self, worker: &Arc<Worker>) {
        let mut workers = self.lock();
        if workers.running.iter().any(|running| Arc::ptr_eq(running, worker)) {
            workers.free.push(Arc::clone(worker));
            self.free.add_permits(1);
        }
    }

    /// `worker` runs no longer.
    pub(super) fn remove(&self, worker: &Arc<Worker>) {
        let mut workers = self.lock();
        let is_another = |other: &Arc<Worker>| !Arc::ptr_eq(other, worker);
        workers.running.retain(is_another);
        let free = workers.free.len();
        workers.free.retain(is_another);
        self.free.forget_permits(free - workers.free.len());
    }

    /// One process less, or one more, can be started.
    pub(super) fn record_failing(&self, is_failing: bool) {
        self.failing.send_modify(|failing| {
            *failing = if is_failing { *failing + 1 } else { failing.saturating_sub(1) };
        });
    }

    fn lock(&self) -> MutexGuard<'_, Workers> {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
