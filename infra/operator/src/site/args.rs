//! Commands about sites, and their arguments.

use std::path::PathBuf;

use clap::Subcommand;
use pozi_auth::{
    identifiers::{ClientId, TenantId},
    revision::Revision,
    sites::SiteName,
};

use crate::{consent::Consent, new::NewArgs};

/// A command about sites.
#[derive(Debug, Subcommand)]
pub enum SiteCommand {
    /// Write a new site file from a council's e-mail, or from answers to questions
    New(NewArgs),
    /// Check site files; print each error with its line and how to fix it
    Check(CheckArgs),
    /// Store the site files that are new or changed, after showing who gains and who loses access
    Push(PushArgs),
    /// Write the stored site files to a folder, each with the revision that it was
    Pull(PullArgs),
    /// List the stored sites, and the errors in those that are not valid
    List,
    /// Show a stored site
    Show(ShowArgs),
    /// Compare a site file with the stored one, or two revisions: the text, and who gains and who loses access
    Diff(DiffArgs),
    /// List the revisions of a site
    History(HistoryArgs),
    /// Store an earlier revision of a site again
    Rollback(RollbackArgs),
    /// Give a site another name
    Rename(RenameArgs),
    /// Move a site to another tenant or external URL
    Move(MoveArgs),
    /// Remove a site: from then on it issues no sessions
    Remove(RemoveArgs),
}

/// The arguments of `pozi check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Site files, or folders of them (*.toml)
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

/// The arguments of `pozi push`.
#[derive(Debug, clap::Args)]
pub struct PushArgs {
    /// Print what would change, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Write nothing if anybody would gain access, or anything changes that could widen it
    #[arg(long)]
    pub only_if_nobody_gains: bool,
    /// How to ask.
    #[command(flatten)]
    pub consent: Consent,
    /// Site files, or folders of them (*.toml)
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

/// The arguments of `pozi pull`.
#[derive(Debug, clap::Args)]
pub struct PullArgs {
    /// The sites to write; all if none is named
    pub sites: Vec<SiteName>,
    /// The folder to write to
    #[arg(long, default_value = ".")]
    pub folder: PathBuf,
    /// Replace files that differ
    #[arg(long)]
    pub overwrite: bool,
}

/// The arguments of `pozi show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The site
    pub site: SiteName,
    /// An earlier revision
    #[arg(long, value_parser = revision)]
    pub revision: Option<Revision>,
}

/// The arguments of `pozi diff`.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// A site file to compare with the stored one; or, with --from, a site's name
    pub file_or_site: String,
    /// The earlier revision
    #[arg(long, value_parser = revision)]
    pub from: Option<Revision>,
    /// The later revision; by default the stored one
    #[arg(long, value_parser = revision, requires = "from")]
    pub to: Option<Revision>,
}

/// The arguments of `pozi history`.
#[derive(Debug, clap::Args)]
pub struct HistoryArgs {
    /// The site, which may have been removed
    pub site: SiteName,
    /// Its tenant, if no site has the name any more
    #[arg(long)]
    pub tenant: Option<TenantId>,
}

/// The arguments of `pozi rollback`.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// The site
    pub site: SiteName,
    /// The revision to store again; by default the one before the stored one
    #[arg(long, value_parser = revision)]
    pub to: Option<Revision>,
    /// How to ask.
    #[command(flatten)]
    pub consent: Consent,
}

/// The arguments of `pozi rename`.
#[derive(Debug, clap::Args)]
pub struct RenameArgs {
    /// The site
    pub site: SiteName,
    /// Its new name
    pub new_name: SiteName,
    /// How to ask.
    #[command(flatten)]
    pub consent: Consent,
}

/// The arguments of `pozi move`.
#[derive(Debug, clap::Args)]
#[group(id = "target", multiple = true)]
pub struct MoveArgs {
    /// The site
    pub site: SiteName,
    /// The new tenant's id
    #[arg(long, requires = "client")]
    pub tenant: Option<TenantId>,
    /// The client id of the registration in the new tenant
    #[arg(long)]
    pub client: Option<ClientId>,
    /// The new external URL
    #[arg(long)]
    pub external_url: Option<String>,
    /// The new internal URL; its path must be that of the external URL
    #[arg(long)]
    pub internal_url: Option<String>,
    /// How to ask.
    #[command(flatten)]
    pub consent: Consent,
}

/// The arguments of `pozi remove`.
#[derive(Debug, clap::Args)]
pub struct RemoveArgs {
    /// The site
    pub site: SiteName,
    /// The site's name once more, instead of being asked for it
    #[arg(long, value_name = "SITE")]
    pub confirm: Option<SiteName>,
}

fn revision(text: &str) -> Result<Revision, String> {
    match text.parse() {
        Ok(number @ 1..) => Ok(Revision(number)),
        _ => Err("a revision is a number from 1, as `pozi history` lists them".to_owned()),
    }
}
