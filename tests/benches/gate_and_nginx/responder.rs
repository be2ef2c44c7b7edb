//! A minimal FastCGI server, which reads each request and answers with the same 1,000 bytes.

use std::{
    io::{self, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

use pozi_tests::turns::median;

/// The size of the answer's body.
const BYTES: usize = 1_000;
/// The number of threads that answer.
const THREADS: usize = 4;
/// The last record of a request without a body: an empty STDIN.
const END: [u8; 8] = [1, 5, 0, 1, 0, 0, 0, 0];
/// The number of requests for the direct median.
const DIRECT: usize = 2_000;

/// A server that answers until the process exits.
pub(crate) struct Responder {
    pub(crate) path: PathBuf,
}

impl Responder {
    pub(crate) fn start(path: &Path) -> Self {
        let listener = UnixListener::bind(path).expect("a socket");
        for _ in 0..THREADS {
            let listener = listener.try_clone().expect("another handle of the socket");
            thread::spawn(move || {
                let answer = answer();
                for stream in listener.incoming().flatten() {
                    // Fails only if the client has disconnected.
                    let _ = respond(stream, &answer);
                }
            });
        }
        Self { path: path.to_owned() }
    }

    /// Returns the median time of a request without a gate or nginx in between, in microseconds.
    pub(crate) fn median_directly(&self) -> f64 {
        let begin = [&[1, 1, 0, 1, 0, 8, 0, 0][..], &[0, 1, 0, 0, 0, 0, 0, 0]].concat();
        let parameters =
            [&[1, 4, 0, 1, 0, 18, 0, 0][..], b"\x0e\x02REQUEST_METHODGE", &[1, 4, 0, 1, 0, 0, 0, 0]].concat();
        let request = [begin, parameters, END.to_vec()].concat();
        median((0..DIRECT).map(|_| {
            let started = Instant::now();
            let mut stream = UnixStream::connect(&self.path).expect("a connection");
            stream.write_all(&request).expect("it is sent");
            let mut answer = Vec::with_capacity(2 * BYTES);
            stream.read_to_end(&mut answer).expect("an answer");
            started.elapsed().as_secs_f64() * 1e6
        }))
    }
}

fn respond(mut stream: UnixStream, answer: &[u8]) -> io::Result<()> {
    let mut request = vec![0; 64 * 1024];
    let mut length = 0;
    while !request[..length].ends_with(&END) {
        match stream.read(&mut request[length..])? {
            0 => return Ok(()),
            more => length += more,
        }
    }
    stream.write_all(answer)
}

/// Returns the records of an answer: STDOUT with head and body, the end of STDOUT, and END_REQUEST.
fn answer() -> Vec<u8> {
    let head = b"Content-Type: image/png\r\nContent-Length: 1000\r\n\r\n";
    let content = [&head[..], &[b'p'; BYTES]].concat();
    let [high, low] = u16::try_from(content.len()).expect("it is short").to_be_bytes();
    let end = [&[1, 6, 0, 1, 0, 0, 0, 0][..], &[1, 3, 0, 1, 0, 8, 0, 0], &[0; 8]].concat();
    [&[1, 6, 0, 1, high, low, 0, 0][..], &content, &end].concat()
}
