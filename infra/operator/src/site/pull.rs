//! `pozi pull`: writes the stored site files to a folder, each with the revision that it was.

use std::{fmt, fs, path::Path};

use pozi_auth::tenants::{AllTenants, StoredSite};
use serde::Serialize;

use super::{PullArgs, SiteCommandError, edited_from::put_together, stored::find};
use crate::{Exit, GlobalArgs, Output, Service, World};

#[derive(Debug, Serialize)]
struct Pulled(Vec<PulledFile>);

#[derive(Debug, Serialize)]
struct PulledFile {
    file: String,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Written,
    Unchanged,
    /// A file with another text is there already.
    Kept,
}

/// Runs the command.
pub(super) async fn run(
    args: &PullArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, SiteCommandError> {
    let table = Service::connect(global, world).await?.table()?;
    let stored = world.watching("reading the stored sites", wanted(args, &table)).await?;
    let mut pulled = Vec::new();
    for site in stored {
        pulled.push(write(args, &site)?);
    }
    let exit = if pulled.iter().any(|file| file.what == What::Kept) { Exit::Declined } else { Exit::Done };
    Ok(Output::ending(&Pulled(pulled), exit))
}

async fn wanted(args: &PullArgs, table: &impl AllTenants) -> Result<Vec<StoredSite>, SiteCommandError> {
    if args.sites.is_empty() {
        let all = table.all().await.map_err(|error| SiteCommandError::Aws(error.into()))?;
        return Ok(all.into_iter().flat_map(|(_, sites)| sites).collect());
    }
    let mut wanted = Vec::new();
    for name in &args.sites {
        wanted.push(find(table, name).await?.stored);
    }
    Ok(wanted)
}

fn write(args: &PullArgs, site: &StoredSite) -> Result<PulledFile, SiteCommandError> {
    let path = args.folder.join(format!("{}.toml", site.name));
    let text = put_together(&site.document, site.revision);
    let what = match fs::read_to_string(&path) {
        Ok(present) if present == text => What::Unchanged,
        Ok(_) if !args.overwrite => What::Kept,
        _ => write_file(&path, &text)?,
    };
    Ok(PulledFile { file: path.display().to_string(), what })
}

fn write_file(path: &Path, text: &str) -> Result<What, SiteCommandError> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = folder.and_then(|()| fs::write(path, text));
    written.map_err(|error| SiteCommandError::File(path.display().to_string(), error))?;
    Ok(What::Written)
}

impl fmt::Display for Pulled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for PulledFile { file, what } in &self.0 {
            match what {
                What::Written => writeln!(f, "{file}: written")?,
                What::Unchanged => writeln!(f, "{file}: unchanged")?,
                What::Kept => writeln!(
                    f,
                    "{file}: not written, because it differs; compare with `pozi diff {file}`, or use --overwrite"
                )?,
            }
        }
        Ok(())
    }
}
