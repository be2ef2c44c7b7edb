//! Lambda's Runtime API, with a thread for each connection.

use std::{
    collections::VecDeque,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use crate::process::WAIT_TIMEOUT;

const ACCEPTED: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

/// What a process did.
#[derive(Debug, Clone)]
pub struct Run {
    /// When it first asked for an event.
    pub first_poll: Instant,
    /// Its answers, in the order of the events.
    pub answers: Vec<Answered>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answered {
    /// How long after the event was handed out it had arrived.
    pub took: Duration,
    /// When it had arrived.
    pub at: Instant,
    /// What it says.
    pub text: String,
}

#[derive(Debug)]
pub(super) struct RuntimeApi {
    address: SocketAddr,
    has_ended: Arc<AtomicBool>,
}

struct State {
    events: VecDeque<String>,
    handed_out: Option<Instant>,
    run: Option<Run>,
    idle: mpsc::Sender<Run>,
}

impl RuntimeApi {
    /// Serves `events` to one process. The receiver gets what it did once no event is left.
    pub(super) fn serve(events: Vec<String>) -> (Self, mpsc::Receiver<Run>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let (idle, is_idle) = mpsc::channel();
        let state = Arc::new(Mutex::new(State { events: events.into(), handed_out: None, run: None, idle }));
        let has_ended = Arc::<AtomicBool>::default();
        let ended = Arc::clone(&has_ended);
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    break;
                }
                let state = Arc::clone(&state);
                thread::spawn(move || answer_all(connection, &state));
            }
        });
        (Self { address, has_ended }, is_idle)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves no longer.
    pub(super) fn end(&self) {
        self.has_ended.store(true, Ordering::SeqCst);
        // The thread that accepts connections notices with the next one.
        drop(TcpStream::connect(self.address));
    }
}

/// Answers requests until the process closes the connection.
fn answer_all(mut connection: TcpStream, state: &Mutex<State>) {
    connection.set_nodelay(true).expect("the connection is open");
    let mut buffer = Vec::with_capacity(64 * 1_024);
    while let Some((head, body)) = read(&mut connection, &mut buffer) {
        let at = Instant::now();
        let answer = if head.starts_with("GET") {
            lock(state).next(at)
        } else {
            lock(state).take(at, body);
            ACCEPTED.to_owned()
        };
        if connection.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Reads a request: its head and its body. `None` at the end of the connection.
fn read(connection: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, String)> {
    let mut chunk = [0; 16 * 1_024];
    loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            assert!(!head.contains("\r\ntransfer-encoding:"), "the runtime says how long an answer is");
            let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |length| length.trim().parse().expect("a number"));
            let whole = end + 4 + length;
            if buffer.len() >= whole {
                let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
                let body = String::from_utf8_lossy(&buffer[end + 4..whole]).into_owned();
                buffer.drain(..whole);
                return Some((head, body));
            }
        }
        match connection.read(&mut chunk) {
            Ok(count) if count > 0 => buffer.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}

impl State {
    /// Hands out the next event. Without one, the process has done all that there was, and waits for an answer until it ends.
    fn next(&mut self, now: Instant) -> String {
        let run = self.run.get_or_insert_with(|| Run { first_poll: now, answers: Vec::new() });
        let Some(event) = self.events.pop_front() else {
            // The benchmark may have ended the process.
            let _ = self.idle.send(run.clone());
            return String::new();
        };
        let deadline =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + WAIT_TIMEOUT;
        let answer = format!(
            "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: invocation-{}\r\nlambda-runtime-deadline-ms: {}\r\nlambda-runtime-invoked-function-arn: arn:aws:lambda:eu-central-1:000000000000:function:function\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{event}",
            run.answers.len(),
            deadline.as_millis(),
            event.len()
        );
        self.handed_out = Some(Instant::now());
        answer
    }

    /// Takes the answer that arrived at `at`, or the error that the process reports instead.
    fn take(&mut self, at: Instant, text: String) {
        assert!(self.run.is_some(), "the process cannot start: {text}");
        let (run, handed_out) = (self.run.as_mut(), self.handed_out.take());
        let (run, handed_out) = run.zip(handed_out).expect("the process answers an event");
        run.answers.push(Answered { took: at.duration_since(handed_out), at, text });
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
