//! The daemon as it is started: over HTTP, against the service over HTTP, with a QGIS Server's plugin to watch.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, routing::get};
use http::{HeaderMap, StatusCode};
use pozi_auth::{
    adapters::HttpDocument,
    address::LoopbackUrl,
    ports::{DocumentFetch, FetchError},
};
use pozi_gate::{Daemon, Probe, ProbeState, Verdict, check, config::GateConfig};
use pozi_local::{args::Args, entra::Person, service::Service};
use serde_json::Value;

use super::asking::{RIVERBEND, Site};
use clap::Parser;

async fn served(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

fn config(issuer: &str, state: &Path, more: &str) -> GateConfig {
    let state = state.display();
    format!(
        "issuer = \"{issuer}\"\naudience = \"{RIVERBEND}\"\ncatalogues = [\"planning\", \"assets\"]\nlisten = \"127.0.0.1:0\"\nstate_dir = '{state}'\n{more}"
    )
    .parse()
    .unwrap()
}

/// A session of the reader, from a service that listens; the exchange over HTTP is another test's matter.
async fn service(state: &Path) -> (String, String) {
    let args = Args::parse_from(["pozi-local", "--port=0", "--state", state.to_str().unwrap()]);
    let service = Service::start(&args).await.unwrap();
    let base = service.base().to_owned();
    tokio::spawn(service.serve());
    let token = text(&format!("{base}/entra/token?site=riverbend&person=reader")).await;
    let form = pozi_tests::exchange_form(&token, &[]);
    let answered = tokio::task::spawn_blocking({
        let base = base.clone();
        move || post(&base, &form)
    });
    let answer: Value = serde_json::from_str(&answered.await.unwrap()).unwrap();
    (base, answer["access_token"].as_str().unwrap().to_owned())
}

async fn text(url: &str) -> String {
    let url: LoopbackUrl = url.parse().unwrap();
    String::from_utf8(HttpDocument::of_this_machine(&url, []).unwrap().fetch().await.unwrap()).unwrap()
}

/// The body of a POST, read until the server closes.
fn post(base: &str, form: &str) -> String {
    use std::io::Read;
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

/// What `GET url` with `headers` is answered: 200 with its text, else its status.
async fn asked(url: &str, headers: &[(&'static str, &str)]) -> Result<String, u16> {
    let url: LoopbackUrl = url.parse().unwrap();
    let headers =
        headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
    match HttpDocument::of_this_machine(&url, headers).unwrap().fetch().await {
        Ok(body) => Ok(String::from_utf8(body).unwrap()),
        Err(FetchError::Status(status)) => Err(status),
        Err(problem) => panic!("{problem}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_decides_over_http_and_again_after_a_restart_without_the_issuer() {
    let state = tempfile::tempdir().unwrap();
    let (base, session) = service(state.path()).await;
    let mut gates = Vec::new();
    // The second finds nobody at the issuer's address: port 9 is closed.
    for jwks_url in [format!("{base}/.well-known/jwks.json"), "http://127.0.0.1:9/keys".to_owned()] {
        let daemon =
            Daemon::start(&config(&base, state.path(), &format!("jwks_url = \"{jwks_url}\""))).await.unwrap();
        gates.push(format!("http://{}", daemon.address().unwrap()));
        tokio::spawn(daemon.serve());
    }
    for gate in gates {
        let own = ("x-pozi-session", session.as_str());
        let question = [("x-pozi-catalogue", "planning"), ("x-pozi-method", "GET")];
        let decide = format!("{gate}/decide");
        assert_eq!(asked(&decide, &[&question[..], &[own]].concat()).await, Err(204));
        assert_eq!(asked(&decide, &question).await, Err(401));
        assert_eq!(asked(&decide, &[own]).await, Err(403));
        let health: Value =
            serde_json::from_str(&asked(&format!("{gate}/health"), &[]).await.unwrap()).unwrap();
        assert_eq!((&health["status"], &health["probe"]), (&"ok".into(), &"off".into()), "{health}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_that_never_had_keys_is_up_and_lets_nobody_in() {
    let state = tempfile::tempdir().unwrap();
    let session = Site::new().await.session(Person::Reader).await;
    let daemon = Daemon::start(&config("http://127.0.0.1:9", state.path(), "")).await.unwrap();
    let gate = format!("http://{}", daemon.address().unwrap());
    tokio::spawn(daemon.serve());
    let question =
        [("x-pozi-catalogue", "planning"), ("x-pozi-method", "GET"), ("x-pozi-session", &*session)];
    assert_eq!(asked(&format!("{gate}/decide"), &question).await, Err(503));
    assert_eq!(asked(&format!("{gate}/health"), &[]).await, Err(503));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_not_at_work_makes_the_gate_unhealthy_until_it_is() {
    // 0: not at work; 1: refuses whoever names no catalogue, and believes any name; 2: as it should.
    let stage = Arc::new(AtomicUsize::new(0));
    let qgis = Arc::clone(&stage);
    let base = served(Router::new().route(
        "/",
        get(move |headers: HeaderMap| async move {
            let is_named = headers.contains_key("x-pozi-catalogue");
            match qgis.load(Ordering::SeqCst) {
                1 if is_named => StatusCode::OK,
                0 => StatusCode::OK,
                _ => StatusCode::FORBIDDEN,
            }
        }),
    ))
    .await;
    let probe = Probe::new(&format!("{base}/?SERVICE=WMS").parse().unwrap()).unwrap();
    assert_eq!(probe.state(), ProbeState::Pending);
    for (step, state) in [
        (0, ProbeState::Answered),
        (1, ProbeState::Answered),
        (2, ProbeState::Refused),
        (0, ProbeState::Answered),
    ] {
        stage.store(step, Ordering::SeqCst);
        probe.ask().await;
        assert_eq!(probe.state(), state, "{step}");
    }
    let nobody = Probe::new(&"http://127.0.0.1:9/".parse().unwrap()).unwrap();
    nobody.ask().await;
    assert_eq!(nobody.state(), ProbeState::Unreachable);

    let site = Site::new().await;
    assert_eq!(site.reads("planning", &site.session(Person::Reader).await).await.status, 204);
    for (step, is_well) in [(0, false), (2, true)] {
        stage.store(step, Ordering::SeqCst);
        probe.ask().await;
        let health = pozi_gate::Health::new(
            site.world.clock.clone(),
            Arc::clone(&site.keys),
            Some(Arc::clone(&probe)),
        );
        assert_eq!(health.report().0, is_well);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_a_session_opens_and_why_one_does_not_count() {
    let state = tempfile::tempdir().unwrap();
    let (base, session) = service(state.path()).await;
    let config = config(&base, state.path(), "");
    let (verdict, told) = check(&config, Some(&session)).await.unwrap();
    assert_eq!(verdict, Verdict::Sound);
    assert!(told.contains("planning    read\n") && told.contains("assets      nothing\n"), "{told}");
    assert!(!told.contains(&session[20..60]));
    let (verdict, told) = check(&config, Some("a.b.c")).await.unwrap();
    assert_eq!((verdict, verdict.exit_code()), (Verdict::Refused, 4));
    assert!(told.contains("refused, malformed"), "{told}");
    assert_eq!(check(&config, None).await.unwrap().0.exit_code(), 0);
    let away = self::config("http://127.0.0.1:9", state.path(), "");
    assert_eq!(check(&away, None).await.unwrap().0.exit_code(), 3);
}

/// The program beside the tests, built by the same command (`cargo test --workspace`), or nothing.
fn program() -> Option<PathBuf> {
    let name = format!("pozi-gate{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::current_exe().unwrap().parent()?.parent()?.join(name);
    path.exists().then_some(path)
}

#[test]
fn the_program_says_what_is_wrong_with_its_configuration_by_its_exit_code() {
    let Some(program) = program() else {
        let notice = "NOT RUN: the gate's own program is not built; cargo test --workspace builds it";
        assert!(std::env::var_os("CI").is_none(), "{notice}");
        std::io::stderr().write_all(format!("{notice}\n").as_bytes()).ok();
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.toml");
    for (text, code, said) in [
        ("issuer = 1\n", 1, "gate.toml"),
        (
            "issuer = \"http://127.0.0.1:9\"\naudience = \"https://a.example/\"\ncatalogues = [\"a\"]\nstate_dir = \"s\"\n",
            3,
            "",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let output = Command::new(&program)
            .args(["check", "--config", path.to_str().unwrap()])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(said), "{output:?}");
    }
    let refused = Command::new(&program).args(["check", "--token", "a.b.c"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "a token on the command line can be read by everybody");
}
