//! `pozi audit`: what the service decided, and why, from its audit events.

mod args;
mod event;
mod insights;
mod observed;
mod query;
mod report;

use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;

pub(crate) use self::args::AuditArgs;
use self::{
    args::{Reference, Since},
    event::{Event, Row},
    observed::{Counted, Observed},
    query::{MAX_EVENTS, MAX_ROWS, Query, Sought},
    report::{Explained, Period},
};
use crate::{AwsError, GlobalArgs, Output, Service, World};

/// Why `pozi audit` failed.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// AWS cannot be used.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// No stack is named.
    #[error("audit events are in a log group of the stack; name the stack with --stack NAME (or POZI_STACK)")]
    NoStack,
    /// There is no such log group.
    #[error("there is no log group {0} in this region; check --stack and --region")]
    NoLogGroup(String),
    /// The result did not come in time.
    #[error("CloudWatch has not found the events within {} seconds, and the query was stopped; ask for a shorter time, or wait longer with --wait", .0.as_secs())]
    TimedOut(Duration),
    /// The query ended otherwise.
    #[error("CloudWatch ended the query ({0}); try again, or ask for a shorter time")]
    Ended(String),
    /// No event has the reference.
    #[error(
        "no audit event of the last {1} names {0}; an event can be read about a minute after its exchange, and earlier ones with --since, such as --since 7d"
    )]
    NotFound(Reference, Since),
}

impl AuditError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Aws(error) => error.code(),
            Self::NoStack => "no_stack",
            Self::NoLogGroup(_) => "no_log_group",
            Self::TimedOut(_) => "timed_out",
            Self::Ended(_) => "query",
            Self::NotFound(..) => "not_found",
        }
    }
}

/// Runs the command.
pub(crate) async fn run(
    args: &AuditArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, AuditError> {
    let service = Service::connect(global, world).await?;
    let log_group = service.output("AuditLogGroup").map_err(|error| match error {
        AwsError::NoStack => AuditError::NoStack,
        other => other.into(),
    })?;
    let since = args.since.unwrap_or(Since::DAY);
    let sought = match &args.reference {
        Some(reference) => Sought::Reference(reference.clone()),
        None if args.observed => Sought::Observed { site: args.site.clone() },
        None => Sought::Period { site: args.site.clone(), reason: args.reason.clone() },
    };
    let query = Query::new(&sought, since, world.now);
    let (client, patience) = (Client::new(service.connection()), Duration::from_secs(args.wait));
    let what = "asking CloudWatch for the audit events";
    if let Sought::Observed { .. } = sought {
        let rows = insights::rows(&client, log_group, &query, patience, Counted::read);
        let rows = world.watching(what, rows).await?;
        return Ok(Output::new(&observed(args, since, &rows)));
    }
    let rows = insights::rows(&client, log_group, &query, patience, Row::read);
    let rows = world.watching(what, rows).await?;
    match sought {
        Sought::Reference(reference) => Ok(Output::new(&explained(reference, since, &rows)?)),
        _ => Ok(Output::new(&period(args, since, &rows))),
    }
}

fn observed(args: &AuditArgs, since: Since, rows: &[Counted]) -> Observed {
    let site = args.site.as_ref().map(|site| format!(" at {site}")).unwrap_or_default();
    Observed::new(format!("in the last {since}{site}"), rows, rows.len() >= MAX_ROWS)
}

fn explained(reference: Reference, since: Since, rows: &[Row]) -> Result<Explained, AuditError> {
    let mut events: Vec<_> = rows.iter().filter_map(Event::read).collect();
    if events.is_empty() {
        return Err(AuditError::NotFound(reference, since));
    }
    let newest = events.remove(0);
    Ok(Explained::new(newest, events))
}

fn period(args: &AuditArgs, since: Since, rows: &[Row]) -> Period {
    let events: Vec<_> = rows.iter().filter_map(Event::read).collect();
    let site = args.site.as_ref().map(|site| format!(" at {site}")).unwrap_or_default();
    let reason = args.reason.as_ref().map(|reason| format!(" with {reason}")).unwrap_or_default();
    Period {
        what: format!("in the last {since}{site}{reason}"),
        unreadable: rows.len() - events.len(),
        events,
        is_shortened: rows.len() >= MAX_EVENTS,
    }
}

#[cfg(test)]
mod tests;
