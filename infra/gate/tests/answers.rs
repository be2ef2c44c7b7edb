//! Answers of a real QGIS Server for projects with and without an Advertised URL, over `FastCGI` and over HTTP on a
//! loopback port: whatever address QGIS Server uses for itself, every link leads to the gate.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::{
    env, fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    str,
};

use axum::body::Body;
use http::{Response, header::CONTENT_TYPE};
use http_body_util::BodyExt as _;
use pozi_gate::answer::{Interface, Links, rebuild};

const BASE: &str = "https://council.example/pozi/ows/roads/";
const QGIS: [&str; 2] = ["/usr/lib/cgi-bin/qgis_mapserv.fcgi", "/usr/lib/python3/dist-packages/qgis"];
/// Links in the projects' own texts and data, which stay unchanged.
const AUTHORS: &str = "https://stones.example/";

#[tokio::test]
async fn every_link_of_a_real_qgis_server_leads_back_to_the_gate() {
    let Some(folder) = answers() else { return };
    let mut links_seen = 0;
    for entry in fs::read_dir(folder.path().join("answers")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let (found, answer) = rebuilt(folder.path(), name, &fs::read(&path).unwrap()).await;
        assert_eq!(answer.status(), found.status(), "{name}");
        assert_eq!(answer.headers()[CONTENT_TYPE], found.headers()[CONTENT_TYPE], "{name}");
        assert!(!answer.headers().contains_key("server"), "{name}");
        let Ok(text) = str::from_utf8(answer.body()) else { continue };
        links_seen += check(name, text, folder.path());
        let authors = |text: &str| text.matches(AUTHORS).count();
        assert_eq!(authors(text), authors(str::from_utf8(found.body()).unwrap()), "{name}");
    }
    println!("{links_seen} links lead back to the gate");
    assert!(links_seen > 900, "{links_seen}");
}

/// Checks that `text` has no address of QGIS Server, and returns the number of links to the gate.
fn check(name: &str, text: &str, folder: &Path) -> usize {
    for sign in [
        "127.0.0.1",
        "localhost",
        "advertised.example",
        "old.example",
        "MAP=",
        "C:/Old",
        folder.to_str().unwrap(),
        "qgis_mapserv",
    ] {
        assert!(!text.contains(sign), "{name}: {sign} in {text}");
    }
    let own = text.match_indices("https://council.example").map(|(at, _)| &text[at..]);
    own.map(|link| {
        assert!(
            link.starts_with(BASE) || link.starts_with(&format!("{}\"", BASE.trim_end_matches('/'))),
            "{name}: {}",
            &link[..80]
        );
        let link = link.split(['"', '<', ' ', '\n', ',']).next().unwrap();
        assert!(url::Url::parse(link).is_ok_and(|url| url.as_str() == link), "{name}: {link}");
        assert!(!link.contains("??") && !link.contains("&&"), "{name}: {link}");
    })
    .count()
}

/// Returns QGIS Server's answer, and the answer that the gate makes of it.
async fn rebuilt(folder: &Path, name: &str, raw: &[u8]) -> (Response<Vec<u8>>, Response<Vec<u8>>) {
    let project = if name.starts_with("plain") { "Pozi Maps/Road Maps.qgs" } else { "advertised/roads.qgs" };
    let own = ["http://localhost/".to_owned(), "http://127.0.0.1:8085/qgis/qgis_mapserv.fcgi.exe".to_owned()];
    let links = Links::new(BASE, &own, folder.join(project).to_str().unwrap(), "roads");
    let interface = if name.contains("api-") { Interface::Api } else { Interface::WebService };
    let found = parsed(raw);
    let answer = rebuild(found.clone().map(Body::from), interface, &links).await;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    (found, Response::from_parts(parts, body))
}

/// Parses the answer of a CGI program (RFC 3875 §6): headers that end in LF, an empty line, the body.
fn parsed(raw: &[u8]) -> Response<Vec<u8>> {
    let end = raw.windows(2).position(|two| two == b"\n\n").unwrap();
    let mut answer = Response::new(raw[end + 2..].to_vec());
    for line in str::from_utf8(&raw[..end]).unwrap().lines() {
        let (name, value) = line.split_once(':').unwrap();
        let value = value.trim();
        if name == "Status" {
            *answer.status_mut() = value[..3].parse().unwrap();
        } else {
            let name: http::HeaderName = name.parse().unwrap();
            answer.headers_mut().insert(name, value.parse().unwrap());
        }
    }
    answer
}

/// Returns the folder with QGIS Server's answers; nothing if it is not installed.
fn answers() -> Option<tempfile::TempDir> {
    if !QGIS.iter().all(|path| Path::new(path).exists()) {
        assert!(env::var_os("CI").is_none(), "QGIS Server and PyQGIS are missing");
        let notice = "NOT RUN: answers of a real QGIS Server need Debian's qgis-server and python3-qgis\n";
        std::io::stderr().write_all(notice.as_bytes()).ok();
        return None;
    }
    let folder = tempfile::Builder::new().prefix("pozi-").tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/answers/ask.py");
    let done = Command::new("sh")
        .args(["-c", "ulimit -v 4000000; exec /usr/bin/python3 \"$@\"", "sh", script])
        .arg(folder.path())
        .env("HOME", folder.path())
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("QT_QPA_PLATFORM", "offscreen")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(folder)
}
