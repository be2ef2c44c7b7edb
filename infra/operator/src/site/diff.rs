//! `pozi diff`: what differs between a site file and the stored one, or between two revisions: who gains and who loses
//! access, and the text.

use std::{fmt, path::Path};

use pozi_auth::{
    adapters::LoadError,
    revision::Revision,
    sites::{Site, SiteFile, SiteName},
    tenants::{AllTenants, SiteHistory},
};
use serde::Serialize;
use similar::TextDiff;

use super::{
    DiffArgs, SiteCommandError,
    edited_from::take_apart,
    files::read,
    stored::{Found, compile, document_of, find},
};
use crate::group_names::GroupNames;
use crate::{
    GlobalArgs, Output, Service, World,
    changes::{Changes, changes},
    style::{BAD, GOOD, HEADING, styled},
};

/// Two documents of a site, to compare.
#[derive(Debug)]
struct Sides {
    site: String,
    before: Side,
    after: Side,
}

#[derive(Debug)]
struct Side {
    label: String,
    document: String,
    site: Option<Site>,
}

#[derive(Debug, Serialize)]
struct Difference {
    site: String,
    before: String,
    after: String,
    changes: Changes,
    text: String,
}

/// Runs the command.
pub(super) async fn run(
    args: &DiffArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, SiteCommandError> {
    let table = Service::connect(global, world).await?.table()?;
    let sides = match args.from {
        Some(from) => {
            let site = args.file_or_site.parse().map_err(|problem| SiteCommandError::NotASite {
                found: args.file_or_site.clone(),
                problem,
            })?;
            world.watching("reading two revisions", revisions(&table, &site, from, args.to)).await?
        }
        None => world.watching("reading the stored site", with_stored(&table, &args.file_or_site)).await?,
    };
    Ok(Output::new(&Difference::between(sides)))
}

async fn revisions(
    table: &(impl AllTenants + SiteHistory),
    name: &SiteName,
    from: Revision,
    to: Option<Revision>,
) -> Result<Sides, SiteCommandError> {
    let found = find(table, name).await?;
    let before = revision(table, &found, from).await?;
    let after = revision(table, &found, to.unwrap_or(found.stored.revision)).await?;
    Ok(Sides { site: name.to_string(), before, after })
}

async fn revision(
    table: &impl SiteHistory,
    found: &Found,
    revision: Revision,
) -> Result<Side, SiteCommandError> {
    let document = document_of(table, found, revision).await?;
    let site = compile(&found.stored.name, revision, &document)?;
    Ok(Side { label: format!("revision {revision}"), document, site: Some(site) })
}

async fn with_stored(table: &impl AllTenants, path: &str) -> Result<Sides, SiteCommandError> {
    let [file] = &read(&[Path::new(path).to_owned()])?[..] else {
        return Err(SiteCommandError::OneFile(path.to_owned()));
    };
    let site = file.compile().map_err(LoadError::Faulty)?;
    let document = take_apart(&file.text).map_or_else(|_| file.text.clone(), |file| file.document);
    let stored = find(table, &site.name).await.ok();
    let before = match &stored {
        Some(found) => Side {
            label: format!("revision {}", found.stored.revision),
            document: found.stored.document.clone(),
            site: found.in_use(),
        },
        None => Side { label: "not stored yet".to_owned(), document: String::new(), site: None },
    };
    let SiteFile { name, .. } = file;
    Ok(Sides {
        site: site.name.to_string(),
        before,
        after: Side { label: name.clone(), document, site: Some(site) },
    })
}

impl Difference {
    fn between(Sides { site, before, after }: Sides) -> Self {
        let names = GroupNames::of(&after.document).or(GroupNames::of(&before.document));
        let changes = changes(before.site.as_ref(), after.site.as_ref(), &names);
        let text = TextDiff::from_lines(&before.document, &after.document);
        let text = text.unified_diff().header(&before.label, &after.label).to_string();
        Self { site, before: before.label, after: after.label, changes, text }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {} → {}", styled(HEADING, &self.site), self.before, self.after)?;
        if self.text.is_empty() {
            return writeln!(f, "The documents are the same.");
        }
        writeln!(f, "{}", self.changes.to_string().trim_end())?;
        writeln!(f)?;
        for line in self.text.lines() {
            match line.as_bytes().first() {
                Some(b'+') => writeln!(f, "{}", styled(GOOD, line))?,
                Some(b'-') => writeln!(f, "{}", styled(BAD, line))?,
                _ => writeln!(f, "{line}")?,
            }
        }
        Ok(())
    }
}
