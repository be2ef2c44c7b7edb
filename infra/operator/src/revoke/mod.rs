//! `pozi revoke`: ends sessions before their time.

mod enter;
mod error;
mod list;
mod resume;
mod subject;

use pozi_auth::{
    adapters::aws::Table,
    identifiers::{ObjectId, SessionId, TenantId},
    revocation::{RevocationList, RevocationSource},
    sites::SiteName,
};

pub(crate) use self::error::RevokeError;
use crate::{GlobalArgs, Output, Service, World, consent::Consent};

/// A command about what was revoked.
#[derive(Debug, clap::Subcommand)]
pub enum RevokeCommand {
    /// End all sessions of a site; its people then sign in anew
    Site(RevokeSiteArgs),
    /// End all sessions of a person, at every site of their tenant
    Person(RevokePersonArgs),
    /// End one session
    Session(RevokeSessionArgs),
    /// List what was revoked, by whom, and from when new sessions are accepted
    List,
    /// Go on above the number that gates hold, after a table was restored
    Resume(ResumeArgs),
}

/// The arguments of `pozi revoke site`.
#[derive(Debug, clap::Args)]
pub struct RevokeSiteArgs {
    /// The site's name, or, if it was removed, its external URL
    pub site: String,
    /// How to ask.
    #[command(flatten)]
    pub consent: Consent,
}

/// The arguments of `pozi revoke person`.
#[derive(Debug, clap::Args)]
#[group(id = "tenant_of", required = true, multiple = false, args = ["site", "tenant"])]
pub struct RevokePersonArgs {
    /// The person's object id (Entra admin center → Users → Object ID)
    #[arg(value_name = "OBJECT-ID")]
    pub object: ObjectId,
    /// A site of the person's tenant
    #[arg(long)]
    pub site: Option<SiteName>,
    /// The person's tenant, if none of its sites is stored any more
    #[arg(long)]
    pub tenant: Option<TenantId>,
    /// How to ask.
    #[command(flatten)]
    pub consent: Consent,
}

/// The arguments of `pozi revoke session`.
#[derive(Debug, clap::Args)]
pub struct RevokeSessionArgs {
    /// The session's own id, `jti`, as `pozi session inspect` and the audit event show it
    #[arg(value_name = "JTI")]
    pub session: SessionId,
    /// How to ask.
    #[command(flatten)]
    pub consent: Consent,
}

/// The arguments of `pozi revoke resume`.
#[derive(Debug, clap::Args)]
pub struct ResumeArgs {
    /// The highest number that a gate holds (`/health` of each)
    #[arg(long, value_name = "NUMBER")]
    pub after: u64,
    /// How to ask.
    #[command(flatten)]
    pub consent: Consent,
}

/// Runs the command.
pub(crate) async fn run(
    command: &RevokeCommand,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, RevokeError> {
    let service = Service::connect(global, world).await?;
    let table = service.table()?;
    match command {
        RevokeCommand::Site(args) => {
            let revoked = subject::site(&args.site, &table, world).await?;
            enter::enter(revoked, args.consent, &service, world).await
        }
        RevokeCommand::Person(args) => {
            let revoked = subject::person(args, &table, world).await?;
            enter::enter(revoked, args.consent, &service, world).await
        }
        RevokeCommand::Session(args) => {
            enter::enter(subject::session(args.session), args.consent, &service, world).await
        }
        RevokeCommand::List => Ok(list::list(&read(&table, world).await?, world)),
        RevokeCommand::Resume(args) => resume::resume(args, &table, world).await,
    }
}

/// Reads the stored list.
async fn read(table: &Table, world: &World) -> Result<RevocationList, RevokeError> {
    Ok(world.watching("reading the revocation list", table.load()).await?)
}
