//! nginx and Caddy from Debian in front of the gate, with the examples verbatim.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use super::machine::{HERE, curl, run, succeeded};

/// A running gateway.
pub(crate) struct Gateway(Child);

impl Gateway {
    /// Starts nginx with the example in addition to Debian's configuration.
    pub(crate) fn nginx() -> Self {
        fs::copy(format!("{HERE}/../../tls/nginx.conf"), "/etc/nginx/conf.d/pozi.conf").unwrap();
        Self::start_nginx(443)
    }

    /// Starts Caddy with the example as its only configuration.
    pub(crate) fn caddy() -> Self {
        let mut caddy = Command::new("caddy");
        caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(format!("{HERE}/../../tls/Caddyfile"));
        Self::start(&mut caddy, 443)
    }

    fn start_nginx(port: u16) -> Self {
        succeeded(Command::new("nginx").arg("-t"));
        Self::start(Command::new("nginx").args(["-g", "daemon off;"]), port)
    }

    fn start(command: &mut Command, port: u16) -> Self {
        let log = fs::File::create("/run/log-gateway").unwrap();
        let output = [log.try_clone().unwrap(), log];
        let [stdout, stderr] = output.map(Stdio::from);
        let mut child = command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "{}", fs::read_to_string("/run/log-gateway").unwrap());
            thread::sleep(Duration::from_millis(50));
        }
        Self(child)
    }

    /// Stops it and waits until it has ended.
    pub(crate) fn stop(mut self) {
        run(&format!("kill -QUIT {}", self.0.id()), Path::new("/"));
        self.0.wait().unwrap();
    }
}

/// Tries the README's example for other backends with nginx's default limits: only a session with access gets an upload
/// of 1.1 MB through.
pub(crate) fn decide(example: &str, session: &str, folder: &Path) {
    thread::spawn(backend);
    let upload = folder.join("upload");
    fs::write(&upload, vec![b'x'; 1_100_000]).unwrap();
    let upload = format!("@{}", upload.display());
    let ask = |more: &[&str]| {
        let method = ["-X", "GET", "-H", "Expect:", "--data-binary", &upload];
        curl(&[&method[..], more, &["http://127.0.0.1:8080/tiles/planning/1/2/3.png"]].concat())
    };
    let gateway = nginx_with(example);
    let session = format!("X-Pozi-Session: {session}");
    let answer = ask(&["-H", &session]);
    assert!(answer.head.starts_with("200") && answer.body == b"1100000", "{answer:?}");
    assert!(ask(&[]).head.starts_with("401"));
    assert!(ask(&["-H", "X-Pozi-Session: other"]).head.starts_with("401"));
    gateway.stop();

    let gateway = nginx_with(&example.replace("client_max_body_size 0;", ""));
    assert!(ask(&["-H", &session]).head.starts_with("500"), "without this line uploads fail");
    gateway.stop();
}

fn nginx_with(example: &str) -> Gateway {
    let server = format!("server {{\nlisten 127.0.0.1:8080;\n{example}}}\n");
    fs::write("/etc/nginx/conf.d/pozi.conf", server).unwrap();
    Gateway::start_nginx(8080)
}

/// A backend that answers with the length of the body it receives.
fn backend() {
    let listener = TcpListener::bind("127.0.0.1:9000").unwrap();
    for client in listener.incoming() {
        let mut client = client.unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap() == 1 {
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length =
            head.split_once("content-length: ").map_or("0", |(_, rest)| rest.lines().next().unwrap());
        let mut body = vec![0; length.parse().unwrap()];
        client.read_exact(&mut body).unwrap();
        let text = body.len().to_string();
        write!(
            client,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        )
        .unwrap();
    }
}
