//! QGIS Server in processes that the gate starts. Each listens on its own socket, in a folder that only the gate's user
//! can enter, and serves one request at a time. A process that dies or hangs is replaced.

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

/// The default [`ProcessesConfig::grace`].
pub(super) const GRACE: Duration = Duration::from_secs(3);

/// How many configurations have been started.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// How many processes a request tries before it fails, if each turns out to be dead.
const MAX_ATTEMPTS: usize = 3;

/// Which processes to start, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessesConfig {
    /// The program, such as `/usr/lib/cgi-bin/qgis_mapserv.fcgi`.
    pub program: PathBuf,
    /// The number of processes.
    pub processes: NonZeroUsize,
    /// The address space of each process, in bytes. A single unusual request can use all memory, and the kernel would then
    /// kill another program.
    pub memory: u64,
    /// The project file for all requests, if the processes serve only one. It overrides `MAP`.
    pub project: Option<String>,
    /// Whether `GetPrint` is enabled.
    pub prints: bool,
    /// Further environment variables. They override those that the gate sets.
    pub variables: BTreeMap<String, String>,
    /// A folder for sockets and for files that QGIS writes, which only the gate uses. Created if missing.
    pub folder: PathBuf,
    /// How long a process may continue after its client disconnected or its time ran out, before it is killed. A hanging
    /// Insert would use a processor forever, but a request that is nearly done need not cost a restart.
    pub grace: Duration,
}

/// QGIS Server in processes of the gate. They end after the last clone of this and the last answer are dropped.
#[derive(Debug, Clone)]
pub struct Processes(Arc<Running>);

/// Shared by all clones and answers.
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
    /// Starts the processes and keeps them running. Must be called within a Tokio runtime.
    pub fn start(mut config: ProcessesConfig) -> io::Result<Self> {
        // Processes of an earlier configuration may still be answering, on their own sockets.
        config.folder.push(STARTED.fetch_add(1, Ordering::Relaxed).to_string());
        command::prepare(&config.folder)?;
        let count = config.processes.get();
        let pool = Arc::new(Pool::new(count, config.program.clone()));
        let (grace, config) = (config.grace, Arc::new(config));
        let supervise = |number| {
            tokio::spawn(supervisor::keep_running(Arc::clone(&config), number, Arc::clone(&pool)))
                .abort_handle()
        };
        let supervisors = (0..count).map(supervise).collect();
        Ok(Self(Arc::new(Running { pool, grace, supervisors })))
    }
}

impl MapServer for Processes {
    /// Waits for a free process. Prefers the one that was used last, because it has the projects open.
    async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let worker = self.0.pool.take().await?;
            match Lease::connect(Arc::clone(&self.0), worker).await {
                Ok((lease, stream)) => return lease.ask(stream, project, request).await,
                // The process has just died and received nothing, so that another can be tried.
                Err(_) if attempts < MAX_ATTEMPTS => (),
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests;
