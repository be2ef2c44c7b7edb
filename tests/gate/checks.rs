//! `pozi-gate check`, against the service over HTTP.

use std::fs;

use pozi_gate::{Verdict, check, config::GateConfig};

use super::daemon::{config, service, started, write_site};

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_a_session_opens_and_why_one_does_not_count() {
    let state = tempfile::tempdir().unwrap();
    let (base, session) = service(state.path()).await;
    let config = config(&base, state.path(), "");
    let (verdict, told) = check(&config, Some(&session)).await;
    assert_eq!(verdict, Verdict::Sound, "{told}");
    assert!(told.contains("planning    read\n") && told.contains("assets      nothing\n"), "{told}");
    assert!(told.contains("clock       agrees"), "{told}");
    assert!(told.contains("upstream    planning: QGIS Server opens the project"), "{told}");
    assert!(!told.contains(&session[20..60]));
    let (verdict, told) = check(&config, Some("a.b.c")).await;
    assert_eq!((verdict, verdict.exit_code()), (Verdict::Refused, 4));
    assert!(told.contains("refused, malformed"), "{told}");
    assert_eq!(check(&config, None).await.0.exit_code(), 0);
    let away = super::daemon::config("http://127.0.0.1:9", state.path(), "");
    let (verdict, told) = check(&away, None).await;
    assert_eq!(verdict.exit_code(), 3);
    assert!(told.contains("keys        WRONG: cannot be had from http://127.0.0.1:9/"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_an_address_that_is_taken_from_one_that_a_gate_serves_already() {
    let state = tempfile::tempdir().unwrap();
    let (base, _) = service(state.path()).await;
    let config = config(&base, state.path(), "");
    let (gate, status) = started(config.clone()).await;
    let address = |url: &str| url.trim_start_matches("http://").parse().unwrap();
    let own = GateConfig { listen: address(&gate), status_listen: address(&status), ..config.clone() };
    let (verdict, told) = check(&own, None).await;
    assert_eq!(verdict, Verdict::Sound, "{told}");
    assert_eq!(told.matches("is served by a gate already").count(), 2, "{told}");
    let in_use = GateConfig { listen: address(&base.replace("localhost", "127.0.0.1")), ..config };
    let (verdict, told) = check(&in_use, None).await;
    assert_eq!((verdict, verdict.exit_code()), (Verdict::Faulty, 1));
    assert!(told.contains("listen      WRONG: cannot listen on") && told.contains("`listen`"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_a_project_that_qgis_server_cannot_open_from_a_qgis_server_that_is_away() {
    let state = tempfile::tempdir().unwrap();
    let (base, _) = service(state.path()).await;
    config(&base, state.path(), "");
    let load = || GateConfig::load(&state.path().join("gate.toml")).unwrap();
    write_site(state.path(), |text| text.replace("C:/Pozi/heritage.qgz", "C:/Pozi/faulty.qgz"));
    let (verdict, told) = check(&load(), None).await;
    assert_eq!(verdict, Verdict::Faulty);
    assert!(told.contains("upstream    WRONG: heritage: QGIS Server cannot open the project"), "{told}");
    assert!(told.contains("Layer(s) not valid"), "QGIS Server's own words: {told}");
    assert!(told.contains("upstream    planning: QGIS Server opens the project"), "{told}");

    let gate_toml = fs::read_to_string(state.path().join("gate.toml")).unwrap();
    let (above, _) = gate_toml.split_once("[upstream]").unwrap();
    let away = format!("{above}[upstream]\nfastcgi = \"127.0.0.1:9\"\n");
    fs::write(state.path().join("gate.toml"), away).unwrap();
    let (verdict, told) = check(&load(), None).await;
    assert_eq!(verdict, Verdict::Faulty);
    assert!(told.contains("127.0.0.1:9") && told.contains("look at [upstream]"), "{told}");
}
