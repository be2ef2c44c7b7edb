//! `pozi audit`, with an AWS that plays CloudFormation and CloudWatch Logs Insights.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use pozi_auth::{adapters::aws::connection, timestamp::Timestamp};
use pozi_operator::{Exit, Output};
use pozi_tests::{NOW, aws_at};
use serde_json::{Value, json};

use super::{explained, served};

const JTI: &str = "2b1f5e0e-7f1c-4d6e-9a52-2f6f8e1d7c22";
const LOG_GROUP: &str = "/pozi/trial/token-exchange";

/// An AWS whose queries go through these states, and end with these lines.
#[derive(Clone, Default)]
struct Aws {
    states: Arc<Mutex<Vec<&'static str>>>,
    lines: Vec<String>,
    /// The calls to CloudWatch Logs, by their name, with their bodies.
    calls: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Aws {
    fn new(states: &[&'static str], lines: &[Value]) -> Self {
        let states = states.iter().rev().copied().collect();
        Self {
            states: Arc::new(Mutex::new(states)),
            lines: lines.iter().map(Value::to_string).collect(),
            ..Self::default()
        }
    }

    fn router(&self) -> Router {
        let aws = self.clone();
        Router::new().route(
            "/",
            post(move |headers: HeaderMap, body: String| async move { aws.answer(&headers, &body) }),
        )
    }

    fn answer(&self, headers: &HeaderMap, body: &str) -> Response {
        let Some(target) = headers.get("x-amz-target") else { return stack() };
        let name = target.to_str().unwrap().rsplit('.').next().unwrap().to_owned();
        self.calls.lock().unwrap().push((name.clone(), serde_json::from_str(body).unwrap()));
        let answer = match name.as_str() {
            "StartQuery" => json!({ "queryId": "q1" }),
            "GetQueryResults" => self.results(),
            "StopQuery" => json!({ "success": true }),
            _ => {
                return (StatusCode::BAD_REQUEST, r#"{"__type":"InvalidOperationException"}"#)
                    .into_response();
            }
        };
        ([(CONTENT_TYPE, "application/x-amz-json-1.1")], answer.to_string()).into_response()
    }

    /// The last state stays. A line that is a list is the fields of a row that a query counted.
    fn results(&self) -> Value {
        let mut states = self.states.lock().unwrap();
        let state = if states.len() > 1 { states.pop().unwrap() } else { states[0] };
        if state == "Gone" {
            return json!({ "status": "Complete", "results": [] });
        }
        let row = |line: &String| match serde_json::from_str(line) {
            Ok(Value::Array(fields)) => Value::Array(fields),
            _ => {
                json!([{"field": "@timestamp", "value": "2027-01-15 08:00:00.123"}, {"field": "@message", "value": line}, {"field": "@ptr", "value": "p"}])
            }
        };
        let rows: Vec<_> = self.lines.iter().filter(|_| state == "Complete").map(row).collect();
        json!({ "status": state, "results": rows, "statistics": {"recordsMatched": 1.0} })
    }

    async fn audit(&self, words: &[&str]) -> Result<Output, String> {
        let url = served(self.router()).await;
        let mut world = pozi_operator::World::emulated(connection(&aws_at(url.base())), None);
        world.now = Timestamp::from_unix_seconds(NOW);
        explained(&[&["pozi", "audit"], words].concat(), &mut world).await
    }

    fn called(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|(name, _)| name.clone()).collect()
    }
}

/// What CloudFormation says about the stack.
fn stack() -> Response {
    let body = format!(
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>trial</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
         <StackStatus>CREATE_COMPLETE</StackStatus><Outputs><member><OutputKey>AuditLogGroup</OutputKey><OutputValue>{LOG_GROUP}</OutputValue></member></Outputs>\
         </member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    );
    ([(CONTENT_TYPE, "text/xml")], body).into_response()
}

fn granted() -> Value {
    json!({
        "target": "pozi::audit", "decision": "granted", "status": 200, "site": "riverbend", "scope": "planning:read",
        "closed": "planning:write nobody, assets:read not_in_group", "jti": JTI, "total_us": 2_950,
    })
}

#[tokio::test]
async fn a_reference_is_sought_in_the_stacks_log_group_until_the_query_is_complete() {
    let aws = Aws::new(&["Scheduled", "Running", "Complete"], &[granted()]);
    let output = aws.audit(&["--stack", "trial", JTI]).await.unwrap();
    assert_eq!(aws.called(), ["StartQuery", "GetQueryResults", "GetQueryResults", "GetQueryResults"]);
    let start = aws.calls.lock().unwrap()[0].1.clone();
    assert_eq!((&start["logGroupName"], &start["startTime"]), (&json!(LOG_GROUP), &json!(NOW - 86_400)));
    assert!(
        start["queryString"]
            .as_str()
            .unwrap()
            .contains(&format!("| filter jti = \"{JTI}\" or uti = \"{JTI}\"\n"))
    );
    let text = output.plain();
    for words in [
        "granted: a session with the scope planning:read",
        "assets:read     the token listed none of the groups",
        "Groups → All groups",
    ] {
        assert!(text.contains(words), "{text}");
    }
    assert_eq!((&output.json()["jti"], output.exit()), (&json!(JTI), Exit::Done));
}

#[tokio::test]
async fn the_exchanges_of_a_time_are_listed() {
    let refused = json!({"target": "pozi::audit", "decision": "refused", "reason": "no_catalogue", "status": 400, "site": "riverbend"});
    let aws = Aws::new(&["Complete"], &[refused, granted()]);
    let words = ["--stack", "trial", "--since", "1h", "--site", "riverbend", "--reason", "no_catalogue"];
    let output = aws.audit(&words).await.unwrap();
    let start = aws.calls.lock().unwrap()[0].1.clone();
    let query = start["queryString"].as_str().unwrap();
    assert!(query.contains("| filter site = \"riverbend\"\n| filter reason = \"no_catalogue\"\n"), "{query}");
    let text = output.plain();
    assert!(text.contains("exchanges in the last 60 minutes at riverbend with no_catalogue: 2 (1 granted, 1 refused, 0 abandoned)"), "{text}");
    assert_eq!(output.json()["events"][0]["reason"], "no_catalogue");
}

#[tokio::test]
async fn what_the_rules_of_observed_sites_would_have_refused_is_counted() {
    let row = |fields: &[(&str, &str)]| -> Value {
        fields.iter().map(|(name, value)| json!({"field": name, "value": value})).collect()
    };
    let of = |subject, more: &[(&str, &str)]| {
        row(&[&[("site", "riverbend"), ("subject_sha256", subject), ("exchanges", "3")], more].concat())
    };
    let aws = Aws::new(
        &["Complete"],
        &[
            of("5a", &[]),
            of("6b", &[("would_close", "planning:write")]),
            of("7c", &[("would_refuse", "no_catalogue"), ("would_close", "planning:read planning:write")]),
        ],
    );
    let output = aws.audit(&["--stack", "trial", "--since", "30d", "--observed"]).await.unwrap();
    let start = aws.calls.lock().unwrap()[0].1.clone();
    assert_eq!(start["startTime"], NOW - 30 * 86_400);
    let query = start["queryString"].as_str().unwrap();
    assert!(query.contains("| filter enforcement = \"observed\""), "{query}");
    let text = output.plain();
    for words in [
        "riverbend  refuse everything (no_catalogue)  3          1\n",
        "riverbend  close planning:write              6          2\n",
        "riverbend, observed in the last 30 days: exchanges 9, people 3, of whom would lose something 2\n",
    ] {
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(output.json()["sites"][0]["people_affected"], 2);
    for words in
        [&["--observed"][..], &[JTI, "--observed"], &["--since", "1h", "--observed", "--reason", "expired"]]
    {
        let error = aws.audit(&[&["--stack", "trial"], words].concat()).await.unwrap_err();
        assert!(error.contains("error: "), "{words:?}: {error}");
    }
}

#[tokio::test]
async fn a_query_that_is_given_up_is_stopped() {
    for (states, words) in [
        (["Running"], "has not found the events within 1 seconds, and the query was stopped"),
        (["Failed"], "CloudWatch ended the query (Failed)"),
        (["Timeout"], "CloudWatch ended the query (Timeout)"),
        (["Cancelled"], "CloudWatch ended the query (Cancelled)"),
    ] {
        let aws = Aws::new(&states, &[]);
        let error = aws.audit(&["--stack", "trial", JTI, "--wait", "1"]).await.unwrap_err();
        assert!(error.contains(words), "{error}");
        assert_eq!(aws.called().last().map(String::as_str), Some("StopQuery"), "{states:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_found_or_asked_says_what_to_do() {
    let empty = Aws::new(&["Gone"], &[]);
    let error = empty.audit(&["--stack", "trial", JTI, "--since", "7d"]).await.unwrap_err();
    assert!(error.starts_with(&format!("no audit event of the last 7 days names {JTI}; ")), "{error}");
    let error = empty.audit(&["--table", "pozi", JTI]).await.unwrap_err();
    assert_eq!(
        error,
        "audit events are in a log group of the stack; name the stack with --stack NAME (or POZI_STACK)"
    );
    for words in [
        &[][..],
        &["--site", "riverbend"],
        &["--since", "1h", "--site", "x\" or 1=1"],
        &["a\" or 1=1 #"],
        &[JTI, "--reason", "no_catalogue"],
    ] {
        let error = empty.audit(&[&["--stack", "trial"], words].concat()).await.unwrap_err();
        assert!(error.contains("error: "), "{words:?}: {error}");
    }
}
