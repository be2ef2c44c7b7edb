//! `pozi show`: a stored site, in words.

use std::fmt;

use pozi_auth::{
    identifiers::GroupId,
    revision::Revision,
    session::longest_session,
    sites::{Catalogue, Download, Site, Who},
    tenants::Edit,
    timestamp::Timestamp,
};
use serde::Serialize;

use super::{
    ShowArgs, SiteCommandError, observation,
    stored::{compile, document_of, find},
};
use crate::moments;
use crate::{
    GlobalArgs, Output, Service, World,
    group_names::GroupNames,
    output::table,
    style::{HEADING, styled},
};

#[derive(Debug, Serialize)]
struct ShownSite {
    site: String,
    revision: Revision,
    stored_at: Option<u64>,
    stored_by: Option<String>,
    items: Vec<(&'static str, String)>,
    catalogues: Vec<ShownCatalogue>,
}

#[derive(Debug, Serialize)]
struct ShownCatalogue {
    id: String,
    title: String,
    project: String,
    read: String,
    write: String,
    /// `None` if every reader may.
    #[serde(skip_serializing_if = "Option::is_none")]
    download: Option<String>,
}

/// Runs the command.
pub(super) async fn run(
    args: &ShowArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, SiteCommandError> {
    let table = Service::connect(global, world).await?.table()?;
    let found = world.watching("reading the stored sites", find(&table, &args.site)).await?;
    let revision = args.revision.unwrap_or(found.stored.revision);
    let document = document_of(&table, &found, revision).await?;
    let site = compile(&found.stored.name, revision, &document)?;
    let edit = found.stored.edit.as_ref().filter(|_| revision == found.stored.revision);
    Ok(Output::new(&ShownSite::new((&site, revision), edit, &GroupNames::of(&document), world.now)))
}

impl ShownSite {
    fn new(
        (site, revision): (&Site, Revision),
        edit: Option<&Edit>,
        names: &GroupNames,
        now: Timestamp,
    ) -> Self {
        Self {
            site: site.name.to_string(),
            revision,
            stored_at: edit.map(|edit| edit.at.unix_seconds()),
            stored_by: edit.map(|edit| edit.by.clone()),
            items: items(site, now),
            catalogues: site.catalogues.iter().map(|catalogue| shown(catalogue, names)).collect(),
        }
    }
}

fn items(site: &Site, now: Timestamp) -> Vec<(&'static str, String)> {
    let minimum = site.minimum_revision.map_or_else(|| "any".to_owned(), |minimum| minimum.to_string());
    let origins: Vec<_> = site.origins.iter().map(ToString::to_string).collect();
    vec![
        ("internal URL", site.internal_url.to_string()),
        ("external URL", site.external_url.to_string()),
        ("client id", site.expected.client.to_string()),
        ("tenant id", site.tenant().to_string()),
        ("Web App", origins.join(" ")),
        ("sessions last", format!("{} minutes", site.session_life.as_secs() / 60)),
        ("tokens are accepted for", format!("{} minutes", site.expected.max_token_age.as_secs() / 60)),
        ("the longest session has", format!("{} bytes", longest_session(site))),
        ("the rules are", observation::in_words(site.enforcement, now)),
        ("sessions from revision", minimum),
    ]
}

fn shown(catalogue: &Catalogue, names: &GroupNames) -> ShownCatalogue {
    ShownCatalogue {
        id: catalogue.id.to_string(),
        title: catalogue.title.clone(),
        project: catalogue.project.clone(),
        read: in_words(&catalogue.readers, names),
        write: in_words(&catalogue.writers, names),
        download: match &catalogue.download {
            Download::Readers => None,
            Download::Groups(groups) => Some(groups_in_words(groups, names)),
        },
    }
}

fn in_words(who: &Who, names: &GroupNames) -> String {
    match who {
        Who::Everyone(_) => "everyone who signs in".to_owned(),
        Who::Groups(groups) => groups_in_words(groups, names),
    }
}

fn groups_in_words(groups: &[GroupId], names: &GroupNames) -> String {
    if groups.is_empty() {
        return "nobody".to_owned();
    }
    groups.iter().map(|group| names.named(*group).to_string()).collect::<Vec<_>>().join("\n")
}

impl fmt::Display for ShownSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, revision {}", styled(HEADING, &self.site), self.revision)?;
        match &self.stored_by {
            Some(by) => writeln!(f, ", stored {} by {by}", moments::utc_or_dash(self.stored_at))?,
            None => writeln!(f)?,
        }
        for (item, value) in &self.items {
            writeln!(f, "  {item:<24} {value}")?;
        }
        let mut rows = table(["CATALOGUE", "TITLE", "PROJECT", "READ", "WRITE, AND THEREFORE READ"]);
        for one in &self.catalogues {
            rows.add_row([&one.id, &one.title, &one.project, &one.read, &one.write]);
        }
        writeln!(f, "\n{}", rows.trim_fmt())?;
        let mut downloads = self.catalogues.iter().filter_map(|one| Some((&one.id, one.download.as_ref()?)));
        downloads.try_for_each(|(id, download)| {
            writeln!(f, "\nOf the readers of {id}, these may download it:\n{download}")
        })
    }
}
