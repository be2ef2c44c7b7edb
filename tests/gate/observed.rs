//! Sessions of a site that is only observed, and of an older revision of its document, at the gate.

use std::{fs, path::Path};

use clap::Parser;
use entra_emulator::{Person, TokenSpec};
use pozi_auth::{adapters::SystemClock, keyring::SigningAlgorithm, sites::Day, timestamp::Clock};
use pozi_gate::config::{GateConfig, UpstreamConfig};
use pozi_local::{args::Args, service::Service};
use pozi_tests::{RunningGate, World, riverbend_with};
use serde_json::Value;
use tokio::{net::TcpStream, time::Duration};

use super::{
    daemon::{config, decide, health, raw, session_of, started, until, write_site},
    fake_qgis::FakeQgis,
    proxy::{Answer, Client, no_timeouts},
    site::Site,
};

/// The end of 2027-01-15, the day on which a [`World`] begins.
const MIDNIGHT: u64 = 1_800_057_600;

async fn observed() -> World {
    let file = riverbend_with("enforcement = \"observe until 2027-01-15\"");
    World::with(&[file], SigningAlgorithm::Es256).await
}

async fn session(world: &World, person: Person) -> String {
    let answer = world.exchange(&world.token(&TokenSpec { person, ..TokenSpec::default() }), &[]).await;
    assert!(!answer.session().is_empty(), "{:?}", answer.json);
    answer.session().to_owned()
}

#[tokio::test]
async fn a_session_opens_what_it_says_until_the_observation_ends() {
    let site = Site::of(observed().await);
    site.world.clock.set(MIDNIGHT - 10);
    let own = session(&site.world, Person::NoGroups).await;
    for catalogue in ["planning", "heritage", "assets"] {
        let answer = site.reads(catalogue, &own).await;
        assert_eq!(answer.status, 204, "{catalogue}");
        assert_eq!(answer.header("x-pozi-scope"), "assets:read assets:write heritage:read planning:read");
    }
    site.world.clock.set(MIDNIGHT);
    assert_eq!(site.reads("planning", &own).await.json["reason"], "expired");
}

/// A gate for the first of `files` in front of a QGIS Server, for sessions of `world`.
async fn map(world: &World, setting: &str, session: &str) -> Answer {
    let site = riverbend_with(setting).compile().unwrap();
    let qgis = FakeQgis::start().await;
    let servers = RunningGate::servers(&site, &UpstreamConfig::FastCgi { address: qgis.address.clone() });
    let gate = RunningGate::start(world, &site, no_timeouts(), servers).await;
    Client(TcpStream::connect(gate.address).await.unwrap()).map(session, "assets", "zones").await
}

/// Only the session opens a catalogue: a file on the gate's machine is not the service's decision.
#[tokio::test(flavor = "multi_thread")]
async fn the_gates_own_site_file_opens_and_closes_nothing() {
    let (enforced, observed) = (World::new().await, observed().await);
    let (observing, enforcing) = ("enforcement = \"observe until 2027-02-01\"", "enforcement = \"enforced\"");
    let closed = session(&enforced, Person::Reader).await;
    assert_eq!(map(&enforced, observing, &closed).await.verdict(), (403, "scope".into()));
    let open = session(&observed, Person::NoGroups).await;
    assert_eq!(map(&observed, enforcing, &open).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_sessions_of_an_older_revision_than_the_site_file_requires() {
    let world = World::new().await;
    let editor = session(&world, Person::Editor).await;
    assert_eq!(map(&world, "minimum_revision = 1", &editor).await.status, 200);
    let refused = map(&world, "minimum_revision = 2", &editor).await;
    assert_eq!(refused.verdict(), (401, "policy_outdated".into()));
    assert!(refused.head.contains("error=\"invalid_token\""), "{}", refused.head);
}

/// Returns riverbend's site file with another `setting`, and with ids of catalogues that no other test counts requests of:
/// the metrics are the process's.
fn of_its_own(setting: &str) -> String {
    let text = riverbend_with(setting).text;
    text.replace("id = \"planning\"", "id = \"plans\"").replace("id = \"assets\"", "id = \"drains\"")
}

/// Starts a service whose riverbend is observed until `day`, and returns its URL.
async fn observing_service(state: &Path, day: &str) -> String {
    let sites = state.join("sites");
    fs::create_dir(&sites).unwrap();
    let text = of_its_own(&format!("enforcement = \"observe until {day}\""));
    fs::write(sites.join("riverbend.toml"), text).unwrap();
    let (state, sites) = (state.to_str().unwrap(), sites.to_str().unwrap());
    let args = Args::parse_from(["pozi-local", "--port=0", "--state", state, "--sites", sites]);
    let service = Service::start(&args).await.unwrap();
    let base = service.base().to_owned();
    tokio::spawn(service.serve());
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_what_would_be_refused_and_says_until_when_the_site_is_observed() {
    let state = tempfile::tempdir().unwrap();
    let day = Day::of(SystemClock.now().plus(Duration::from_hours(240))).to_string();
    let base = observing_service(state.path(), &day).await;
    let session = session_of(&base, "reader").await;
    config(&base, state.path(), "");
    write_site(state.path(), |_| of_its_own("# enforced"));
    let config = GateConfig::load(&state.path().join("gate.toml"), SystemClock.now()).unwrap();
    let (gate, status) = started(config).await;
    assert_eq!(health(&status).await["configuration"]["observed_until"], Value::Null, "by the gate's file");
    for catalogue in ["plans", "drains", "drains"] {
        let question =
            [("x-pozi-catalogue", catalogue), ("x-pozi-method", "GET"), ("x-pozi-session", &*session)];
        assert_eq!(decide(&gate, &question).await, Value::Null, "{catalogue} is open");
    }
    let head = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let metrics = raw(&status, head.to_owned()).await;
    let counted = "pozi_gate_would_be_refused_total{catalogue=\"drains\",operation=\"decide\"} 2";
    assert!(metrics.contains(counted), "{metrics}");
    assert!(!metrics.contains("pozi_gate_would_be_refused_total{catalogue=\"plans\""), "{metrics}");

    let observing = |until: &str| of_its_own(&format!("enforcement = \"observe until {until}\""));
    write_site(state.path(), |_| observing(&day));
    until("the file is taken", async || health(&status).await["configuration"]["observed_until"] == *day)
        .await;
    write_site(state.path(), |_| observing("9999-12-31"));
    until("the error is reported", async || health(&status).await["configuration"]["problem"].is_string())
        .await;
    let report = health(&status).await["configuration"].clone();
    assert!(report["problem"].as_str().unwrap().contains("more than 60 days ahead"), "{report}");
    assert_eq!(report["observed_until"], *day, "the previous file stays in force");
}
