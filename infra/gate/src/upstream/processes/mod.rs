//! QGIS Server as processes that the gate starts itself. Each listens on a socket of its own, in a folder that only the gate's
//! user can enter, and serves one request at a time. One that dies or hangs is replaced.

mod command;
mod lease;
mod pool;
mod stderr;
mod supervisor;

use std::{
    collections::BTreeMap,
    io,
    num::NonZeroUsize,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use http::Response;
use tokio::task::AbortHandle;

use self::{lease::Lease, pool::Pool};
use super::{MapServer, QgisRequest, UpstreamError};

/// The usual grace.
pub(super) const GRACE: Duration = Duration::from_secs(3);

/// How often processes were started, of any configuration.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// How many processes are tried that turn out to be dead.
const ATTEMPTS: usize = 3;

/// Which processes are started, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessesConfig {
    /// `/usr/lib/cgi-bin/qgis_mapserv.fcgi`.
    pub program: PathBuf,
    /// How many.
    pub processes: NonZeroUsize,
    /// The address space that each may use, in bytes. A single odd request takes all there is; the kernel would then end another
    /// program.
    pub memory: u64,
    /// The project file of all requests, where the processes serve one alone: it beats every `MAP`.
    pub project: Option<String>,
    /// Whether `GetPrint` is there at all.
    pub prints: bool,
    /// More environment variables. They beat those that the gate sets.
    pub variables: BTreeMap<String, String>,
    /// A folder of the gate's own, for sockets and for what QGIS writes. It is made where it is missing.
    pub folder: PathBuf,
    /// How long a process may work on after its client left or its time was over, before it is killed: an Insert that hangs
    /// would take a processor for ever, and one that would end in a moment need not cost a start.
    pub grace: Duration,
}

/// QGIS Server as processes of the gate. They end with this, once the last answer has ended.
#[derive(Debug, Clone)]
pub struct Processes(Arc<Running>);

/// What is dropped last.
#[derive(Debug)]
struct Running {
    pool: Arc<Pool>,
    grace: Duration,
    supervisors: Vec<AbortHandle>,
}

impl Drop for Running {
    fn drop(&mut self) {
        for supervisor in &self.supervisors {
            supervisor.abort();
        }
    }
}

impl Processes {
    /// Starts them, and keeps them running. To be called in a runtime.
    pub fn start(mut config: ProcessesConfig) -> io::Result<Self> {
        // Those of an earlier configuration may still answer, from sockets of their own.
        config.folder.push(STARTED.fetch_add(1, Ordering::Relaxed).to_string());
        command::prepare(&config.folder)?;
        let count = config.processes.get();
        let pool = Arc::new(Pool::new(count, config.program.clone()));
        let (grace, config) = (config.grace, Arc::new(config));
        let supervise = |number| {
            let keeping = supervisor::keep_running(Arc::clone(&config), number, Arc::clone(&pool));
            tokio::spawn(keeping).abort_handle()
        };
        let supervisors = (0..count).map(supervise).collect();
        Ok(Self(Arc::new(Running { pool, grace, supervisors })))
    }
}

impl MapServer for Processes {
    /// Waits until a process is free. Those that were used last are asked first: they have the projects open.
    async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let worker = self.0.pool.take().await?;
            match Lease::connect(Arc::clone(&self.0), worker).await {
                Ok((lease, stream)) => return lease.ask(stream, project, request).await,
                // It died in this moment and was asked for nothing, so that another may be asked.
                Err(_) if attempts < ATTEMPTS => (),
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests;
