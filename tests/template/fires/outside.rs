//! The alarm that sees the service from outside, in a template of its own.

use pozi_tests::{NOW, World, venv};
use serde_json::{Value, json};

use super::{MINUTE, firing, history::History};
use crate::{
    expansion::{self, Stack},
    run, text,
};

#[test]
fn cfn_lint_accepts_the_template_and_the_alarm_notifies_the_topic() {
    let Some(tools) = venv::tools() else { return };
    let linted = run(&tools, "cfn-lint", &["--non-zero-exit-code", "informational", "infra/outside.yaml"]);
    assert_eq!(linted, Ok(()));
    for (topic, expected) in [("", Value::Null), ("topic", json!(["topic"]))] {
        let stack = Stack::of(&expansion(), &[("HostName", "auth.gis.example"), ("AlarmTopicArn", topic)]);
        let alarm = stack.properties("KeySetUnreachable");
        assert_eq!([&alarm["AlarmActions"], &alarm["OKActions"]], [&expected, &expected]);
    }
}

/// Returns the template, which has nothing of SAM.
pub(crate) fn expansion() -> Value {
    venv::tools().map_or(Value::Null, |tools| expansion::expand(&tools, &text("infra/outside.yaml")))
}

#[tokio::test]
async fn a_key_set_that_does_not_answer_from_outside_fires() {
    if venv::tools().is_none() {
        return;
    }
    let stack = Stack::of(&expansion(), &[("HostName", "auth.gis.example")]);
    for (healthy, expected) in [(Some(1.0), &[][..]), (Some(0.0), &[""]), (None, &[""])] {
        let mut history = History::default();
        for minute in 0..3 {
            let metric = ("AWS/Route53", "HealthCheckStatus");
            history.add(NOW + minute * MINUTE, metric, &[("HealthCheckId", "${KeySet}")], healthy.as_slice());
        }
        let found = firing(&stack, "KeySetUnreachable", &history, NOW + 3 * MINUTE);
        assert_eq!(found, expected, "{healthy:?}");
    }
    // What Route 53 looks for is in what the service answers: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-creating-values.html>.
    let check = &stack.properties("KeySet")["HealthCheckConfig"];
    let answer = World::new().await.get(check["ResourcePath"].as_str().unwrap(), &[]).await;
    let begin = String::from_utf8_lossy(&answer.body[..answer.body.len().min(5_120)]).into_owned();
    assert!(begin.contains(check["SearchString"].as_str().unwrap()), "{begin}");
    assert_eq!(check["Type"], "HTTPS_STR_MATCH");
}

#[test]
fn the_distributions_log_is_there_with_a_distribution_and_has_no_path_query_or_header() {
    if venv::tools().is_none() {
        return;
    }
    let host = ("HostName", "auth.gis.example");
    assert!(!Stack::of(&expansion(), &[host]).has("DistributionLogDelivery"));
    let stack = Stack::of(&expansion(), &[host, ("DistributionId", "E1EXAMPLE")]);
    let fields = stack.properties("DistributionLogDelivery")["RecordFields"].as_array().unwrap();
    let fields: Vec<_> = fields.iter().filter_map(Value::as_str).collect();
    assert!(fields.contains(&"c-ip") && fields.contains(&"sc-status"));
    let holds_more =
        |field: &&&str| field.contains("uri") || field.contains('(') && **field != "timestamp(ms)";
    assert_eq!(fields.iter().filter(holds_more).collect::<Vec<_>>(), [&""; 0]);
    assert!(stack.properties("DistributionLog")["RetentionInDays"].is_number());
}
