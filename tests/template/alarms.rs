//! The rules about alarms: one for each failure that needs attention, with a notification.

use serde_json::{Value, json};

use crate::{
    expanded_template,
    expansion::{Stack, text_of},
    rule::{Deployment, Rule, differences},
};

/// The alarms: metric, dimensions, and how missing data is treated. A rate is a percentage of all exchanges.
const EXPECTED: [&str; 26] = [
    "AWS/Lambda Errors FunctionName=${TokenExchange}, missing notBreaching",
    "AWS/Lambda Errors FunctionName=${Jwks}, missing notBreaching",
    "AWS/Lambda Errors FunctionName=${RotateKeys}, missing notBreaching",
    "AWS/Lambda Throttles FunctionName=${TokenExchange}, missing notBreaching",
    "AWS/Lambda Throttles FunctionName=${Jwks}, missing notBreaching",
    "AWS/Lambda Throttles FunctionName=${RotateKeys}, missing notBreaching",
    "AWS/Lambda Duration p99 FunctionName=${TokenExchange}, missing notBreaching",
    "AWS/Lambda Duration p99 FunctionName=${Jwks}, missing notBreaching",
    "AWS/ApiGateway 5xx ApiId=${Api} Stage=${Stage}, missing notBreaching",
    "rate of Exchanges Decision=refused, missing notBreaching",
    "rate of Refusals Reason=no_catalogue, missing notBreaching",
    "rate of Refusals Reason=unknown_key, missing notBreaching",
    "rate of Refusals Reason=bad_signature, missing notBreaching",
    "rate of Refusals Reason=origin_not_allowed, missing notBreaching",
    "own Refusals Reason=registry_unavailable, missing notBreaching",
    "own Refusals Reason=revocations_unavailable, missing notBreaching",
    "own Refusals Reason=signing_unavailable, missing notBreaching",
    "own Refusals Reason=keys_unavailable, missing notBreaching",
    "own Refusals Reason=site_unreadable, missing notBreaching",
    "own Refusals Reason=internal_error, missing notBreaching",
    "overdue NewestKeyAge by 168 hours, missing missing",
    "share EntraUnreachable of EntraFetches, missing notBreaching",
    "own UnreadableSites, missing notBreaching",
    "own ProbeFailures Half=exchange, missing notBreaching",
    "own ProbeFailures Half=refusal, missing notBreaching",
    "own Probes, missing missing",
];

const OWN: &str = "Pozi/${AWS::StackName}";

fn alarm_faults(stack: &Stack, _: &Deployment) -> Vec<String> {
    let alarms: Vec<_> = stack.of_type("AWS::CloudWatch::Alarm").collect();
    let mut faults = differences(
        "the stack",
        alarms.iter().map(|(_, alarm)| described(alarm)),
        EXPECTED.map(str::to_owned),
    );
    let dashboard = stack.properties("Dashboard")["DashboardBody"].as_str().unwrap();
    let Ok(dashboard) = serde_json::from_str::<Value>(dashboard) else {
        return vec!["the dashboard is not JSON".into()];
    };
    let shown = dashboard["widgets"][0]["properties"]["alarms"].as_array().unwrap().iter().map(text_of);
    let names = alarms.iter().map(|(name, _)| format!("${{{name}.Arn}}"));
    faults.extend(differences("the dashboard", shown, names));
    faults
}

/// Returns an alarm in the format of [`EXPECTED`].
fn described(alarm: &Value) -> String {
    let missing = text_of(&alarm["TreatMissingData"]);
    format!(
        "{}, missing {missing}",
        if alarm["Metrics"].is_null() { metric(alarm) } else { calculated(alarm) }
    )
}

fn metric(of: &Value) -> String {
    let space = text_of(&of["Namespace"]).replace(OWN, "own");
    let statistic =
        of["ExtendedStatistic"].as_str().map(|statistic| format!(" {statistic}")).unwrap_or_default();
    let dimensions = of["Dimensions"].as_array().into_iter().flatten();
    let dimensions = dimensions.map(|one| format!("{}={}", text_of(&one["Name"]), text_of(&one["Value"])));
    let name = format!("{space} {}{statistic}", text_of(&of["MetricName"]));
    std::iter::once(name).chain(dimensions).collect::<Vec<_>>().join(" ")
}

fn calculated(alarm: &Value) -> String {
    let metrics = alarm["Metrics"].as_array().unwrap();
    let of = |id: &str| {
        let found = metrics.iter().find(|one| one["Id"] == id);
        found.map_or("nothing".to_owned(), |one| metric(&one["MetricStat"]["Metric"]))
    };
    let counts_all = of("granted") == "own Exchanges Decision=granted"
        && of("refused") == "own Exchanges Decision=refused";
    let all = "FILL(granted, 0) + FILL(refused, 0)";
    let rate = |part: &str| format!("IF({all} >= 20, 100 * FILL({part}, 0) / ({all}), 0)");
    let expression = text_of(&metrics[0]["Expression"]);
    if expression == "100 * FILL(failed, 0) / fetches" {
        return format!("share {} of {}", of("failed"), of("fetches")).replace("own ", "");
    }
    let part = ["refused", "reason"].into_iter().find(|part| counts_all && expression == rate(part));
    match (part, expression.strip_prefix("age / 3600 - ")) {
        (Some(part), _) => format!("rate of {}", of(part).trim_start_matches("own ")),
        (_, Some(hours)) => format!("overdue {} by {hours} hours", of("age").trim_start_matches("own ")),
        _ => format!("{expression}, which this test does not understand"),
    }
}

#[test]
fn there_is_an_alarm_for_every_failure_that_needs_attention() {
    let Some(expansion) = expanded_template() else { return };
    Rule {
        harm: "We would hear of a failure from a council whose staff cannot work.",
        check: &alarm_faults,
        spoiled: &[
            ("/UnreadableSites", json!(null)),
            ("/KeyAge/Properties/TreatMissingData", json!("notBreaching")),
            ("/EntraUnreachable/Properties/Metrics/2/MetricStat/Metric/MetricName", json!("Exchanges")),
            ("/ProbeSilent/Properties/TreatMissingData", json!("notBreaching")),
            ("/ProbeRefusalFails/Properties/Dimensions/0/Value", json!("exchange")),
            ("/ApiErrors/Properties/MetricName", json!("4xx")),
            ("/TokenExchangeDuration/Properties/ExtendedStatistic", json!(null)),
            ("/SigningOutage/Properties/Dimensions/0/Value", json!("signing_gone")),
            ("/BadSignatureRate/Properties/Metrics/0/Expression", json!("reason")),
            ("/BadSignatureRate/Properties/Metrics/1/MetricStat/Metric/Namespace", json!("Pozi")),
            ("/RefusalRate/Properties/Metrics/1/MetricStat/Metric/MetricName", json!("Exchange")),
            ("/Dashboard/Properties/DashboardBody", json!("{ \"widgets\": [ }")),
        ],
    }
    .check_all(expansion);
}

#[test]
fn alarms_notify_the_topic_if_there_is_one() {
    let Some(expansion) = expanded_template() else { return };
    let to = |parameters: &[(&str, &str)]| -> Vec<Value> {
        let stack = Stack::of(expansion, parameters);
        let alarms = stack.of_type("AWS::CloudWatch::Alarm");
        alarms.flat_map(|(_, alarm)| [alarm["AlarmActions"].clone(), alarm["OKActions"].clone()]).collect()
    };
    assert!(to(&[]).iter().all(Value::is_null));
    // Nothing is reported before the first key ring is made, so only the end of the reports notifies.
    for name in ["KeyAge", "ProbeSilent"] {
        let alarm = Stack::of(expansion, &[("AlarmTopicArn", "topic")]).properties(name).clone();
        let found = (&alarm["TreatMissingData"], &alarm["InsufficientDataActions"]);
        assert_eq!(found, (&json!("missing"), &json!(["topic"])), "{name}");
    }
    assert!(to(&[("AlarmTopicArn", "topic")]).iter().all(|actions| *actions == json!(["topic"])));
}
