//! Carries a plan out: writes what changed, each document on the revision that was seen.

use std::fmt::Write as _;

use pozi_auth::{
    adapters::LoadError,
    revision::Revision,
    sites::{SiteFile, SiteName},
    tenants::{AllTenants, RegistryError, SiteStore, SiteStoreError},
};

use crate::{Change, Plan, Step, plan};

/// Why a push ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The files, alone, together, or beside what is stored. Nothing was written.
    #[error("{0}")]
    Files(LoadError),
    /// The stored sites cannot be read. Nothing was written.
    #[error("nothing was written")]
    Read(#[source] RegistryError),
    /// A document was not written, nor those after it.
    #[error("{told}{site}: it and those after it were not written; look again, and push again")]
    Write {
        /// What had been done by then.
        told: String,
        /// The site.
        site: SiteName,
        /// Why.
        #[source]
        problem: SiteStoreError,
    },
}

/// Brings `files` into `table`, or with `dry_run` only says what would change. Returns what was done, in lines.
pub async fn push<T: AllTenants + SiteStore>(
    table: &T,
    files: &[SiteFile],
    dry_run: bool,
) -> Result<String, PushError> {
    let stored = table.all().await.map_err(PushError::Read)?;
    let Plan { steps, unreadable } =
        plan(files, &stored).map_err(|problems| PushError::Files(LoadError::Faulty(problems)))?;
    let mut told = String::new();
    for problem in unreadable {
        // Writing to a string cannot fail.
        let _ = writeln!(told, "stored already, and unreadable: {problem}");
    }
    for Step { site, document, change } in steps {
        let expected = match change {
            Change::New => None,
            Change::Replaces(revision) => Some(revision),
            Change::Unchanged(revision) => {
                let _ = writeln!(told, "{}: unchanged, revision {revision}", site.name);
                continue;
            }
        };
        if !dry_run && let Err(problem) = table.put(&site, &document, expected).await {
            return Err(PushError::Write { told, site: site.name, problem });
        }
        let next = Revision::after(expected);
        let would = if dry_run { "would be " } else { "" };
        let _ = match expected {
            None => writeln!(told, "{}: {would}new, revision {next}", site.name),
            Some(before) => writeln!(told, "{}: {would}changed, revision {before} to {next}", site.name),
        };
    }
    Ok(told)
}
