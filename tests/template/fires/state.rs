//! The state of an alarm, as CloudWatch evaluates it. Source:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html>.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    history::{History, statistic},
    math,
    query::Query,
};
use crate::expansion::text_of;

/// An alarm's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Ok,
    Alarm,
    InsufficientData,
}

/// Returns the states of the alarm with these properties at `now`, in seconds since the Unix epoch: of each group of a query,
/// or of the one series, which has no name.
pub(crate) fn states(alarm: &Value, history: &History, now: u64) -> BTreeMap<String, State> {
    let (count, length) = (number(&alarm["EvaluationPeriods"]), period(alarm));
    let windows: Vec<_> = (0..count)
        .map(|back| now - back * length)
        .map(|end| values(alarm, history, (end - length, end)))
        .collect();
    let mut groups: BTreeSet<_> = windows.iter().flat_map(BTreeMap::keys).cloned().collect();
    if query(alarm).is_none() {
        groups.insert(String::new());
    }
    let of_group = |group: &String| state(alarm, windows.iter().map(|window| window.get(group).copied()));
    groups.iter().map(|group| (group.clone(), of_group(group))).collect()
}

fn state(alarm: &Value, values: impl Iterator<Item = Option<f64>>) -> State {
    let if_missing = match alarm["TreatMissingData"].as_str() {
        Some("notBreaching") => Some(false),
        Some("breaching") => Some(true),
        Some("missing") => None,
        other => panic!("this test does not know missing data as {other:?}"),
    };
    let threshold: f64 = text_of(&alarm["Threshold"]).parse().unwrap();
    let breaches = |value: f64| match alarm["ComparisonOperator"].as_str().unwrap() {
        "GreaterThanOrEqualToThreshold" => value >= threshold,
        "GreaterThanThreshold" => value > threshold,
        "LessThanOrEqualToThreshold" => value <= threshold,
        "LessThanThreshold" => value < threshold,
        other => panic!("this test does not know {other}"),
    };
    let breaching: Vec<bool> = values.filter_map(|value| value.map(breaches).or(if_missing)).collect();
    let needed = number(alarm.get("DatapointsToAlarm").unwrap_or(&alarm["EvaluationPeriods"]));
    let found = breaching.iter().filter(|is_breaching| **is_breaching).count();
    match (breaching.is_empty(), u64::try_from(found).unwrap() >= needed) {
        (true, _) => State::InsufficientData,
        (false, true) => State::Alarm,
        (false, false) => State::Ok,
    }
}

fn values(alarm: &Value, history: &History, within: (u64, u64)) -> BTreeMap<String, f64> {
    if let Some(text) = query(alarm) {
        let query = Query::parse(text).unwrap_or_else(|| panic!("not a query: {text}"));
        return query.values(history, within);
    }
    let value = match alarm["Metrics"].as_array() {
        None => {
            let statistic = alarm.get("ExtendedStatistic").unwrap_or(&alarm["Statistic"]);
            metric(alarm, statistic, history, within)
        }
        Some(metrics) => {
            let of = |id: &str| {
                let found = metrics.iter().find(|metric| metric["Id"] == id);
                let stat = &found.unwrap_or_else(|| panic!("there is no metric {id}"))["MetricStat"];
                metric(&stat["Metric"], &stat["Stat"], history, within)
            };
            let expression = metrics[0]["Expression"].as_str().unwrap();
            math::evaluate(expression, &math::Period { begins: within.0, metric: &of })
        }
    };
    value.map(|value| (String::new(), value)).into_iter().collect()
}

fn metric(of: &Value, stat: &Value, history: &History, within: (u64, u64)) -> Option<f64> {
    let dimensions = of["Dimensions"].as_array().into_iter().flatten();
    let dimensions: BTreeMap<_, _> =
        dimensions.map(|one| (text_of(&one["Name"]), text_of(&one["Value"]))).collect();
    let (namespace, name) = (text_of(&of["Namespace"]), text_of(&of["MetricName"]));
    let points = history.within(within, |point| {
        (&point.namespace, &point.name, &point.dimensions) == (&namespace, &name, &dimensions)
    });
    statistic(stat.as_str().unwrap(), points.flat_map(|point| point.values.clone()).collect())
}

/// Returns the query that an alarm is on, if it is on one.
pub(crate) fn query(alarm: &Value) -> Option<&str> {
    alarm["Metrics"][0]["Expression"].as_str().filter(|text| text.starts_with("SELECT "))
}

/// Returns the length of an alarm's periods, in seconds.
fn period(alarm: &Value) -> u64 {
    let metrics = alarm["Metrics"].as_array().into_iter().flatten();
    let mut all = metrics
        .flat_map(|metric| [&metric["Period"], &metric["MetricStat"]["Period"]])
        .chain([&alarm["Period"]])
        .filter(|period| !period.is_null())
        .map(number);
    let first = all.next().unwrap();
    assert!(all.all(|other| other == first), "periods differ: {alarm}");
    first
}

fn number(value: &Value) -> u64 {
    text_of(value).parse().unwrap()
}
