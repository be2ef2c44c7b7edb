//! A server for tests, over `FastCGI` and over HTTP/1.1, that answers well or badly: `do=…` in the query says how.

mod fastcgi;
mod http;

use std::{io, sync::Arc};

use ::http::Method;
use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, UnixListener},
    sync::Notify,
};

use super::{QgisBody, QgisRequest};

/// Bytes of a large answer.
pub(super) const LARGE: usize = 3_000_000;
/// Data that hold what ends the head of another server.
pub(super) const TRAP: &[u8] = b"X-Accel-Redirect: /secret\r\n\r\ntwo\n\nthree\0";

/// What the server does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Head(String),
    Data(Vec<u8>),
    /// Data without end.
    Flood,
    Hang,
    /// The connection ends.
    Cut,
    /// Bytes past the protocol.
    Raw(Vec<u8>),
}

/// What a request said.
#[derive(Debug, Default)]
struct Asked {
    method: String,
    target: String,
    query: String,
    headers: String,
    body: Vec<u8>,
}

/// A request that the server answers in the way `how`.
pub(super) fn asking(how: &str) -> QgisRequest {
    QgisRequest {
        method: Method::GET,
        path: String::new(),
        query: format!("do={how}"),
        body: None,
        accept: None,
        public_url: "https://gis.example/pozi/ows/planning/".into(),
    }
}

/// The same with a body of `length` bytes.
pub(super) fn posting(how: &str, length: usize) -> QgisRequest {
    let bytes: Bytes = vec![b'b'; length].into();
    QgisRequest {
        method: Method::POST,
        body: Some(QgisBody { content_type: "text/xml", bytes }),
        ..asking(how)
    }
}

fn steps(asked: &Asked) -> Vec<Step> {
    let head = |lines: &str| Step::Head(format!("Content-Type: text/xml\n{lines}"));
    let data = |bytes: &[u8]| Step::Data(bytes.to_vec());
    let how = asked.query.split(['=', '&']).nth(1).unwrap_or_default();
    match how {
        "echo" => {
            let Asked { method, target, query, headers, body } = asked;
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

/// What only one protocol has: for `FastCGI` records, for HTTP bytes.
fn raw_steps(how: &str) -> Vec<Step> {
    let raw = |bytes: &[u8]| Step::Raw(bytes.to_vec());
    let end = |status| [&[1, 3, 0, 1, 0, 8, 0, 0][..], &[0, 0, 0, 0, status, 0, 0, 0]].concat();
    match how {
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
        other => panic!("nothing is known of {other:?}"),
    }
}

/// A running server.
#[derive(Debug)]
pub(super) struct Responder {
    /// `unix:…`, `host:port` or `http://…`.
    pub(super) address: String,
    /// Told once for each connection that the client closed while the server flooded it or hung.
    pub(super) left: Arc<Notify>,
    _folder: Option<tempfile::TempDir>,
}

impl Responder {
    /// One that listens for `FastCGI` on a unix socket.
    pub(super) fn fastcgi_unix() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("qgis.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let left = Arc::new(Notify::new());
        let told = Arc::clone(&left);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(fastcgi::serve(stream, Arc::clone(&told)));
            }
        });
        Self { address: format!("unix:{}", path.display()), left, _folder: Some(folder) }
    }

    /// One that listens for `FastCGI` on a port.
    pub(super) async fn fastcgi_tcp() -> Self {
        let (listener, left) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Arc::new(Notify::new()));
        let (address, told) = (listener.local_addr().unwrap().to_string(), Arc::clone(&left));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(fastcgi::serve(stream, Arc::clone(&told)));
            }
        });
        Self { address, left, _folder: None }
    }

    /// One that listens for HTTP on a port.
    pub(super) async fn http() -> Self {
        let (listener, left) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Arc::new(Notify::new()));
        let address = format!("http://{}/qgis/", listener.local_addr().unwrap());
        let told = Arc::clone(&left);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(http::serve(stream, Arc::clone(&told)));
            }
        });
        Self { address, left, _folder: None }
    }
}

/// As libfcgi does: a connection that is closed with bytes unread takes the last of the answer with it.
async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    stream.shutdown().await?;
    while stream.read(&mut [0; 4_096]).await? > 0 {}
    Ok(())
}

/// Sends `bytes` again and again until the client leaves.
async fn flood(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8], left: &Notify) {
    while stream.write_all(bytes).await.is_ok() {}
    left.notify_one();
}

/// Does nothing until the client leaves.
async fn hang(stream: &mut (impl AsyncRead + Unpin), left: &Notify) {
    while stream.read(&mut [0; 1024]).await.is_ok_and(|read| read > 0) {}
    left.notify_one();
}
