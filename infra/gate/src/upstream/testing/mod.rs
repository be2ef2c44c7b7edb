//! A server for tests, over `FastCGI` and HTTP/1.1, whose behaviour each request chooses by `do=…` in its query.

mod fastcgi;
mod http;

use std::{io, sync::Arc};

use ::http::Method;
use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    sync::Notify,
};

use super::{QgisBody, QgisRequest, UpstreamError};

/// The length of a large answer, in bytes.
pub(super) const LARGE: usize = 3_000_000;
/// Data with empty lines of both kinds, which must not be read as headers.
pub(super) const TRAP: &[u8] = b"X-Accel-Redirect: /secret\r\n\r\ntwo\n\nthree\0";

/// A step of the server's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Head(String),
    Data(Vec<u8>),
    /// Endless data.
    Flood,
    Hang,
    /// The end of the connection.
    Cut,
    /// Bytes outside the protocol.
    Raw(Vec<u8>),
}

/// A request as received.
#[derive(Debug, Default)]
struct Received {
    method: String,
    target: String,
    query: String,
    headers: String,
    body: Vec<u8>,
}

/// Finds the upstream error among the causes of `error`, in which a body ended.
pub(super) fn upstream_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a UpstreamError> {
    std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref())
}

/// Returns a GET request that chooses `behaviour`.
pub(super) fn get(behaviour: &str) -> QgisRequest {
    QgisRequest {
        method: Method::GET,
        path: String::new(),
        query: format!("do={behaviour}"),
        body: None,
        accept: None,
        public_url: "https://gis.example/pozi/ows/planning/".into(),
    }
}

/// Returns a POST request with a body of `length` bytes.
pub(super) fn post(behaviour: &str, length: usize) -> QgisRequest {
    let bytes: Bytes = vec![b'b'; length].into();
    QgisRequest {
        method: Method::POST,
        body: Some(QgisBody { content_type: "text/xml", bytes }),
        ..get(behaviour)
    }
}

fn steps(request: &Received) -> Vec<Step> {
    let head = |lines: &str| Step::Head(format!("Content-Type: text/xml\n{lines}"));
    let data = |bytes: &[u8]| Step::Data(bytes.to_vec());
    match request.query.split(['=', '&']).nth(1).unwrap_or_default() {
        "echo" => {
            let Received { method, target, query, headers, body } = request;
            let all_same = body.iter().all(|byte| *byte == b'b');
            let text = format!("{method} {target}\n{query}\n{headers}\n{} {all_same}", body.len());
            vec![head(&format!("Content-Length: {}\n", text.len())), Step::Data(text.into_bytes())]
        }
        "trap" => vec![head("Server: QGIS\n"), data(TRAP)],
        "missing" => vec![head("Status: 404 Not Found\n"), data(b"no"), data(b"thing")],
        "redirect" => vec![head("Status: 302 Found\nLocation: http://127.0.0.1:1/\n"), data(b"there")],
        "empty" => vec![head("Status: 204 No Content\n")],
        "large" | "early" => {
            let part = |index| Step::Data(vec![u8::try_from(index % 251).unwrap(); LARGE / 100]);
            [head("")].into_iter().chain((0..100).map(part)).collect()
        }
        "close" => vec![Step::Cut],
        "cut_data" => vec![head(""), data(b"half"), Step::Cut],
        "cut_long" => vec![head("Content-Length: 9\n"), data(b"half"), Step::Cut],
        "flood" => vec![head(""), Step::Flood],
        "flood_head" => vec![head(&format!("A: {}\n", "a".repeat(20_000)))],
        "hang_head" => vec![Step::Hang],
        "hang_data" => vec![head(""), data(b"half"), Step::Hang],
        other => raw_steps(other),
    }
}

/// Returns steps specific to one protocol: `FastCGI` records or HTTP bytes.
fn raw_steps(behaviour: &str) -> Vec<Step> {
    let raw = |bytes: &[u8]| Step::Raw(bytes.to_vec());
    let end = |status| [&[1, 3, 0, 1, 0, 8, 0, 0][..], &[0, 0, 0, 0, status, 0, 0, 0]].concat();
    match behaviour {
        "garbage" => vec![raw(&[0xAB; 100])],
        "wrong_id" => vec![raw(&[1, 6, 0, 2, 0, 1, 0, 0, b'x'])],
        "overloaded" => vec![Step::Raw(end(2))],
        "cut_head" => vec![Step::Raw(fastcgi::stdout(b"Content-Type: te")), Step::Cut],
        "end_in_head" => vec![Step::Raw(fastcgi::stdout(b"Content-Type: te")), Step::Raw(end(0))],
        "short" => vec![Step::Raw(fastcgi::stdout(b"Content-Length: 3\n\nab")), Step::Raw(end(0))],
        "long" => vec![Step::Raw(fastcgi::stdout(b"Content-Length: 3\n\nabcd")), Step::Raw(end(0))],
        "stderr" => {
            vec![Step::Raw(fastcgi::stderr()), Step::Head("A: 1\n".into()), Step::Raw(fastcgi::stderr())]
        }
        "flood_stderr" => vec![Step::Raw(fastcgi::stderr().repeat(100))],
        "http_garbage" => vec![raw(b"SSH-2.0-OpenSSH\r\n")],
        "http_chunk" => vec![raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")],
        "http_unbounded" => vec![raw(b"HTTP/1.1 200 OK\r\n\r\nall?"), Step::Cut],
        "http_gzip" => {
            vec![raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx")]
        }
        "http_upgrade" => vec![raw(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")],
        other => panic!("unknown behaviour {other:?}"),
    }
}

/// A running server.
#[derive(Debug)]
pub(super) struct Responder {
    /// `unix:…`, `host:port` or `http://…`.
    pub(super) address: String,
    /// Notified for each connection that the client closed during [`Step::Flood`] or [`Step::Hang`].
    pub(super) disconnected: Arc<Notify>,
    _folder: Option<tempfile::TempDir>,
}

impl Responder {
    /// Listens for `FastCGI` on a Unix socket.
    #[cfg(unix)] // Tokio has no Unix sockets on Windows.
    pub(super) fn fastcgi_unix() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("qgis.sock");
        let listener = tokio::net::UnixListener::bind(&path).unwrap();
        let disconnected = Arc::new(Notify::new());
        let notify = Arc::clone(&disconnected);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(fastcgi::serve(stream, Arc::clone(&notify)));
            }
        });
        Self { address: format!("unix:{}", path.display()), disconnected, _folder: Some(folder) }
    }

    /// Listens for `FastCGI` on a port.
    pub(super) async fn fastcgi_tcp() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let disconnected = Arc::new(Notify::new());
        let notify = Arc::clone(&disconnected);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(fastcgi::serve(stream, Arc::clone(&notify)));
            }
        });
        Self { address, disconnected, _folder: None }
    }

    /// Listens for HTTP on a port.
    pub(super) async fn http() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/qgis/", listener.local_addr().unwrap());
        let disconnected = Arc::new(Notify::new());
        let notify = Arc::clone(&disconnected);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(http::serve(stream, Arc::clone(&notify)));
            }
        });
        Self { address, disconnected, _folder: None }
    }
}

/// Reads to the end before closing, like libfcgi: closing with unread bytes would discard the end of the answer.
async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    stream.shutdown().await?;
    while stream.read(&mut [0; 4_096]).await? > 0 {}
    Ok(())
}

/// Sends `bytes` again and again until the client disconnects.
async fn flood(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8], disconnected: &Notify) {
    while stream.write_all(bytes).await.is_ok() {}
    disconnected.notify_one();
}

/// Does nothing until the client disconnects.
async fn hang(stream: &mut (impl AsyncRead + Unpin), disconnected: &Notify) {
    while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
    disconnected.notify_one();
}
