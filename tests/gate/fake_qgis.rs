//! A fake QGIS Server that speaks FastCGI. The name of the requested layer determines how it answers; a request for JSON is
//! answered with a link, whatever interface it uses.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

/// Bytes in the answer to `large`: more than the buffers of any system hold.
pub(crate) const LARGE: usize = 32 * 1024 * 1024;
/// A document with a link of QGIS Server.
pub(crate) const LINKED: &str =
    r#"{"links":[{"href":"http://localhost/wfs3/collections?MAP=C:/maps/planning.qgz"}]}"#;
/// Bytes in one record at most, a multiple of eight.
const MAX_RECORD_BYTES: usize = 65_528;
/// The end of STDIN, which ends a request.
const END: [u8; 8] = [1, 5, 0, 1, 0, 0, 0, 0];

/// A server that answers until the test ends, shared by clones.
#[derive(Clone)]
pub(crate) struct FakeQgis {
    pub(crate) address: String,
    heard: Arc<Heard>,
}

#[derive(Default)]
struct Heard {
    requests: AtomicUsize,
    left: AtomicUsize,
    changed: Notify,
    release: Notify,
}

impl FakeQgis {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard = Arc::new(Heard::default());
        let hearing = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&hearing)));
            }
        });
        Self { address, heard }
    }

    /// Waits until this many requests have arrived in total.
    pub(crate) async fn heard(&self, requests: usize) {
        self.until(|heard| heard.requests.load(Ordering::SeqCst) >= requests).await;
    }

    /// Waits until the gate has closed this many connections before their answers ended.
    pub(crate) async fn left(&self, connections: usize) {
        self.until(|heard| heard.left.load(Ordering::SeqCst) >= connections).await;
    }

    /// Returns how many requests have arrived.
    pub(crate) fn requests(&self) -> usize {
        self.heard.requests.load(Ordering::SeqCst)
    }

    /// Lets an answer to `halved` continue.
    pub(crate) fn release(&self) {
        self.heard.release.notify_one();
    }

    async fn until(&self, is_true: impl Fn(&Heard) -> bool) {
        loop {
            let changed = self.heard.changed.notified();
            if is_true(&self.heard) {
                return;
            }
            changed.await;
        }
    }
}

async fn answer(mut stream: TcpStream, heard: Arc<Heard>) {
    let request = read(&mut stream).await;
    heard.requests.fetch_add(1, Ordering::SeqCst);
    heard.changed.notify_waiters();
    let is_for = |layer: &str| request.contains(&format!("LAYERS={layer}&"));
    // Errors while sending are ignored: the gate may have closed the connection.
    if is_for("hangs") {
        let _ = stream.read(&mut [0; 1]).await;
        heard.left.fetch_add(1, Ordering::SeqCst);
        heard.changed.notify_waiters();
    } else if is_for("dies") {
        drop(stream);
    } else if is_for("rubbish") {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n").await;
    } else if is_for("cut") {
        let _ =
            stream.write_all(&records(b"Content-Type: image/png\r\nContent-Length: 900\r\n\r\nhalf")).await;
    } else if is_for("large") {
        let start = format!("Content-Type: image/png\r\nContent-Length: {LARGE}\r\n\r\n");
        whole(&mut stream, &[start.into_bytes(), vec![b'l'; LARGE]].concat()).await;
    } else if is_for("halved") {
        let _ = stream.write_all(&records(b"Content-Type: image/png\r\nContent-Length: 8\r\n\r\nhalf")).await;
        heard.release.notified().await;
        whole(&mut stream, b"half").await;
    } else if request.contains("wfs3.json") || request.contains("INFO_FORMAT=application%2Fjson") {
        whole(&mut stream, format!("Content-Type: application/json\r\n\r\n{LINKED}").as_bytes()).await;
    } else {
        whole(&mut stream, format!("Content-Type: image/png\r\n\r\n{}", project(&request)).as_bytes()).await;
    }
}

/// Reads a whole request, as text in which parameters can be found.
async fn read(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    while !request.ends_with(&END) && stream.read_buf(&mut request).await.is_ok_and(|count| count > 0) {}
    String::from_utf8_lossy(&request).into_owned()
}

/// Returns the name of the project's file in the request.
fn project(request: &str) -> String {
    let map = request.split("MAP=").nth(1).unwrap_or_default();
    map.split(".qgz").next().and_then(|path| path.rsplit("%2F").next()).unwrap_or_default().to_owned()
}

async fn whole(stream: &mut TcpStream, content: &[u8]) {
    let end = [&[1, 6, 0, 1, 0, 0, 0, 0][..], &[1, 3, 0, 1, 0, 8, 0, 0], &[0; 8]].concat();
    let _ = stream.write_all(&[records(content), end].concat()).await;
}

/// Returns `content` as STDOUT records.
fn records(content: &[u8]) -> Vec<u8> {
    let record = |part: &[u8]| {
        let [high, low] = u16::try_from(part.len()).unwrap().to_be_bytes();
        [&[1, 6, 0, 1, high, low, 0, 0][..], part].concat()
    };
    content.chunks(MAX_RECORD_BYTES).flat_map(record).collect()
}
