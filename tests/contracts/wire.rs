//! An HTTP server that is written byte for byte, since a well-behaved one cannot misbehave: it dawdles, trickles,
//! breaks off and lies about lengths.

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
    ended: Arc<Mutex<Vec<usize>>>,
}

/// One connection, after its request was read.
pub(crate) struct Conversation {
    stream: TcpStream,
    sent: usize,
}

impl Server {
    /// Answers every request with `answer`, each in a thread of its own.
    pub(crate) fn answering(answer: impl Fn(&mut Conversation) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server =
            Self { address: listener.local_addr().unwrap(), seen: Arc::default(), ended: Arc::default() };
        let (this, answer) = (server.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (this, answer) = (this.clone(), Arc::clone(&answer));
                thread::spawn(move || this.serve(stream.unwrap(), answer.as_ref()));
            }
        });
        server
    }

    /// A server whose every answer is these bytes.
    pub(crate) fn saying(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::answering(move |conversation| {
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
        self.ended.lock().unwrap().push(conversation.sent);
    }

    /// Its URL.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What every connection began with: requests, or whatever else came.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// How many bytes were sent in the first conversation, once it is over.
    pub(crate) fn sent(&self) -> usize {
        for _ in 0..500 {
            if let Some(sent) = self.ended.lock().unwrap().first() {
                return *sent;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("the conversation does not end");
    }
}

impl Conversation {
    /// Sends `bytes`; false when the other side has gone.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        let done = self.stream.write_all(bytes).is_ok();
        self.sent += if done { bytes.len() } else { 0 };
        done
    }

    /// Sends `bytes` one by one, pausing before each, until all are sent or the other side has gone.
    pub(crate) fn trickle(&mut self, bytes: &[u8], pause: Duration) {
        for byte in bytes {
            thread::sleep(pause);
            if !self.send(std::slice::from_ref(byte)) {
                return;
            }
        }
    }
}

/// An answer with this status line, these headers and a body of the length that it says.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
