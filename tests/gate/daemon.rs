//! The daemon over HTTP, with keys from the service over HTTP.

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    time::Duration,
};

use clap::Parser;
use entra_emulator::Person;
use pozi_auth::{
    adapters::{HttpDocument, SystemClock},
    address::LoopbackUrl,
    fetch::{DocumentFetch, FetchError},
    timestamp::Clock,
};
use pozi_gate::{Daemon, config::GateConfig};
use pozi_local::{args::Args, samples, service::Service};
use serde_json::Value;

use super::site::Site;

/// The configuration of a gate for riverbend, with its files and state in `folder`, and `more` keys in its `gate.toml`.
pub(super) fn config(issuer: &str, folder: &Path, more: &str) -> GateConfig {
    write_site(folder, |text| text);
    let qgis = fake_qgis();
    let text = format!(
        "issuer = \"{issuer}\"\nsite = \"site.toml\"\nlisten = \"127.0.0.1:0\"\nstatus_listen = \"127.0.0.1:0\"\nstate_dir = \"gate-state\"\nproject_paths = \"windows\"\n{more}\n[upstream]\nhttp = \"{qgis}\"\n"
    );
    fs::write(folder.join("gate.toml"), text).unwrap();
    GateConfig::load(&folder.join("gate.toml"), SystemClock.now()).unwrap()
}

/// Starts a fake QGIS Server that opens every project except `faulty.qgz`, and returns its URL.
fn fake_qgis() -> String {
    const CAPABILITIES: &str = "<WMS_Capabilities version=\"1.3.0\"/>";
    const EXCEPTION: &str = "<ServiceExceptionReport><ServiceException code=\"x\">Layer(s) not valid</ServiceException></ServiceExceptionReport>";
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/qgis", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                head.push(byte[0]);
            }
            let body =
                if String::from_utf8(head).unwrap().contains("faulty") { EXCEPTION } else { CAPABILITIES };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    base
}

/// Writes riverbend's site file, changed by `change`, atomically.
pub(super) fn write_site(folder: &Path, change: impl Fn(String) -> String) {
    let text = samples::site_files().remove(0).text;
    fs::write(folder.join("site.toml.new"), change(text)).unwrap();
    fs::rename(folder.join("site.toml.new"), folder.join("site.toml")).unwrap();
}

/// Starts a gate, and returns the URLs for requests and for its status.
pub(super) async fn started(config: GateConfig) -> (String, String) {
    let daemon = Daemon::start(config).await.unwrap();
    let url = |address| format!("http://{address}");
    let places = (url(daemon.address().unwrap()), url(daemon.status_address().unwrap()));
    tokio::spawn(daemon.serve());
    places
}

/// Starts the service, and returns its URL and a session of the reader.
pub(super) async fn service(state: &Path) -> (String, String) {
    let args = Args::parse_from(["pozi-local", "--port=0", "--state", state.to_str().unwrap()]);
    let service = Service::start(&args).await.unwrap();
    let base = service.base().to_owned();
    tokio::spawn(service.serve());
    let session = session_of(&base, "reader").await;
    (base, session)
}

/// Returns a session of `person` at riverbend, from the service at `base`.
pub(super) async fn session_of(base: &str, person: &str) -> String {
    let token = text(&format!("{base}/entra/token?site=riverbend&person={person}")).await;
    let form = pozi_tests::exchange_form(&token, &[]);
    let base = base.to_owned();
    let answered = tokio::task::spawn_blocking(move || post(&base, &form));
    let answer: Value = serde_json::from_str(&answered.await.unwrap()).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn text(url: &str) -> String {
    let url: LoopbackUrl = url.parse().unwrap();
    String::from_utf8(HttpDocument::of_this_machine(&url, []).unwrap().fetch().await.unwrap()).unwrap()
}

/// Sends a POST, and returns the body of the answer.
fn post(base: &str, form: &str) -> String {
    let host = base.trim_start_matches("http://").replace("localhost", "127.0.0.1");
    let mut stream = std::net::TcpStream::connect(&host).unwrap();
    let head = format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(form.as_bytes())).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// Sends `GET url`, and returns the text of a 200, else the status.
async fn get(url: &str, headers: &[(&'static str, &str)]) -> Result<String, u16> {
    let url: LoopbackUrl = url.parse().unwrap();
    let headers =
        headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
    match HttpDocument::of_this_machine(&url, headers).unwrap().fetch().await {
        Ok(body) => Ok(String::from_utf8(body).unwrap()),
        Err(FetchError::Status(status)) => Err(status),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn decides_over_http_and_after_a_restart_without_the_issuer() {
    let state = tempfile::tempdir().unwrap();
    let (base, session) = service(state.path()).await;
    let mut gates = Vec::new();
    // The second one cannot reach the issuer: port 9 is closed.
    for jwks_url in [format!("{base}/.well-known/jwks.json"), "http://127.0.0.1:9/keys".to_owned()] {
        let config = config(&base, state.path(), &format!("jwks_url = \"{jwks_url}\""));
        gates.push(started(config).await);
    }
    for (gate, status) in gates {
        let own = ("x-pozi-session", session.as_str());
        let question = [("x-pozi-catalogue", "planning"), ("x-pozi-method", "GET")];
        let decide = format!("{gate}/decide");
        assert_eq!(get(&decide, &[&question[..], &[own]].concat()).await, Err(204));
        assert_eq!(get(&decide, &question).await, Err(401));
        assert_eq!(get(&decide, &[own]).await, Err(403));
        let health: Value =
            serde_json::from_str(&get(&format!("{status}/health"), &[]).await.unwrap()).unwrap();
        assert_eq!((&health["status"], &health["keys"]["count"]), (&"ok".into(), &1.into()), "{health}");
        let revocations = &health["revocations"];
        assert!(revocations["sequence"].is_u64() && revocations["age_seconds"].is_u64(), "{health}");
        let metrics = get(&format!("{status}/metrics"), &[]).await.unwrap();
        assert!(metrics.contains("pozi_gate_revocations_age_seconds "), "{metrics}");
        assert_eq!(get(&format!("{gate}/health"), &[]).await, Err(404), "health has its own address");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_every_request_without_keys() {
    let state = tempfile::tempdir().unwrap();
    let session = Site::new().await.session(Person::Reader).await;
    let (gate, status) = started(config("http://127.0.0.1:9", state.path(), "")).await;
    let question =
        [("x-pozi-catalogue", "planning"), ("x-pozi-method", "GET"), ("x-pozi-session", &*session)];
    assert_eq!(get(&format!("{gate}/decide"), &question).await, Err(503));
    assert_eq!(get(&format!("{status}/health"), &[]).await, Err(503));
}

/// The body of `/health`.
pub(super) async fn health(status: &str) -> Value {
    serde_json::from_str(&get(&format!("{status}/health"), &[]).await.unwrap()).unwrap()
}

/// Polls until `is_true` returns true.
pub(super) async fn until(what: &str, is_true: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if is_true().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("timed out waiting until {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn applies_a_new_catalogue_without_a_restart_and_ignores_an_invalid_file() {
    let state = tempfile::tempdir().unwrap();
    let (base, session) = service(state.path()).await;
    let (gate, status) = started(config(&base, state.path(), "")).await;
    let decided = async |catalogue: &str| {
        let question =
            [("x-pozi-catalogue", catalogue), ("x-pozi-method", "GET"), ("x-pozi-session", &*session)];
        let body = decide(&gate, &question).await;
        body["reason"].as_str().map(str::to_owned)
    };
    assert_eq!(decided("planning").await, None);
    assert_eq!(decided("roads").await.as_deref(), Some("unknown_catalogue"));

    let roads =
        "\n[[catalogue]]\nid = \"roads\"\ntitle = \"Roads\"\nproject = \"C:/Pozi/roads.qgz\"\nread = []\n";
    write_site(state.path(), |text| text + roads);
    until("the catalogue is known", async || decided("roads").await.as_deref() == Some("scope")).await;

    write_site(state.path(), |text| text.replace("id = \"planning\"", "id = \"Planning\""));
    until("the error is reported", async || health(&status).await["configuration"]["problem"].is_string())
        .await;
    let report = health(&status).await;
    assert_eq!(report["status"], "degraded");
    assert!(report["configuration"]["problem"].as_str().unwrap().contains("site.toml:"), "{report}");
    assert_eq!(decided("roads").await.as_deref(), Some("scope"), "the previous one stays in force");

    write_site(state.path(), |text| text);
    until("the file is valid again", async || health(&status).await["status"] == "ok").await;
    assert_eq!(decided("roads").await.as_deref(), Some("unknown_catalogue"));
    let gate_toml = fs::read_to_string(state.path().join("gate.toml")).unwrap();
    fs::write(state.path().join("gate.toml"), gate_toml.replace("127.0.0.1:0", "127.0.0.1:9")).unwrap();
    until("a restart is requested", async || {
        health(&status).await["configuration"]["needs_restart"]
            == serde_json::json!(["listen", "status_listen"])
    })
    .await;
}

/// Returns the body of the answer of `/decide`; null if it allows the request.
pub(super) async fn decide(gate: &str, headers: &[(&str, &str)]) -> Value {
    let mut request = "GET /decide HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n".to_owned();
    for (name, value) in headers {
        request.extend([*name, ": ", *value, "\r\n"]);
    }
    let answer = raw(gate, request + "\r\n").await;
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_default()
}

/// Sends these bytes, and returns the whole answer.
pub(super) async fn raw(base: &str, bytes: String) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(base.trim_start_matches("http://")).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn serves_health_and_metrics_only_for_its_own_host_names() {
    let state = tempfile::tempdir().unwrap();
    let (_, status) = started(config("http://127.0.0.1:9", state.path(), "")).await;
    let ask = async |path: &str, host: &str| {
        raw(&status, format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await
    };
    for (path, host, first) in [
        ("/metrics", "localhost:8182", "HTTP/1.1 200"),
        ("/health", "127.0.0.1", "HTTP/1.1 503"),
        ("/metrics", "rebound.example", "HTTP/1.1 403"),
        ("/health", "rebound.example:8182", "HTTP/1.1 403"),
        ("/decide", "localhost", "HTTP/1.1 404"),
    ] {
        let answer = ask(path, host).await;
        assert!(answer.starts_with(first), "{path} {host}: {answer}");
        assert!(!answer.contains("127.0.0.1:9"), "no part of the configuration: {answer}");
    }
}
