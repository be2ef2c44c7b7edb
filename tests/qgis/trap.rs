//! A listener that no server may connect to, which counts connections.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// A local port that no server may connect to.
pub(crate) struct Trap {
    pub(crate) port: u16,
    calls: Arc<AtomicUsize>,
}

impl Trap {
    /// Starts to listen, until the test ends.
    pub(crate) fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, calls) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&calls);
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::SeqCst);
                stream.set_read_timeout(Some(Duration::from_secs(1))).ok();
                // Reads the request first: closing with unread bytes resets the connection and loses the answer.
                let _request = stream.read(&mut [0; 1024]).unwrap_or_default();
                stream.write_all(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n").ok();
            }
        });
        Self { port, calls }
    }

    /// The number of connections so far.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}
