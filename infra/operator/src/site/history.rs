//! `pozi history`: the revisions of a site, and who stored them.

use std::fmt;

use pozi_auth::{
    revision::Revision,
    tenants::{AllTenants, Holder, PastRevision, SiteHistory},
};
use serde::Serialize;

use super::{HistoryArgs, SiteCommandError, stored::find};
use crate::moments;
use crate::{GlobalArgs, Output, Service, World, output::table};

#[derive(Debug, Serialize)]
struct History {
    site: String,
    revisions: Vec<ListedRevision>,
}

#[derive(Debug, Serialize)]
struct ListedRevision {
    revision: Revision,
    stored_at: u64,
    stored_by: String,
    what: String,
}

/// Runs the command.
pub(super) async fn run(
    args: &HistoryArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, SiteCommandError> {
    let table = Service::connect(global, world).await?.table()?;
    let site = holder(args, &table).await?;
    let past = world.watching("reading the history", table.history(&site)).await;
    let past = past.map_err(|error| SiteCommandError::Aws(error.into()))?;
    Ok(Output::new(&History::new(site.site, &past)))
}

async fn holder(args: &HistoryArgs, table: &impl AllTenants) -> Result<Holder, SiteCommandError> {
    match args.tenant {
        Some(tenant) => Ok(Holder { tenant, site: args.site.to_string() }),
        None => Ok(find(table, &args.site).await?.holder()),
    }
}

impl History {
    fn new(site: String, past: &[PastRevision]) -> Self {
        let listed = |past: &PastRevision| ListedRevision {
            revision: past.revision,
            stored_at: past.edit.at.unix_seconds(),
            stored_by: past.edit.by.clone(),
            what: match (&past.edit.note, &past.document) {
                (Some(note), _) => note.clone(),
                (None, Some(_)) => "pushed".to_owned(),
                (None, None) => "removed".to_owned(),
            },
        };
        Self { site, revisions: past.iter().map(listed).collect() }
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.revisions.is_empty() {
            return writeln!(
                f,
                "{} has no history; revisions are recorded from the next push on.",
                self.site
            );
        }
        let mut rows = table(["REVISION", "STORED", "BY", "WHAT"]);
        for past in &self.revisions {
            let at = moments::utc_or_dash(Some(past.stored_at));
            rows.add_row([past.revision.to_string(), at, past.stored_by.clone(), past.what.clone()]);
        }
        writeln!(f, "{}", rows.trim_fmt())
    }
}
