//! Metrics Insights queries, as far as alarms use them. Source:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html>.

use std::collections::{BTreeMap, BTreeSet};

use super::history::{History, Point, statistic};

/// `SELECT FUNCTION(metric) FROM SCHEMA("namespace", "label", …) WHERE … GROUP BY "label" ORDER BY FUNCTION() …`.
#[derive(Debug)]
pub(crate) struct Query<'a> {
    function: &'a str,
    pub(crate) metric: &'a str,
    pub(crate) namespace: &'a str,
    /// A metric counts if it has these labels and no others.
    pub(crate) labels: BTreeSet<&'a str>,
    /// A label, whether it must have the value or must not, and the value.
    pub(crate) conditions: Vec<(&'a str, bool, &'a str)>,
    pub(crate) group: &'a str,
}

impl<'a> Query<'a> {
    /// Reads a query. `None` if CloudWatch would not accept it, or this test does not understand it.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (select, rest) = text.strip_prefix("SELECT ")?.split_once(" FROM SCHEMA(")?;
        let (function, metric) = select.strip_suffix(')')?.split_once('(')?;
        // An alarm on several series needs both.
        let (rest, order) = rest.split_once(" ORDER BY ")?;
        let (rest, group) = rest.split_once(" GROUP BY ")?;
        let (schema, conditions) = match rest.split_once(") WHERE ") {
            Some((schema, conditions)) => (schema, conditions.split(" AND ").collect()),
            None => (rest.strip_suffix(')')?, Vec::new()),
        };
        let mut schema = schema.split(", ").map(identifier);
        let namespace = schema.next()??;
        let labels = schema.collect::<Option<_>>()?;
        let conditions = conditions.into_iter().map(condition).collect::<Option<_>>()?;
        let is_ordered = [" ASC", " DESC"].iter().any(|way| order == format!("{function}(){way}"));
        let query = Self { function, metric, namespace, labels, conditions, group: identifier(group)? };
        let knows = |label| query.labels.contains(label);
        let is_known = knows(query.group) && query.conditions.iter().all(|(label, ..)| knows(label));
        (is_ordered && is_known).then_some(query)
    }

    /// Returns the value of each group that has data within a time.
    pub(crate) fn values(&self, history: &History, within: (u64, u64)) -> BTreeMap<String, f64> {
        let mut groups: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for point in history.within(within, |point| self.selects(point)) {
            groups.entry(point.dimensions[self.group].clone()).or_default().extend(&point.values);
        }
        groups
            .into_iter()
            .filter_map(|(group, values)| Some((group, statistic(self.function, values)?)))
            .collect()
    }

    fn selects(&self, point: &Point) -> bool {
        let labels: BTreeSet<_> = point.dimensions.keys().map(String::as_str).collect();
        (point.namespace.as_str(), point.name.as_str()) == (self.namespace, self.metric)
            && labels == self.labels
            && self
                .conditions
                .iter()
                .all(|(label, is_equal, value)| (point.dimensions[*label] == *value) == *is_equal)
    }
}

/// Names of labels are quoted, since some are words of the language.
fn identifier(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"')
}

fn condition(text: &str) -> Option<(&str, bool, &str)> {
    let (label, operator_and_value) = text.split_once(' ')?;
    let (operator, value) = operator_and_value.split_once(' ')?;
    let is_equal = match operator {
        "=" => true,
        "!=" => false,
        _ => return None,
    };
    Some((identifier(label)?, is_equal, value.strip_prefix('\'')?.strip_suffix('\'')?))
}
