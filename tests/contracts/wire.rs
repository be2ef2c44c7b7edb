//! An HTTP server that sends raw bytes, so that it can be slow, break off and send wrong lengths.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// A server on a loopback port.
#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    bytes_sent: Arc<Mutex<Vec<usize>>>,
}

/// One connection, after its request was read.
pub(crate) struct Conversation {
    stream: TcpStream,
    sent: usize,
}

impl Server {
    /// Starts a server that handles every connection with `answer`, in a thread of its own.
    pub(crate) fn with(answer: impl Fn(&mut Conversation) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
            bytes_sent: Arc::default(),
        };
        let (this, answer) = (server.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (this, answer) = (this.clone(), Arc::clone(&answer));
                thread::spawn(move || this.serve(stream.unwrap(), answer.as_ref()));
            }
        });
        server
    }

    /// Starts a server that answers every request with these bytes.
    pub(crate) fn sending(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::with(move |conversation| {
            conversation.send(&answer);
        })
    }

    fn serve(&self, mut stream: TcpStream, answer: &dyn Fn(&mut Conversation)) {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => break,
            }
        }
        self.seen.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
        let mut conversation = Conversation { stream, sent: 0 };
        answer(&mut conversation);
        self.bytes_sent.lock().unwrap().push(conversation.sent);
    }

    /// Its URL.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the head of every request, or what was sent instead.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// Waits until the first connection ends, and returns the number of bytes sent.
    pub(crate) fn sent(&self) -> usize {
        for _ in 0..6_000 {
            if let Some(sent) = self.bytes_sent.lock().unwrap().first() {
                return *sent;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the connection does not end");
    }
}

impl Conversation {
    /// Sends `bytes`. Returns false if the client has gone.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        let done = self.stream.write_all(bytes).is_ok();
        self.sent += if done { bytes.len() } else { 0 };
        done
    }

    /// Sends `bytes` one by one with a pause before each, until the client has gone.
    pub(crate) fn trickle(&mut self, bytes: &[u8], pause: Duration) {
        for byte in bytes {
            thread::sleep(pause);
            if !self.send(std::slice::from_ref(byte)) {
                return;
            }
        }
    }
}

/// Returns an answer with this status, these header lines, and `body` with its `Content-Length`.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
