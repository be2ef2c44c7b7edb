//! Metric data as CloudWatch has it, made of the lines that the functions write.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::expansion::text_of;

/// Data of all metrics.
#[derive(Debug, Clone, Default)]
pub(crate) struct History(Vec<Point>);

/// What one line says of one metric.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    /// Seconds since the Unix epoch.
    at: u64,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) dimensions: BTreeMap<String, String>,
    pub(crate) values: Vec<f64>,
}

impl History {
    /// Adds values of a metric at a time.
    pub(crate) fn add(
        &mut self,
        at: u64,
        (namespace, name): (&str, &str),
        dimensions: &[(&str, &str)],
        values: &[f64],
    ) {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let (namespace, name) = (namespace.into(), name.into());
        self.0.push(Point { at, namespace, name, dimensions, values: values.to_vec() });
    }

    /// Adds what a line in the embedded format says, as if it were written at a time. Source:
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
    pub(crate) fn add_line(&mut self, at: u64, line: &Value) {
        let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for directive in items(&line["_aws"]["CloudWatchMetrics"]) {
            let namespace = text_of(&directive["Namespace"]);
            for metric in items(&directive["Metrics"]) {
                let name = text_of(&metric["Name"]);
                let value = &line[&name];
                let values: Vec<_> = value
                    .as_array()
                    .map_or_else(|| vec![value.clone()], Clone::clone)
                    .iter()
                    .map(|value| value.as_f64().unwrap())
                    .collect();
                for dimensions in items(&directive["Dimensions"]) {
                    let named = items(&dimensions).into_iter().map(|one| text_of(&one));
                    let dimensions = named.map(|one| (one.clone(), text_of(&line[&one]))).collect();
                    let (namespace, name) = (namespace.clone(), name.clone());
                    self.0.push(Point { at, namespace, name, dimensions, values: values.clone() });
                }
            }
        }
    }

    /// Counts a log line as the metric filter with these properties does. Source:
    /// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>.
    pub(crate) fn add_filtered(&mut self, at: u64, line: &Value, filter: &Value) {
        let pattern = filter["FilterPattern"].as_str().unwrap();
        let inner = pattern.strip_prefix("{ ").and_then(|rest| rest.strip_suffix(" }")).unwrap();
        let mut alternatives = inner.split(" || ").map(|one| one.split_once(" = ").unwrap());
        if !alternatives.any(|(field, value)| json_text(at_path(line, field)) == value) {
            return;
        }
        for metric in filter["MetricTransformations"].as_array().unwrap() {
            let dimensions = metric["Dimensions"].as_array().into_iter().flatten();
            let dimensions = dimensions
                .map(|one| (text_of(&one["Key"]), text_of(at_path(line, one["Value"].as_str().unwrap()))))
                .collect();
            let value = text_of(&metric["MetricValue"]).parse().unwrap();
            let (namespace, name) = (text_of(&metric["MetricNamespace"]), text_of(&metric["MetricName"]));
            self.0.push(Point { at, namespace, name, dimensions, values: vec![value] });
        }
    }

    /// Returns the points within a time whose metric is wanted.
    pub(crate) fn within<'a>(
        &'a self,
        (from, until): (u64, u64),
        is_wanted: impl Fn(&Point) -> bool + 'a,
    ) -> impl Iterator<Item = &'a Point> {
        self.0.iter().filter(move |point| (from..until).contains(&point.at) && is_wanted(point))
    }

    /// Returns the values that a label has in any metric.
    pub(crate) fn values_of(&self, label: &str) -> std::collections::BTreeSet<String> {
        self.0.iter().filter_map(|point| point.dimensions.get(label).cloned()).collect()
    }
}

/// Returns a statistic of values; `None` of no values.
pub(crate) fn statistic(name: &str, mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let count = f64::from(u32::try_from(values.len()).unwrap());
    let (first, last) = (*values.first()?, *values.last()?);
    Some(match name.to_uppercase().as_str() {
        "SUM" => values.iter().sum(),
        "AVG" | "AVERAGE" => values.iter().sum::<f64>() / count,
        "MIN" | "MINIMUM" => first,
        "MAX" | "MAXIMUM" => last,
        "P99" => values[(values.len() * 99).div_ceil(100) - 1],
        other => panic!("this test does not know the statistic {other}"),
    })
}

fn at_path<'a>(line: &'a Value, path: &str) -> &'a Value {
    &line[path.strip_prefix("$.").unwrap()]
}

fn json_text(value: &Value) -> String {
    value.to_string()
}
