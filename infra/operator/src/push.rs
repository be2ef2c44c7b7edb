//! `pozi push`: writes each document that changed, on condition that the stored revision is still the one that was read.

use std::fmt::Write as _;

use pozi_auth::{
    adapters::LoadError,
    revision::Revision,
    sites::{SiteFile, SiteName},
    tenants::{AllTenants, RegistryError, SiteStore, SiteStoreError},
};

use crate::{Change, Plan, Step, plan};

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
    let Plan { steps, invalid } =
        plan(files, &stored).map_err(|errors| PushError::Files(LoadError::Faulty(errors)))?;
    let mut done = String::new();
    for error in invalid {
        // Writing to a string cannot fail.
        let _ = writeln!(done, "warning: a stored document is not valid: {error}");
    }
    for Step { site, document, change } in steps {
        let expected = match change {
            Change::New => None,
            Change::Replaces(revision) => Some(revision),
            Change::Unchanged(revision) => {
                let _ = writeln!(done, "{}: unchanged at revision {revision}", site.name);
                continue;
            }
        };
        if !dry_run && let Err(source) = table.put(&site, &document, expected).await {
            return Err(PushError::Write { done, site: site.name, source });
        }
        let next = Revision::after(expected);
        let would = if dry_run { "would be " } else { "" };
        let _ = match expected {
            None => writeln!(done, "{}: {would}created as revision {next}", site.name),
            Some(before) => writeln!(done, "{}: {would}updated from revision {before} to {next}", site.name),
        };
    }
    Ok(done)
}
