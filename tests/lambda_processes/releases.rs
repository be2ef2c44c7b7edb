//! A release whose versions are real bootstraps: the prober's hook decides which may take traffic.

use std::path::Path;

use pozi_tests::{EmulatedAws, EmulatedReleases, Fleet, Runtime, event, with_form};
use serde_json::{Value, json};

use super::bootstrap;

const HOOK: &str = r#"{"DeploymentId":"d-1","LifecycleEventHookExecutionId":"e-1"}"#;

type Environment = Vec<(String, String)>;
type Changes<'a> = &'a [(&'a str, &'a str)];

/// Returns `environment` with other variables.
fn with(mut environment: Environment, changes: Changes<'_>) -> Environment {
    environment.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    environment.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    environment
}

/// Starts `exchange` and `jwks` as the versions of a release, and calls the prober's hook. Returns the release after it, and what
/// the prober logged.
async fn released(
    fleet: &Fleet,
    exchange: (&Path, Changes<'_>),
    jwks: Changes<'_>,
) -> (EmulatedReleases, Vec<String>) {
    let environment = fleet.environment();
    let versions = vec![
        ("exchange", Runtime::start(exchange.0, &with(environment.clone(), exchange.1)).await),
        ("jwks", Runtime::start(&bootstrap("jwks").unwrap(), &with(environment.clone(), jwks)).await),
    ];
    let releases = EmulatedReleases::in_front_of(fleet.aws.url(), versions).await;
    let key = EmulatedAws::running().unwrap().probe_key().await;
    let changes = [("AWS_ENDPOINT_URL", releases.url()), ("POZI_PROBE_KEY", &key)];
    let prober = Runtime::start(&bootstrap("prober").unwrap(), &with(environment, &changes)).await;
    let hook: Value = serde_json::from_str(HOOK).unwrap();
    prober.invoke(&hook).await.unwrap();
    (releases, prober.end())
}

fn reported(status: &str) -> Vec<Value> {
    vec![json!({ "deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1", "status": status })]
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_answer_as_they_must_take_traffic_and_their_trial_is_not_counted() {
    let Some(exchange) = bootstrap("token-exchange") else { return };
    let Some(fleet) = Fleet::sealed().await else { return };
    let (releases, log) = released(&fleet, (&exchange, &[]), &[]).await;
    assert_eq!(releases.reports(), reported("Succeeded"), "{log:#?}");
    // The first exchange that is counted is the next one, which is refused; the prober was granted its first.
    let refused = with_form(event("http-api-token"), "grant_type=x", false);
    releases.version("exchange").invoke(&refused).await.unwrap();
    let is_metrics = |line: &str| line.contains("\"_aws\"") && line.contains("\"Exchanges\"");
    let line = releases.version("exchange").wait_for_line(is_metrics).await;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["Exchanges"], &line["Decision"]), (&json!(1), &json!("refused")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bootstrap_that_dies_at_its_start_or_answers_wrongly_takes_no_traffic() {
    let Some(exchange) = bootstrap("token-exchange") else { return };
    let (Some(fleet), Some(other)) = (Fleet::sealed().await, Fleet::sealed().await) else { return };
    let (elsewhere, nowhere) = (other.table.as_str(), "pozi-of-nobody");
    let cases: [(&str, &Path, Changes<'_>, Changes<'_>); 5] = [
        ("dies", Path::new("/bin/false"), &[], &[]),
        ("lacks a variable", &exchange, &[("POZI_KMS_KEY", "")], &[]),
        ("signs for another issuer", &exchange, &[("POZI_ISSUER", "https://other.example")], &[]),
        ("publishes other keys", &exchange, &[], &[("POZI_TABLE", elsewhere)]),
        ("publishes no keys", &exchange, &[], &[("POZI_TABLE", nowhere)]),
    ];
    for (what, bootstrap, changes, jwks) in cases {
        let (releases, log) = released(&fleet, (bootstrap, changes), jwks).await;
        assert_eq!(releases.reports(), reported("Failed"), "a release that {what}: {log:#?}");
    }
}
