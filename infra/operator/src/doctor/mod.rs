//! `pozi doctor`: a site as it is seen from outside. What is [observed] is [judged] without any I/O.
//!
//! [observed]: observe
//! [judged]: judge

mod ask;
mod judge;
mod observe;
mod observed;
mod report;
mod subject;

use std::path::PathBuf;

use pozi_auth::{
    adapters::{HttpClientError, LoadError},
    address::plain_url,
    session::Issuer,
};
use reqwest::Url;

use self::{
    ask::Asker,
    judge::judge,
    observe::{Addresses, observe},
    subject::Subject,
};
use crate::{AwsError, Exit, GlobalArgs, Output, World, aws::Service};

/// The arguments of `pozi doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Name of the stored site
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub site: Option<String>,
    /// Look at the site of this file, without AWS
    #[arg(long)]
    pub file: Option<PathBuf>,
    /// URL of Pozi's service, the `iss` of its sessions; by default the stack's
    #[arg(long, value_name = "URL")]
    pub service: Option<Issuer>,
    /// URL of the gate's requests for maps (`listen`), such as <http://127.0.0.1:8181>
    #[arg(long, value_name = "URL", value_parser = base_url)]
    pub gate: Option<Url>,
    /// URL of the gate's /health (`status_listen`), such as <http://127.0.0.1:8182>
    #[arg(long, value_name = "URL", value_parser = base_url)]
    pub gate_status: Option<Url>,
}

/// Why `pozi doctor` failed. What is wrong at a site is no failure.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// AWS cannot be used.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The site file cannot be read.
    #[error(transparent)]
    File(#[from] LoadError),
    /// No such site is stored.
    #[error("there is no site `{name}`; the stored sites are: {known}")]
    NoSuchSite {
        /// The name that was asked for.
        name: String,
        /// The names of the stored sites.
        known: String,
    },
    /// No request can be made.
    #[error("cannot make requests")]
    Client(#[source] HttpClientError),
}

impl DoctorError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Aws(error) => error.code(),
            Self::File(_) => "files",
            Self::NoSuchSite { .. } => "no_such_site",
            Self::Client(_) => "client",
        }
    }
}

/// Runs the command: reads the site, asks Entra, the external URL, the service and the gate, and judges their answers.
pub(crate) async fn run(
    args: &DoctorArgs,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, DoctorError> {
    let (subject, service) = read(args, global, world).await?;
    let asker = Asker::new(&world.network).map_err(DoctorError::Client)?;
    let addresses = Addresses {
        entra: world.entra_login.clone(),
        service,
        gate: args.gate.clone(),
        gate_status: args.gate_status.clone(),
    };
    let observed = match &subject.site {
        Some(site) => {
            let observing = Box::pin(observe(site, &addresses, &asker, world.now));
            Some(world.watching("asking Entra, the external URL, the service and the gate", observing).await)
        }
        None => None,
    };
    let report = judge(&subject, observed.as_ref());
    let exit = if report.is_well() { Exit::Done } else { Exit::Wrong };
    Ok(Output::ending(&report, exit))
}

/// Reads the site, and finds the service's URL.
async fn read(
    args: &DoctorArgs,
    global: &GlobalArgs,
    world: &World,
) -> Result<(Subject, Option<Issuer>), DoctorError> {
    if let Some(path) = &args.file {
        return Ok((Subject::of_file(path, world.now)?, args.service.clone()));
    }
    let name = args.site.as_deref().unwrap_or_default();
    let connection = Service::connect(global, world).await?;
    let table = connection.table()?;
    let subject = world.watching("reading the sites", Subject::stored(name, &table, world.now)).await?;
    let of_stack = || connection.output("Issuer").ok().and_then(|issuer| issuer.parse().ok());
    Ok((subject, args.service.clone().or_else(of_stack)))
}

/// Parses the URL of a server, http or https.
fn base_url(text: &str) -> Result<Url, &'static str> {
    let url = plain_url(text)?;
    if matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err("must start with http:// or https://")
    }
}
