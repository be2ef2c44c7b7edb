//! What a release is told.

use http::Response;
use pozi_auth::{adapters::SystemClock, timestamp::Clock};
use pozi_prober::{ProbeReport, ProbeRequest, ReleaseHook};
use pozi_tests::{Fate, Fleet};
use serde_json::json;

use super::{Routes, prober};

fn hook() -> ProbeRequest {
    ProbeRequest::Release(ReleaseHook {
        deployment_id: "d-1".to_owned(),
        lifecycle_event_hook_execution_id: "e-1".to_owned(),
    })
}

#[test]
fn an_event_is_a_hooks_or_the_schedules() {
    let event = |event| serde_json::from_value::<ProbeRequest>(event).unwrap();
    assert_eq!(event(json!({ "DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1" })), hook());
    assert_eq!(event(json!({})), ProbeRequest::Due {});
    assert_eq!(event(json!({ "version": "0", "source": "aws.scheduler" })), ProbeRequest::Due {});
    assert!(serde_json::from_value::<ProbeRequest>(json!("probe")).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_versions_that_pass_every_check_may_take_traffic() {
    let Some(fleet) = Fleet::sealed().await else { return };
    let routes = Routes::of(&fleet);
    let mut prober = prober(&fleet, routes.clone()).await;
    let (said, now) = (prober.deployments.clone(), SystemClock.now());
    prober.service = routes.spoiled(|_, _| Ok(Response::builder().status(500).body(vec![]).unwrap()));
    prober.run(&hook(), now).await.unwrap();
    prober.release = prober.service.clone();
    prober.service = routes;
    prober.run(&hook(), now).await.unwrap();
    let said = said.0.lock().unwrap().clone();
    assert_eq!(
        said,
        [("e-1".to_owned(), true), ("e-1".to_owned(), false)],
        "the public address counts for nothing"
    );
}

/// CodeDeploy would wait for an hour.
#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_cannot_be_tried_is_told_so() {
    let Some(fleet) = Fleet::without_ring().await else { return };
    let mut prober = prober(&fleet, Routes::of(&fleet)).await;
    let (said, now) = (prober.deployments.clone(), SystemClock.now());
    prober.run(&hook(), now).await.unwrap();
    fleet.aws.set_fate(Fate::Fails);
    prober.tenants = fleet.store_behind_proxy();
    prober.run(&hook(), now).await.unwrap_err();
    let said = said.0.lock().unwrap().clone();
    assert_eq!(said, [("e-1".to_owned(), false), ("e-1".to_owned(), false)], "no key ring, and no table");
}

/// A member with another name would let everything pass, or nothing.
#[test]
fn the_workflow_reads_the_report_as_it_is_written() {
    const WORKFLOW: &str = include_str!("../../examples/deploy-workflow/deploy.yml");
    assert_eq!(WORKFLOW.matches("'.has_keys and .failures == []'").count(), 2);
    let report = ProbeReport { has_keys: true, checks: 7, failures: vec![] };
    let written = json!({ "has_keys": true, "checks": 7, "failures": [] });
    assert_eq!(serde_json::to_value(report).unwrap(), written);
}
