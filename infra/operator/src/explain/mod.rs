//! `pozi explain`: what a person may open at a site, rule by rule, and where to change it.

mod access;
mod advice;
mod args;
mod facts;
mod graph;
mod report;
mod sites;
mod token;

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use pozi_auth::{
    adapters::{HttpClientError, HttpKeySets, LoadError, Microsoft, read_site_files},
    entra::Groups,
    identifiers::ObjectId,
    revocation::{RevocationList, RevocationSource as _, RevocationStoreError},
    sites::{Site, SiteName},
    tenants::AllTenants,
};

pub(crate) use self::{
    advice::{Known, for_rules},
    args::{ClaimedGroups, ExplainArgs},
    facts::printable,
    graph::GraphError,
};
use self::{
    facts::Facts,
    report::Report,
    sites::{KnownSites, NamedSite},
    token::{Judged, Token},
};
use crate::{AwsError, GlobalArgs, Output, Service, World, site::observation};

/// Why `pozi explain` failed.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// AWS cannot be used.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The site file cannot be used.
    #[error(transparent)]
    Files(#[from] LoadError),
    /// A folder was named.
    #[error("{0} is a folder; name one site file")]
    Folder(PathBuf),
    /// No such site is stored.
    #[error("there is no site `{0}`; `pozi list` lists the sites")]
    NoSite(SiteName),
    /// No document of the site can be used.
    #[error(
        "the service cannot use the site `{site}`, so that everyone is refused there with site_unreadable; fix the file and push it:\n{cause}"
    )]
    Unreadable {
        /// The site.
        site: SiteName,
        /// What is wrong.
        cause: String,
    },
    /// Group ids in `roles` count at the site.
    #[error(
        "this site counts group ids in roles (groups_as_roles = true); give them with --groups as if they were listed as groups"
    )]
    RolesCount,
    /// The token cannot be read.
    #[error("the token cannot be read from {0}")]
    Token(PathBuf, #[source] io::Error),
    /// No client for https can be made.
    #[error("this machine cannot make connections over https")]
    Https(#[source] HttpClientError),
    /// It is not known what was revoked.
    #[error(transparent)]
    Revocations(#[from] RevocationStoreError),
    /// Microsoft Graph did not say.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

impl ExplainError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Aws(error) => error.code(),
            Self::Files(_) | Self::Folder(_) => "files",
            Self::NoSite(_) => "no_site",
            Self::Unreadable { .. } => "site_unreadable",
            Self::RolesCount => "usage",
            Self::Token(..) => "token_file",
            Self::Https(_) => "https",
            Self::Revocations(_) => "revocations",
            Self::Graph(_) => "graph",
        }
    }
}

/// Runs the command.
pub(crate) async fn run(
    args: &ExplainArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, ExplainError> {
    let (known, named) = sites(args, global, world).await?;
    let report = match (&args.groups, &args.token, args.person) {
        (Some(groups), ..) => of_groups(groups, &known, &named.site)?,
        (_, Some(path), _) => of_token(path, &known, &named.site, world).await?,
        (_, _, Some(person)) => of_person(person, &known, &named.site, world).await?,
        // The command line has one of the three.
        (None, None, None) => of_groups(&ClaimedGroups::Listed(BTreeSet::new()), &known, &named.site)?,
    };
    let observed = observation::note(&named.site, world.now);
    let notes = named.note.into_iter().chain(observed).chain(report.notes).collect();
    let report = Report { notes, ..report };
    Ok(Output::ending(&report, report.exit()))
}

/// Reads the sites once, and finds the one that the command line names.
async fn sites(
    args: &ExplainArgs,
    global: &GlobalArgs,
    world: &World,
) -> Result<(KnownSites, NamedSite), ExplainError> {
    if let Some(path) = &args.file {
        return of_file(path);
    }
    let table = Service::connect(global, world).await?.table()?;
    let tenants = world.watching("reading the sites", table.all()).await.map_err(AwsError::from)?;
    // Only a token has a time of issue, which a revocation is about.
    let revoked = if args.token.is_some() { table.load().await? } else { RevocationList::default() };
    let known = KnownSites::Stored(tenants, revoked);
    // The command line has a site or a file.
    let Some(name) = &args.site else { return Err(AwsError::NoStack.into()) };
    let named = known.find(name)?;
    Ok((known, named))
}

fn of_file(path: &Path) -> Result<(KnownSites, NamedSite), ExplainError> {
    let [file] =
        <[_; 1]>::try_from(read_site_files(path)?).map_err(|_| ExplainError::Folder(path.to_owned()))?;
    let site = Arc::new(file.compile().map_err(LoadError::Faulty)?);
    Ok((KnownSites::File(file, Arc::clone(&site)), NamedSite { site, note: None }))
}

fn of_groups(groups: &ClaimedGroups, known: &KnownSites, site: &Site) -> Result<Report, ExplainError> {
    let (groups, about) = match groups {
        ClaimedGroups::Listed(listed) => (Groups::Listed(listed.clone()), counted(listed.len())),
        ClaimedGroups::Overage => {
            (Groups::Overage, "for a person in more groups than a token can list".to_owned())
        }
        ClaimedGroups::InRoles if site.expected.groups_as_roles => return Err(ExplainError::RolesCount),
        ClaimedGroups::InRoles => {
            (Groups::InRoles(1), "for a person whose token lists groups only as roles".to_owned())
        }
    };
    let listed = if let Groups::Listed(listed) = &groups { Some(listed.len()) } else { None };
    Ok(Report::of_groups(site, &groups, &known.names(site), about).advised(Known { listed, is_guest: false }))
}

fn counted(groups: usize) -> String {
    match groups {
        0 => "for a person in no group".to_owned(),
        1 => "for a person in 1 group".to_owned(),
        groups => format!("for a person in {groups} groups"),
    }
}

async fn of_token(
    path: &Path,
    known: &KnownSites,
    site: &Site,
    world: &World,
) -> Result<Report, ExplainError> {
    let token = Token::read(path).map_err(|error| ExplainError::Token(path.to_owned(), error))?;
    let fetch = HttpKeySets::new(Microsoft::new(world.entra_login.clone()).map_err(ExplainError::Https)?);
    let facts = Facts::read(token.as_str(), &site.expected, world.now);
    let judged = token.judge(site, known, fetch, world.now);
    Ok(match world.watching("verifying the token", judged).await {
        Judged::Accepted(explanation) => {
            let about = "for the person of this token, which Entra issued".to_owned();
            let found = &explanation.site;
            let facts = Facts::read(token.as_str(), &found.expected, world.now);
            let mut report =
                Report::of_groups(found, &explanation.groups, &known.names(found), about).with_token(facts);
            if found.name != site.name {
                let note = format!(
                    "This token is not for {}: it is for {}, and so is all that follows.",
                    site.name, found.name
                );
                report.notes.push(note);
            }
            report
        }
        Judged::Refused(error) => Report::of_refusal(site, &error, facts, "for this token".to_owned()),
        Judged::Unverified { why, claimed } => {
            let about = "for this token, if Entra issued it".to_owned();
            Report::of_groups(site, &claimed, &known.names(site), about).with_token(facts).not_verified(why)
        }
    })
}

async fn of_person(
    person: ObjectId,
    known: &KnownSites,
    site: &Site,
    world: &World,
) -> Result<Report, ExplainError> {
    let named = site.groups();
    let asked = graph::memberships(person, site, &named, world);
    let groups = world.watching("asking Microsoft Graph", asked).await?;
    let about = format!("for the person {person}, by what Microsoft Graph says now");
    let mut report = Report::of_groups(site, &Groups::Listed(groups), &known.names(site), about);
    report.notes.push(
        "Graph was asked about the site's groups only, and counts nested ones. The person's token may differ: it lists the groups from when it was issued, and no nested ones if Token configuration emits only groups assigned to the application.".to_owned(),
    );
    Ok(report)
}

#[cfg(test)]
mod tests;
