//! `pozi rollback`: stores an earlier revision again, as the next one.

use pozi_auth::{
    revision::Revision,
    tenants::{Edit, SiteStore},
};

use super::{
    RollbackArgs, SiteCommandError, consent, observation,
    rewrite::Rewrite,
    stored::{compile_to_store, document_of, find},
};
use crate::{Exit, GlobalArgs, Output, Service, World};

/// Runs the command.
pub(super) async fn run(
    args: &RollbackArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, SiteCommandError> {
    let service = Service::connect(global, world).await?;
    let table = service.table()?;
    let found = world.watching("reading the stored sites", find(&table, &args.site)).await?;
    let to = args.to.unwrap_or(Revision(found.stored.revision.0.saturating_sub(1)));
    let document = document_of(&table, &found, to).await?;
    let site = compile_to_store(&found.stored.name, (to, found.stored.revision), &document, world.now)?;
    let note = format!("rolled back to revision {to}");
    let advice = observation::warning(&site, world.now).into_iter().collect();
    let rewrite = Rewrite { what: note.clone(), before: &found, site: &site, document: &document, advice };
    let report = rewrite.report();
    if !consent::given(world, args.consent, &report, "Roll back?")? {
        return Ok(Output::ending(&report.declined(), Exit::Declined));
    }
    let edit = Edit { by: service.operator().await?, at: world.now, note: Some(note) };
    let stored = table.put(&site, &document, Some(found.stored.revision), &edit).await;
    let revision = stored.map_err(|error| SiteCommandError::store(&found.stored.name, error))?;
    Ok(Output::new(&report.stored(revision)))
}
