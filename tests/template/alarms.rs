//! The rules about alarms: one for each failure that needs attention, with a notification.

use serde_json::{Value, json};

use crate::{
    expanded_template,
    expansion::{Stack, text_of},
    fires::{Query, query},
    rule::{Deployment, Rule, differences},
};

/// The alarms: metric, dimensions, and how missing data is treated. A rate is a percentage of all exchanges, and what is for each
/// has a state and a message for each.
const EXPECTED: [&str; 23] = [
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
    "Refusals Class=service for each Reason, missing notBreaching",
    "SiteRefusals Class=microsoft for each Site, missing notBreaching",
    "SiteRefusals Class=setup for each Site, missing notBreaching",
    "Granted for each Site, missing notBreaching",
    "Granted, 0 to 6 h, missing notBreaching",
    "overdue NewestKeyAge by 168 hours, missing missing",
    "share EntraUnreachable of EntraFetches, missing notBreaching",
    "UnreadableSites for each Site, missing notBreaching",
    "StaleAnswers for each Kind, missing notBreaching",
    "Warnings for each Target, missing notBreaching",
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
    let described = match query(alarm) {
        Some(text) => queried(text).unwrap_or_else(|| format!("{text}, which is not a query")),
        None if alarm["Metrics"].is_null() => metric(alarm),
        None => calculated(alarm),
    };
    format!("{described}, missing {missing}")
}

/// Returns what a query is on, if it finds something: the code must record the metric with exactly these labels.
fn queried(text: &str) -> Option<String> {
    let query = Query::parse(text)?;
    let conditions = query.conditions.iter().map(|(label, is_equal, value)| {
        let sign = if *is_equal { "=" } else { "!=" };
        format!(" {label}{sign}{value}")
    });
    let conditions: String = conditions.collect();
    (query.namespace == OWN).then(|| format!("{}{conditions} for each {}", query.metric, query.group))
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
    if counts_all && expression == rate("refused") {
        return format!("rate of {}", of("refused")).replace("own ", "");
    }
    if let Some(hours) = expression.strip_prefix("age / 3600 - ") {
        return format!("overdue {} by {hours} hours", of("age")).replace("own ", "");
    }
    let during = "IF(DAY(granted) <= 5 AND HOUR(granted) >= 0 AND HOUR(granted) < 6, granted, 1)";
    if expression == during {
        return format!("{}, 0 to 6 h", of("granted")).replace("own ", "");
    }
    format!("{expression}, which this test does not understand")
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
            ("/ServiceOutage/Properties/Metrics/0/Expression", json!("SELECT SUM(Refusals) FROM Pozi")),
            (
                "/SiteOutage/Properties/Metrics/0/Expression",
                json!(
                    "SELECT SUM(SiteRefusals) FROM SCHEMA(\"Pozi/${AWS::StackName}\", \"Class\", \"Site\") ORDER BY SUM() DESC"
                ),
            ),
            (
                "/UnreadableSites/Properties/Metrics/0/Expression",
                json!(
                    "SELECT SUM(UnreadableSites) FROM SCHEMA(\"Pozi\", \"Site\") GROUP BY \"Site\" ORDER BY SUM() DESC"
                ),
            ),
            ("/NoGrants/Properties/Metrics/0/Expression", json!("granted")),
            ("/RefusalRate/Properties/Metrics/0/Expression", json!("refused")),
            ("/RefusalRate/Properties/Metrics/1/MetricStat/Metric/Namespace", json!("Pozi")),
            ("/RefusalRate/Properties/Metrics/1/MetricStat/Metric/MetricName", json!("Exchange")),
            ("/Dashboard/Properties/DashboardBody", json!("{ \"widgets\": [ }")),
        ],
    }
    .check_all(expansion);
}

#[test]
fn the_alarms_that_pozi_reason_names_exist() {
    let Some(expansion) = expanded_template() else { return };
    let stack = Stack::of(expansion, &[]);
    let advice = include_str!("../../infra/operator/src/reason/exchange/service.rs");
    let named = advice.split("See the alarm ").skip(1).filter_map(|rest| rest.split(' ').next());
    let named: Vec<_> = named.collect();
    assert!(!named.is_empty());
    for alarm in named {
        assert!(stack.has(alarm), "{alarm} is no alarm");
    }
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

fn warning_faults(stack: &Stack, _: &Deployment) -> Vec<String> {
    let filters: Vec<_> = stack.of_type("AWS::Logs::MetricFilter").map(|(_, filter)| filter).collect();
    let logs = stack.of_type("AWS::Lambda::Function").map(|(name, _)| format!("${{{name}Log}}"));
    let mut faults =
        differences("the filters", filters.iter().map(|filter| text_of(&filter["LogGroupName"])), logs);
    for filter in filters {
        let counts = filter["FilterPattern"] == "{ $.level = \"WARN\" || $.level = \"ERROR\" }";
        let as_one = json!([{
            "MetricNamespace": OWN,
            "MetricName": "Warnings",
            "MetricValue": "1",
            "Dimensions": [{ "Key": "Target", "Value": "$.target" }],
        }]);
        let counts = counts && filter["MetricTransformations"] == as_one;
        faults.extend((!counts).then(|| format!("warnings are not counted by {filter}")));
    }
    faults
}

#[test]
fn the_warnings_of_every_function_are_counted() {
    let Some(expansion) = expanded_template() else { return };
    let filter = "/JwksWarnings/Properties/MetricTransformations/0";
    Rule {
        harm: "What a function can survive for hours, but not for days, would be read by nobody.",
        check: &warning_faults,
        spoiled: &[
            ("/RotateKeysWarnings", json!(null)),
            ("/JwksWarnings/Properties/LogGroupName", json!({ "Ref": "ApiLog" })),
            ("/JwksWarnings/Properties/FilterPattern", json!("{ $.level = \"ERROR\" }")),
            (&format!("{filter}/MetricName"), json!("Errors")),
            (&format!("{filter}/Dimensions"), json!(null)),
        ],
    }
    .check_all(expansion);
}
