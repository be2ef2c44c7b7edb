//! A server for tests, over `FastCGI` and over HTTP/1.1, that answers well or badly: `do=…` in the query says how.

use std::{io, sync::Arc};

use bytes::Bytes;
use http::Method;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
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
        "cut_head" => vec![Step::Raw(stdout(b"Content-Type: te")), Step::Cut],
        "end_in_head" => vec![Step::Raw(stdout(b"Content-Type: te")), Step::Raw(end(0))],
        "short" => vec![Step::Raw(stdout(b"Content-Length: 3\n\nab")), Step::Raw(end(0))],
        "long" => vec![Step::Raw(stdout(b"Content-Length: 3\n\nabcd")), Step::Raw(end(0))],
        "stderr" => vec![Step::Raw(stderr()), Step::Head("A: 1\n".into()), Step::Raw(stderr())],
        "flood_stderr" => vec![Step::Raw(stderr().repeat(100))],
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

fn stdout(content: &[u8]) -> Vec<u8> {
    content.chunks(8_184).flat_map(|part| record(6, part)).collect()
}

fn stderr() -> Vec<u8> {
    record(7, &vec![b'e'; 20_000])
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let padding = 8 - low % 8;
    [&[1, kind, 0, 1, high, low, padding, 0][..], content, &vec![0; padding.into()]].concat()
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
                tokio::spawn(fastcgi(stream, Arc::clone(&told)));
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
                tokio::spawn(fastcgi(stream, Arc::clone(&told)));
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
                tokio::spawn(http(stream, Arc::clone(&told)));
            }
        });
        Self { address, left, _folder: None }
    }
}

async fn fastcgi(mut stream: impl AsyncRead + AsyncWrite + Unpin, left: Arc<Notify>) -> io::Result<()> {
    let asked = read_fastcgi(&mut stream).await?;
    for step in steps(&asked) {
        match step {
            Step::Head(lines) => stream.write_all(&stdout(format!("{lines}\n").as_bytes())).await?,
            Step::Data(bytes) => stream.write_all(&stdout(&bytes)).await?,
            Step::Raw(bytes) => stream.write_all(&bytes).await?,
            Step::Flood => flood(&mut stream, &stdout(&vec![b'f'; 100_000]), &left).await,
            Step::Hang => hang(&mut stream, &left).await,
            Step::Cut => return Ok(()),
        }
    }
    stream.write_all(&[record(6, &[]), record(3, &[0; 8])].concat()).await?;
    linger(&mut stream).await
}

/// As libfcgi does: a connection that is closed with bytes unread takes the last of the answer with it.
async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    stream.shutdown().await?;
    while stream.read(&mut [0; 4_096]).await? > 0 {}
    Ok(())
}

/// Reads a request as libfcgi does, which takes a second empty STDIN for an error.
async fn read_fastcgi(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Asked> {
    let (mut parameters, mut asked) = (Vec::new(), Asked::default());
    loop {
        let mut header = [0; 8];
        stream.read_exact(&mut header).await?;
        let [1, kind, 0, 1, high, low, padding, _] = header else { panic!("{header:?}") };
        let mut content = vec![0; u16::from_be_bytes([high, low]).into()];
        stream.read_exact(&mut content).await?;
        stream.read_exact(&mut vec![0; padding.into()]).await?;
        match kind {
            1 => assert_eq!(content, [0, 1, 0, 0, 0, 0, 0, 0]),
            4 if content.is_empty() => {
                record_parameters(&parameters, &mut asked);
                if asked.query.starts_with("do=early") {
                    return Ok(asked);
                }
            }
            4 => parameters.extend(content),
            5 if content.is_empty() => return Ok(asked),
            5 => asked.body.extend(content),
            _ => panic!("{header:?}"),
        }
    }
}

fn record_parameters(mut bytes: &[u8], asked: &mut Asked) {
    fn length(bytes: &mut &[u8]) -> usize {
        let (length, rest) = match **bytes {
            [short, ref rest @ ..] if short < 0x80 => (short.into(), rest),
            [a, b, c, d, ref rest @ ..] => (u32::from_be_bytes([a & 0x7F, b, c, d]), rest),
            _ => panic!("{bytes:?}"),
        };
        *bytes = rest;
        length.try_into().unwrap()
    }
    while !bytes.is_empty() {
        let (name, value) = (length(&mut bytes), length(&mut bytes));
        let (pair, rest) = bytes.split_at(name + value);
        let (name, value) = pair.split_at(name);
        let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value).into_owned());
        match &*name {
            "REQUEST_METHOD" => asked.method = value,
            "REQUEST_URI" => asked.target = value,
            "QUERY_STRING" => asked.query = value,
            _ => asked.headers.extend([&*name, ": ", &value, "\n"]),
        }
        bytes = rest;
    }
}

async fn http(stream: impl AsyncRead + AsyncWrite + Unpin, left: Arc<Notify>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read_http(&mut stream).await? {
        for step in steps(&asked) {
            match step {
                Step::Head(lines) => stream.write_all(http_head(&lines).as_bytes()).await?,
                Step::Data(bytes) if asked.query.starts_with("do=echo") => stream.write_all(&bytes).await?,
                Step::Data(bytes) if asked.query.starts_with("do=cut_long") => {
                    stream.write_all(&bytes).await?;
                }
                Step::Data(bytes) => stream.write_all(&chunk(&bytes)).await?,
                Step::Flood => flood(&mut stream, &chunk(&vec![b'f'; 100_000]), &left).await,
                Step::Raw(bytes) => stream.write_all(&bytes).await?,
                Step::Hang => hang(&mut stream, &left).await,
                Step::Cut => return Ok(()),
            }
        }
        if !asked.query.starts_with("do=echo") && !asked.query.starts_with("do=empty") {
            stream.write_all(b"0\r\n\r\n").await?;
        }
        if asked.query.starts_with("do=early") {
            return linger(&mut stream).await;
        }
    }
    Ok(())
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// The head of CGI, as a web server makes it one of HTTP.
fn http_head(lines: &str) -> String {
    let status = lines.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    let others: String =
        lines.lines().filter(|line| !line.starts_with("Status:")).flat_map(|line| [line, "\r\n"]).collect();
    let has_length = lines.contains("Content-Length") || status.starts_with("204");
    let framing = if has_length { "" } else { "Transfer-Encoding: chunked\r\n" };
    format!("HTTP/1.1 {status}\r\n{others}{framing}\r\n")
}

async fn read_http(stream: &mut BufReader<impl AsyncRead + Unpin>) -> io::Result<Option<Asked>> {
    let (mut asked, mut line) = (Asked::default(), String::new());
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ');
    asked.method = words.next().unwrap().into();
    let (target, query) = words.next().unwrap().split_once('?').unwrap();
    (asked.target, asked.query) = (target.into(), query.into());
    let mut length = 0;
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        if line == "\r\n" {
            break;
        }
        if let Some(digits) = line.to_lowercase().strip_prefix("content-length:") {
            length = digits.trim().parse().unwrap();
        }
        asked.headers += &line;
    }
    if !asked.query.starts_with("do=early") {
        asked.body = vec![0; length];
        stream.read_exact(&mut asked.body).await?;
    }
    Ok(Some(asked))
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
