//! Lambda's Runtime API for one bootstrap, which runs as a process with nothing but its environment, as on Lambda.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ExitStatus, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::SystemTime,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path as InPath, State},
    response::IntoResponse,
    routing::{get, post},
};
use http::StatusCode;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::{
    memory::lock,
    process::{WAIT_TIMEOUT, function, wait_for},
};

/// The Runtime API, and the process that polls it. The process ends with it.
pub struct Runtime {
    process: Mutex<Child>,
    readers: Vec<JoinHandle<()>>,
    events: mpsc::UnboundedSender<Invocation>,
    shared: Arc<Shared>,
}

struct Invocation {
    id: String,
    event: Value,
}

struct Shared {
    waiting: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    outcomes: Mutex<HashMap<String, oneshot::Sender<Result<Value, Value>>>>,
    polls: AtomicUsize,
    init_error: Mutex<Option<Value>>,
    lines: Mutex<Vec<String>>,
}

impl Runtime {
    /// Starts `bootstrap` with `environment` and what Lambda adds to it.
    ///
    /// # Panics
    /// If it cannot be started.
    pub async fn start(bootstrap: &Path, environment: &[(String, String)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address").to_string();
        let (events, waiting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            waiting: tokio::sync::Mutex::new(waiting),
            outcomes: Mutex::default(),
            polls: AtomicUsize::new(0),
            init_error: Mutex::default(),
            lines: Mutex::default(),
        });
        let router = router(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut process = function(bootstrap, "function", &address, environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the bootstrap starts");
        let readers = vec![
            reader(process.stdout.take().expect("stdout is piped"), &shared),
            reader(process.stderr.take().expect("stderr is piped"), &shared),
        ];
        Self { process: Mutex::new(process), readers, events, shared }
    }

    /// Hands `event` to the function. Returns its response, or the error that it reports.
    ///
    /// # Panics
    /// If it sends neither before the timeout.
    pub async fn invoke(&self, event: &Value) -> Result<Value, Value> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let id = format!("invocation-{}", COUNT.fetch_add(1, Ordering::SeqCst));
        let (sender, outcome) = oneshot::channel();
        lock(&self.shared.outcomes).insert(id.clone(), sender);
        self.events.send(Invocation { id, event: event.clone() }).expect("the runtime takes events");
        let outcome = timeout(WAIT_TIMEOUT, outcome).await;
        outcome.expect("the function answers in time").expect("the function answers")
    }

    /// Returns the id of its process.
    pub fn process_id(&self) -> u32 {
        lock(&self.process).id()
    }

    /// Whether its process still runs.
    pub fn is_running(&self) -> bool {
        matches!(lock(&self.process).try_wait(), Ok(None))
    }

    /// Waits until its process ends by itself.
    ///
    /// # Panics
    /// If it still runs at the timeout.
    pub async fn wait_for_exit(&self) -> ExitStatus {
        let status = || lock(&self.process).try_wait().expect("the process has a status");
        wait_for(status).await.expect("the process ends")
    }

    /// Returns how often it polled for an event.
    pub fn polls(&self) -> usize {
        self.shared.polls.load(Ordering::SeqCst)
    }

    /// Returns the initialisation error that it reported, if any.
    pub fn init_error(&self) -> Option<Value> {
        lock(&self.shared.init_error).clone()
    }

    /// Waits for a line of its log (standard output and standard error).
    ///
    /// # Panics
    /// If there is none before the timeout.
    pub async fn wait_for_line(&self, matches: impl Fn(&str) -> bool) -> String {
        let line = || lock(&self.shared.lines).iter().find(|line| matches(line)).cloned();
        wait_for(line).await.expect("the process logs such a line")
    }

    /// Kills the process, and returns all lines that it logged.
    pub fn end(mut self) -> Vec<String> {
        self.kill();
        for reader in self.readers.drain(..) {
            drop(reader.join());
        }
        std::mem::take(&mut *lock(&self.shared.lines))
    }

    fn kill(&self) {
        let mut process = lock(&self.process);
        // It may have ended by itself.
        drop(process.kill());
        drop(process.wait());
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.kill();
    }
}

fn reader(stream: impl Read + Send + 'static, shared: &Arc<Shared>) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            lock(&shared.lines).push(line);
        }
    })
}

fn router(shared: Arc<Shared>) -> Router {
    let runtime = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{id}/response", post(answered))
        .route("/invocation/{id}/error", post(failed))
        .route("/init/error", post(not_started));
    Router::new().nest("/2018-06-01/runtime", runtime).with_state(shared)
}

async fn next(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    shared.polls.fetch_add(1, Ordering::SeqCst);
    let Some(Invocation { id, event }) = shared.waiting.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", (now + WAIT_TIMEOUT).as_millis().to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:000000000000:function:function".to_owned(),
        ),
    ];
    (headers, event.to_string()).into_response()
}

async fn answered(State(shared): State<Arc<Shared>>, InPath(id): InPath<String>, body: Bytes) -> StatusCode {
    shared.complete(&id, Ok(json(&body)))
}

async fn failed(State(shared): State<Arc<Shared>>, InPath(id): InPath<String>, body: Bytes) -> StatusCode {
    shared.complete(&id, Err(json(&body)))
}

async fn not_started(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    *lock(&shared.init_error) = Some(json(&body));
    StatusCode::ACCEPTED
}

/// Parses a body as JSON, or takes it as text: the runtime sends no content type.
fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

impl Shared {
    fn complete(&self, id: &str, outcome: Result<Value, Value>) -> StatusCode {
        let Some(sender) = lock(&self.outcomes).remove(id) else { return StatusCode::NOT_FOUND };
        // The test may have stopped waiting.
        drop(sender.send(outcome));
        StatusCode::ACCEPTED
    }
}
