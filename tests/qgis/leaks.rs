//! What gives a leak away: beta's word or colour in an answer, another's host, or a call to where nobody may call.

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

use super::{colours::colours, wire::Answer};

/// Listens where nobody may call, and counts who does.
pub(crate) struct Trap {
    pub(crate) port: u16,
    calls: Arc<AtomicUsize>,
}

impl Trap {
    pub(crate) fn set() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, calls) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&calls);
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::SeqCst);
                stream.set_read_timeout(Some(Duration::from_secs(1))).ok();
                // Read, or closing would be a reset and the answer lost.
                let _of_no_interest = stream.read(&mut [0; 1024]).unwrap_or_default();
                stream.write_all(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n").ok();
            }
        });
        Self { port, calls }
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// What leaked with this answer, if anything did.
pub(crate) fn leaks(answer: &Answer, called: bool) -> Option<&'static str> {
    let said = |word: &str| {
        let text = answer.text().to_lowercase();
        text.contains(word) || answer.headers.iter().any(|(_, value)| value.to_lowercase().contains(word))
    };
    if called {
        Some("the server called out")
    } else if said("bluegum") {
        Some("beta's words")
    } else if said("evil.example") {
        Some("another's host")
    } else if colours(&answer.body).iter().any(|[red, _, blue]| blue > red) {
        Some("beta's colour")
    } else {
        None
    }
}
