//! `pozi push`: writes each document that changed, on condition that the stored revision is still the one that was read, and
//! that no other site has its external URL or its name.

use std::fmt::Write as _;

use pozi_auth::{
    adapters::LoadError,
    revision::Revision,
    sites::{SiteFile, SiteName},
    tenants::{AllTenants, RegistryError, SiteStore, SiteStoreError},
};

use crate::{Change, Plan, Step, check, plan};

/// Why a push failed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The files have errors, or clash with stored sites. Nothing was written.
    #[error(transparent)]
    Files(LoadError),
    /// The stored sites cannot be read. Nothing was written.
    #[error("nothing was written")]
    Read(#[source] RegistryError),
    /// A document was not written, and none after it.
    #[error("{done}{site} and the sites after it were not written; check `pozi list`, then push again")]
    Write {
        /// What was done before, in lines.
        done: String,
        /// The site that failed.
        site: SiteName,
        /// Why its document was not written.
        source: SiteStoreError,
    },
}

/// Writes `files` to `table`; with `dry_run` writes nothing. Returns a line for each change, made or planned.
pub async fn push<T: AllTenants + SiteStore>(
    table: &T,
    files: &[SiteFile],
    dry_run: bool,
) -> Result<String, PushError> {
    let stored = table.all().await.map_err(PushError::Read)?;
    let Plan { steps, warnings, invalid } =
        plan(files, &stored).map_err(|errors| PushError::Files(LoadError::Faulty(errors)))?;
    let mut done = check::lines(&warnings);
    for error in invalid {
        // Writing to a string cannot fail.
        let _ = writeln!(done, "warning: a stored document is not valid: {error}");
    }
    for step in steps {
        let written = if dry_run { Ok(()) } else { write(table, &step).await };
        if let Err(source) = written {
            return Err(PushError::Write { done, site: step.site.name, source });
        }
        let _ = writeln!(done, "{}: {}", step.site.name, report(step.change, dry_run));
    }
    Ok(done)
}

async fn write(table: &impl SiteStore, step: &Step) -> Result<(), SiteStoreError> {
    let Step { site, document, change } = step;
    match change {
        Change::New => table.put(site, document, None).await.map(drop),
        Change::Replaces(revision) => table.put(site, document, Some(*revision)).await.map(drop),
        Change::Claims(revision) => table.claim(site, *revision).await,
        Change::Unchanged(_) => Ok(()),
    }
}

fn report(change: Change, dry_run: bool) -> String {
    let would = if dry_run { "would be " } else { "" };
    match change {
        Change::New => format!("{would}created as revision {}", Revision::after(None)),
        Change::Replaces(before) => {
            format!("{would}updated from revision {before} to {}", Revision::after(Some(before)))
        }
        Change::Claims(revision) => {
            let claimed = if dry_run { "would be claimed" } else { "are claimed" };
            format!("unchanged at revision {revision}; its external URL and its name {claimed}")
        }
        Change::Unchanged(revision) => format!("unchanged at revision {revision}"),
    }
}
