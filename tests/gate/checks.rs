//! `pozi-gate check`, against the service over HTTP.

use std::fs;

use pozi_auth::{adapters::SystemClock, timestamp::Clock};
use pozi_gate::{CheckOutcome, check, config::GateConfig};

use super::daemon::{config, service, started, write_site};

#[tokio::test(flavor = "multi_thread")]
async fn reports_what_a_session_opens_or_why_it_is_refused() {
    let state = tempfile::tempdir().unwrap();
    let (base, session) = service(state.path()).await;
    let config = config(&base, state.path(), "");
    let (outcome, report) = check(&config, Some(&session)).await;
    assert_eq!(outcome, CheckOutcome::Passed, "{report}");
    assert!(report.contains("planning    read\n") && report.contains("assets      no access\n"), "{report}");
    assert!(report.contains("clock       agrees"), "{report}");
    assert!(report.contains("upstream    planning: QGIS Server opens the project"), "{report}");
    assert!(!report.contains(&session[20..60]));
    let (outcome, report) = check(&config, Some("a.b.c")).await;
    assert_eq!((outcome, outcome.exit_code()), (CheckOutcome::SessionRefused, 4));
    assert!(report.contains("REFUSED: malformed"), "{report}");
    assert_eq!(check(&config, None).await.0.exit_code(), 0);
    let away = super::daemon::config("http://127.0.0.1:9", state.path(), "");
    let (outcome, report) = check(&away, None).await;
    assert_eq!(outcome.exit_code(), 3);
    assert!(report.contains("keys        ERROR: cannot fetch http://127.0.0.1:9/"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn distinguishes_an_address_in_use_from_one_that_a_gate_already_serves() {
    let state = tempfile::tempdir().unwrap();
    let (base, _) = service(state.path()).await;
    let config = config(&base, state.path(), "");
    let (gate, status) = started(config.clone()).await;
    let address = |url: &str| url.trim_start_matches("http://").parse().unwrap();
    let own = GateConfig { listen: address(&gate), status_listen: address(&status), ..config.clone() };
    let (outcome, report) = check(&own, None).await;
    assert_eq!(outcome, CheckOutcome::Passed, "{report}");
    assert_eq!(report.matches("a gate is already listening on").count(), 2, "{report}");
    let in_use = GateConfig { listen: address(&base.replace("localhost", "127.0.0.1")), ..config };
    let (outcome, report) = check(&in_use, None).await;
    assert_eq!((outcome, outcome.exit_code()), (CheckOutcome::Failed, 1));
    assert!(
        report.contains("listen      ERROR: cannot listen on") && report.contains("`listen`"),
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn distinguishes_a_project_that_qgis_server_cannot_open_from_an_unreachable_qgis_server() {
    let state = tempfile::tempdir().unwrap();
    let (base, _) = service(state.path()).await;
    config(&base, state.path(), "");
    let load = || GateConfig::load(&state.path().join("gate.toml"), SystemClock.now()).unwrap();
    write_site(state.path(), |text| text.replace("C:/Pozi/heritage.qgz", "C:/Pozi/faulty.qgz"));
    let (outcome, report) = check(&load(), None).await;
    assert_eq!(outcome, CheckOutcome::Failed);
    assert!(report.contains("upstream    ERROR: heritage: QGIS Server cannot open the project"), "{report}");
    assert!(report.contains("Layer(s) not valid"), "QGIS Server's own words: {report}");
    assert!(report.contains("upstream    planning: QGIS Server opens the project"), "{report}");

    let gate_toml = fs::read_to_string(state.path().join("gate.toml")).unwrap();
    let (above, _) = gate_toml.split_once("[upstream]").unwrap();
    let away = format!("{above}[upstream]\nfastcgi = \"127.0.0.1:9\"\n");
    fs::write(state.path().join("gate.toml"), away).unwrap();
    let (outcome, report) = check(&load(), None).await;
    assert_eq!(outcome, CheckOutcome::Failed);
    assert!(report.contains("127.0.0.1:9") && report.contains("check [upstream]"), "{report}");
}
