//! Start, panics, logs and metrics of the processes.

use std::path::Path;

use pozi_auth::oauth;
use pozi_tests::{EmulatedAws, Fate, Fleet, ISSUER, METRICS, Runtime, bootstrap, event, with_form};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{form, start};

/// An event that makes the runtime panic when it converts it.
fn panicking_event(form: &str) -> Value {
    let mut event = with_form(event("rest-api-token"), form, false);
    event["isBase64Encoded"] = true.into();
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_one_invocation_but_not_the_process() {
    let Some((fleet, runtime)) = start("token-exchange").await else { return };
    let process = runtime.process_id();
    let valid = with_form(event("rest-api-token"), &form(&fleet, &[]), true);
    for _ in 0..2 {
        let error = runtime.invoke(&panicking_event("not base64!")).await.unwrap_err();
        assert!(error["errorMessage"].as_str().unwrap().starts_with("Lambda panicked: "), "{error}");
        assert_eq!(runtime.invoke(&valid).await.unwrap()["statusCode"], 200);
        assert!(runtime.is_running());
        assert_eq!(runtime.process_id(), process);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_contradictory_variable_prevents_the_start_and_is_named() {
    const ALL: [&str; 4] = ["token-exchange", "jwks", "rotate-keys", "prober"];
    const WITH_KEYS: [&str; 2] = ["token-exchange", "rotate-keys"];
    let cases: [(&str, &str, &[&str]); 13] = [
        ("POZI_ISSUER", "", &ALL),
        ("POZI_ISSUER", "auth.example", &ALL),
        ("POZI_TABLE", "", &ALL),
        ("AWS_REGION", "", &ALL),
        ("POZI_LOG", "loud", &ALL),
        ("POZI_KMS_KEY", "", &WITH_KEYS),
        ("POZI_SIGNING", "plain", &WITH_KEYS),
        ("POZI_KEY_TAG", "both-ways", &WITH_KEYS),
        ("POZI_ENTRA_LOGIN_URL", "https://login.evil.example", &WITH_KEYS),
        ("POZI_PROBE_TENANT", "", &["prober"]),
        ("POZI_PROBE_KEY", "", &["prober"]),
        ("POZI_EXCHANGE_VERSION", "", &["prober"]),
        ("POZI_PROBE_URL", "http://auth.evil.example", &["prober"]),
    ];
    if bootstrap("jwks").is_none() {
        return;
    }
    let Some(fleet) = Fleet::sealed().await else { return };
    for (variable, value, functions) in cases {
        for function in functions {
            let mut environment = fleet.environment();
            environment.retain(|(name, _)| name != variable);
            environment.push((variable.to_owned(), value.to_owned()));
            let runtime = Runtime::start(&bootstrap(function).unwrap(), &environment).await;
            let status = runtime.wait_for_exit().await;
            assert!(!status.success() || runtime.init_error().is_some(), "{function}, {variable}: {status}");
            assert_eq!(runtime.polls(), 0, "{function}, {variable}: it started");
            let lines = runtime.end();
            let named =
                lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok()).any(|line| {
                    line["level"] == "ERROR"
                        && line["problem"].as_str().is_some_and(|message| message.starts_with(variable))
                });
            assert!(named, "{function}, {variable}: {lines:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_logged_at_any_level() {
    let Some(bootstrap) = bootstrap("token-exchange") else { return };
    let Some(fleet) = Fleet::sealed().await else { return };
    let mut environment = fleet.environment();
    environment.push(("POZI_LOG".to_owned(), "trace".to_owned()));
    let runtime = Runtime::start(&bootstrap, &environment).await;
    let token = fleet.token();
    let form = pozi_tests::exchange_form(&token, &[]);
    let answer = runtime.invoke(&with_form(event("http-api-token"), &form, true)).await.unwrap();
    let exchanged: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let session = exchanged["access_token"].as_str().unwrap();
    let refused = pozi_tests::exchange_form(&token, &[("audience", "lakeside")]);
    assert_eq!(
        runtime.invoke(&with_form(event("http-api-token"), &refused, true)).await.unwrap()["statusCode"],
        400
    );
    runtime.invoke(&panicking_event(&format!("{form}!"))).await.unwrap_err();

    let written = runtime.end().join("\n");
    assert!(written.contains("pozi::audit"), "the exchanges are not logged: {written}");
    for secret in [token.as_str(), session] {
        for part in secret.split('.') {
            assert!(!written.contains(part), "{part} is logged");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_writes_metrics_in_the_embedded_format() {
    let Some((fleet, runtime)) = start("token-exchange").await else { return };
    runtime.invoke(&with_form(event("http-api-token"), &form(&fleet, &[]), true)).await.unwrap();
    let is_metrics = |line: &str| line.contains("\"_aws\"") && line.contains("\"Exchanges\"");
    let line: Value = serde_json::from_str(&runtime.wait_for_line(is_metrics).await).unwrap();
    let directive = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
    let of_exchanges = directive.iter().find(|directive| {
        directive["Metrics"].as_array().unwrap().iter().any(|metric| metric["Name"] == "Exchanges")
    });
    assert_eq!(of_exchanges.unwrap()["Namespace"], METRICS);
    assert_eq!((&line["Exchanges"], &line["Decision"]), (&1.into(), &"granted".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_succeeded_tells_the_age_of_the_newest_key_once_and_names_sites_without_key_sets() {
    let Some((fleet, runtime)) = start("rotate-keys").await else { return };
    runtime.invoke(&json!({})).await.unwrap();
    fleet.entra.set_fate(Fate::Fails);
    runtime.invoke(&json!({})).await.unwrap();
    fleet.delete_ring().await;
    for _ in 0..2 {
        runtime.invoke(&json!({})).await.unwrap_err();
    }
    let lines: Vec<Value> = runtime.end().iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let tells = |line: &&Value| line["_aws"].is_object() && line["NewestKeyAge"].is_array();
    assert_eq!(lines.iter().filter(tells).count(), 2, "{lines:#?}");
    let total = |name: &str| lines.iter().filter_map(|line| line[name].as_u64()).sum::<u64>();
    // Of four runs, the first alone fetched anything.
    assert_eq!(total("EntraFetches") * 3, total("EntraUnreachable") * 4);
    let warned = lines.iter().filter(|line| line["message"] == "a tenant's key set was not stored");
    let sites: Vec<_> = warned.filter_map(|line| line["sites"].as_str()).collect();
    assert_eq!(sites.iter().filter(|sites| **sites == "riverbend").count(), 6, "{sites:?}");
}

/// Runs the prober with `key` once as for `issuer`, at an address where the functions of `fleet` are served. Returns its report and
/// its metrics.
async fn probed(bootstrap: &Path, fleet: &Fleet, issuer: &str, key: &str) -> (Value, Vec<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = oauth::finish(fleet.exchange().merge(fleet.jwks()));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let own = [("POZI_PROBE_URL", url.as_str()), ("POZI_PROBE_KEY", key), ("POZI_ISSUER", issuer)];
    let mut environment = fleet.environment();
    environment.retain(|(name, _)| own.iter().all(|(changed, _)| changed != name));
    environment.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let runtime = Runtime::start(bootstrap, &environment).await;
    let report = runtime.invoke(&event("schedule")).await.unwrap();
    let lines = runtime.end();
    let lines = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    (report, lines.filter(|line| line["_aws"].is_object()).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_and_its_failures_are_counted_and_one_of_a_service_without_keys_is_not() {
    let Some(bootstrap) = bootstrap("prober") else { return };
    let (Some(fleet), Some(bare)) = (Fleet::sealed().await, Fleet::without_ring().await) else { return };
    // One key for all runs: of two key sets that are stored in one second, the first stays.
    let key = EmulatedAws::running().unwrap().probe_key().await;
    let counts =
        |metrics: &[Value], name: &str| metrics.iter().filter_map(|line| line[name].as_u64()).sum::<u64>();
    let (report, metrics) = probed(&bootstrap, &fleet, ISSUER, &key).await;
    assert_eq!((&report["has_keys"], &report["failures"]), (&json!(true), &json!([])));
    assert_eq!((counts(&metrics, "Probes"), counts(&metrics, "ProbeFailures")), (1, 0), "{metrics:#?}");

    let (report, metrics) = probed(&bootstrap, &fleet, "https://other.example", &key).await;
    assert_eq!(report["failures"].as_array().unwrap().len(), 2, "{report}");
    assert_eq!((counts(&metrics, "Probes"), counts(&metrics, "ProbeFailures")), (1, 2), "{metrics:#?}");
    assert!(
        metrics.iter().any(|line| line["Half"] == "exchange" && line["ProbeFailures"] == 2),
        "{metrics:#?}"
    );

    let (report, metrics) = probed(&bootstrap, &bare, ISSUER, &key).await;
    assert_eq!((&report["has_keys"], metrics.len()), (&json!(false), 0), "{metrics:#?}");
}
