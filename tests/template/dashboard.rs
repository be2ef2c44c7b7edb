//! The rules about the dashboard: its queries can be read, and show what the functions record.

use serde_json::{Value, json};

use crate::{
    expanded_template,
    expansion::Stack,
    rule::{Deployment, Rule, fault_unless},
};

const NAMESPACE: &str = "Pozi/${AWS::StackName}";
/// What records the metrics.
const RECORDER: &str = include_str!("../../shared/src/metrics.rs");

fn dashboard_faults(stack: &Stack, _: &Deployment) -> Vec<String> {
    let body = stack.properties("Dashboard")["DashboardBody"].as_str().unwrap();
    let Ok(dashboard) = serde_json::from_str::<Value>(body) else {
        return vec!["the dashboard is not JSON".into()];
    };
    let widgets = dashboard["widgets"].as_array().unwrap();
    widgets
        .iter()
        .flat_map(|widget| rows(&widget["properties"]["metrics"]))
        .flat_map(|row| row_faults(&row))
        .collect()
}

/// Returns the rows of a widget, without the shorthand for "as in the row above".
fn rows(metrics: &Value) -> Vec<Vec<Value>> {
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for row in metrics.as_array().into_iter().flatten() {
        let mut row = row.as_array().unwrap().clone();
        if let Some(above) = rows.last() {
            if row.first() == Some(&json!("...")) {
                let named = above.iter().filter(|one| one.is_string()).cloned();
                row = named.chain(row.into_iter().skip(1)).collect();
            }
            for (one, above) in row.iter_mut().zip(above) {
                if *one == "." {
                    *one = above.clone();
                }
            }
        }
        rows.push(row);
    }
    rows
}

fn row_faults(row: &[Value]) -> Vec<String> {
    match row.first().and_then(Value::as_str) {
        None => row[0]["expression"].as_str().map_or_else(
            || vec![format!("{row:?} is neither a metric nor an expression")],
            |search| search_faults(search).into_iter().map(str::to_owned).collect(),
        ),
        Some(NAMESPACE) => {
            let name = row[1].as_str().unwrap();
            fault_unless(records(name), &format!("nothing records {name}")).into_iter().collect()
        }
        Some(space) => {
            let is_known = ["AWS/Lambda", "AWS/ApiGateway"].contains(&space);
            fault_unless(is_known, &format!("{space} is an unknown namespace")).into_iter().collect()
        }
    }
}

/// Reads `SEARCH('{"Namespace",Dimension,…} MetricName="Name"', 'Statistic', Period)`. A namespace with other characters than
/// letters, digits and underscores must be quoted.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html>.
fn search_faults(search: &str) -> Option<&'static str> {
    let read = || {
        let inner = search.strip_prefix("SEARCH('{\"")?;
        let statistics = ["Sum", "Average"].into_iter();
        let inner =
            statistics.map(|one| format!("', '{one}', 300)")).find_map(|end| inner.strip_suffix(&end))?;
        let (namespace, rest) = inner.split_once("\",")?;
        let (dimensions, rest) = rest.split_once("} MetricName=\"")?;
        Some((namespace, dimensions, rest.strip_suffix('"')?))
    };
    let Some((namespace, dimensions, name)) = read() else { return Some("a search cannot be read") };
    if namespace != NAMESPACE {
        return Some("a search looks in another namespace");
    }
    let recording = format!("!(\"{name}\"");
    let recordings = RECORDER.split(&recording).skip(1);
    let is_recorded = recordings.filter_map(|rest| rest.split(')').next()).any(|labels| {
        let labels = labels.split("=>").filter_map(|part| part.rsplit('"').nth(1));
        labels.collect::<Vec<_>>().join(",") == dimensions
    });
    (!is_recorded).then_some("a search looks for what nothing records")
}

fn records(name: &str) -> bool {
    RECORDER.contains(&format!("!(\"{name}\")")) || RECORDER.contains(&format!("!(\"{name}\","))
}

#[test]
fn the_dashboard_shows_what_is_recorded() {
    let Some(expansion) = expanded_template() else { return };
    let with = |found: &str, other: &str| {
        let body = expansion_body(expansion);
        assert!(body.contains(found), "{found}");
        json!(body.replace(found, other))
    };
    Rule {
        harm: "In an outage, an operator would look at an empty dashboard.",
        check: &dashboard_faults,
        spoiled: &[
            (
                "/Dashboard/Properties/DashboardBody",
                with("{\\\"Pozi/${AWS::StackName}\\\",", "{Pozi/${AWS::StackName},"),
            ),
            ("/Dashboard/Properties/DashboardBody", with("NewestKeyAge", "NewestAge")),
            ("/Dashboard/Properties/DashboardBody", with("=\\\"Refusals\\\"", "=\\\"Refused\\\"")),
            ("/Dashboard/Properties/DashboardBody", with(",Class,Site}", ",Class}")),
            ("/Dashboard/Properties/DashboardBody", with("'Average'", "'Share'")),
            ("/Dashboard/Properties/DashboardBody", with("AWS/ApiGateway", "AWS/Gateway")),
        ],
    }
    .check_all(expansion);
}

/// Returns the dashboard's text.
fn expansion_body(expansion: &Value) -> String {
    let stack = Stack::of(expansion, &[]);
    stack.properties("Dashboard")["DashboardBody"].as_str().unwrap().to_owned()
}
