//! `pozi remove`: from then on a site issues no sessions. Its history stays, and its file can be pushed again.

use std::fmt;

use pozi_auth::tenants::{Edit, SiteStore};
use serde::Serialize;

use super::{RemoveArgs, SiteCommandError, stored::find};
use crate::group_names::GroupNames;
use crate::{
    Exit, GlobalArgs, Output, Service, World,
    changes::{Changes, changes},
    style::{HEADING, styled},
};

#[derive(Debug, Serialize)]
struct Removal {
    site: String,
    removed: bool,
    changes: Changes,
    #[serde(skip)]
    is_preview: bool,
}

/// Runs the command.
pub(super) async fn run(
    args: &RemoveArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, SiteCommandError> {
    let service = Service::connect(global, world).await?;
    let table = service.table()?;
    let found = world.watching("reading the stored sites", find(&table, &args.site)).await?;
    let names = GroupNames::of(&found.stored.document);
    let changes = changes(found.in_use().as_ref(), None, &names);
    let removal = Removal { site: args.site.to_string(), removed: false, changes, is_preview: true };
    let typed = if let Some(name) = &args.confirm {
        Some(name.to_string())
    } else {
        world.show(&removal.to_string());
        world.ask("Type the site's name to remove it:")
    };
    let typed = typed.ok_or_else(|| SiteCommandError::NobodyToAsk { preview: removal.to_string() })?;
    if typed != args.site.as_str() {
        return Ok(Output::ending(&Removal { is_preview: false, ..removal }, Exit::Declined));
    }
    let edit = Edit { by: service.operator().await?, at: world.now, note: Some("removed".to_owned()) };
    let removed = table.remove(&found.holder(), found.stored.revision, &edit).await;
    removed.map_err(|error| SiteCommandError::store(&found.stored.name, error))?;
    Ok(Output::new(&Removal { removed: true, is_preview: false, ..removal }))
}

impl fmt::Display for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { site, changes, .. } = self;
        let heading = styled(HEADING, site);
        if self.is_preview {
            writeln!(f, "{heading}: would be removed")?;
            return changes.to_string().lines().try_for_each(|line| writeln!(f, "  {line}"));
        }
        if !self.removed {
            return writeln!(f, "{heading}: nothing was removed.");
        }
        writeln!(
            f,
            "{heading}: removed. Instances of the exchange that hold it in their cache issue sessions for up to a minute more; sessions end by themselves."
        )?;
        writeln!(
            f,
            "  • Its history stays: `pozi history {site} --tenant …`. To register it again, push its file."
        )?;
        writeln!(
            f,
            "  • Stop the council's gate, and delete the app registration's redirect URIs if the council leaves for good."
        )
    }
}
