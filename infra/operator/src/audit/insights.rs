//! CloudWatch Logs Insights: a query is started, its result asked for until it is there, and stopped if that takes too long.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::{
    Client,
    types::{QueryStatus, ResultField},
};
use pozi_auth::adapters::aws::CallError;

use super::{AuditError, query::Query};
use crate::AwsError;

/// The first pause before the result is asked for again; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// The fields of a row of a query's result.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(&'a [ResultField]);

impl<'a> Fields<'a> {
    /// Returns the field `name`; empty if the row does not have it.
    pub(super) fn text(&self, name: &str) -> &'a str {
        let field = self.0.iter().find(|field| field.field() == Some(name));
        field.and_then(ResultField::value).unwrap_or_default()
    }
}

/// Runs `query` on `log_group`, for at most `patience`. Returns what `read` makes of each row.
pub(super) async fn rows<R>(
    client: &Client,
    log_group: &str,
    query: &Query,
    patience: Duration,
    read: impl Fn(&Fields<'_>) -> R,
) -> Result<Vec<R>, AuditError> {
    let started = client
        .start_query()
        .log_group_name(log_group)
        .start_time(signed(query.from))
        .end_time(signed(query.until))
        .query_string(&query.text)
        .send()
        .await
        .map_err(|error| failed(CallError::of(error), log_group))?;
    let id = started.query_id.unwrap_or_default();
    let result = match tokio::time::timeout(patience, result(client, &id, log_group, read)).await {
        Ok(result) => result,
        Err(_) => Err(AuditError::TimedOut(patience)),
    };
    if result.is_err() {
        // It costs by what it reads. If it has ended already, there is nothing to stop.
        drop(client.stop_query().query_id(&id).send().await);
    }
    result
}

async fn result<R>(
    client: &Client,
    id: &str,
    log_group: &str,
    read: impl Fn(&Fields<'_>) -> R,
) -> Result<Vec<R>, AuditError> {
    let mut pause = FIRST_PAUSE;
    loop {
        let answer = client.get_query_results().query_id(id).send().await;
        let answer = answer.map_err(|error| failed(CallError::of(error), log_group))?;
        match answer.status {
            Some(QueryStatus::Complete) => {
                let rows = answer.results.unwrap_or_default();
                return Ok(rows.iter().map(|row| read(&Fields(row))).collect());
            }
            Some(QueryStatus::Scheduled | QueryStatus::Running) | None => {}
            Some(status) => return Err(AuditError::Ended(status.as_str().to_owned())),
        }
        tokio::time::sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

fn failed(error: CallError, log_group: &str) -> AuditError {
    match error.code.as_deref() {
        Some("ResourceNotFoundException") => AuditError::NoLogGroup(log_group.to_owned()),
        _ => AwsError::from(error).into(),
    }
}

/// Unix seconds are far below the limit.
fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
