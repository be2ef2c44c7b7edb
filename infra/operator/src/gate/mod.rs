//! `pozi gate`.

mod files;

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::{Path, PathBuf},
};

use pozi_auth::{
    adapters::{LoadError, read_site_files},
    session::{Issuer, IssuerError},
    sites::{Site, SiteFile, SiteFileError, SiteName},
    tenants::AllTenants,
};

pub(crate) use self::files::System;
use self::files::{GateFiles, Report};
use crate::{AwsError, GlobalArgs, Output, Service, World};

/// A command about the gate.
#[derive(Debug, clap::Subcommand)]
pub enum GateCommand {
    /// Print the gate's two files for a site: gate.toml, and the site file
    Config(ConfigArgs),
}

/// The arguments of `pozi gate config`.
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// The stored site
    #[arg(required_unless_present = "file")]
    pub site: Option<SiteName>,
    /// A site file, instead of a stored site
    #[arg(long, conflicts_with = "site")]
    pub file: Option<PathBuf>,
    /// The service's own URL (the issuer); by default that of --stack
    #[arg(long, value_name = "URL")]
    pub service: Option<Issuer>,
    /// The system of the machine that the gate runs on; on Windows, under IIS
    #[arg(long, value_enum, default_value_t = System::Windows)]
    pub os: System,
    /// Write both files to this folder as well; files that exist are never replaced
    #[arg(long)]
    pub folder: Option<PathBuf>,
}

/// Why `pozi gate` failed.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// AWS cannot be used.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The site file cannot be used.
    #[error(transparent)]
    File(#[from] LoadError),
    /// A folder was named.
    #[error("{0} is a folder; name one site file")]
    Folder(PathBuf),
    /// No such site is stored.
    #[error("there is no site `{0}`; `pozi list` lists the sites")]
    NoSite(SiteName),
    /// The stored document has errors.
    #[error(
        "the stored document of site `{site}` is not valid, and a gate would not start with it; mend it and push it:\n{}",
        lines(errors)
    )]
    Document {
        /// The site.
        site: SiteName,
        /// Its errors.
        errors: Vec<SiteFileError>,
    },
    /// No service is named.
    #[error(
        "the gate must know which service issues the sessions; name it with --service URL or --stack NAME"
    )]
    NoService,
    /// The stack's issuer is not one.
    #[error("the stack's output Issuer")]
    Issuer(#[from] IssuerError),
    /// A file exists.
    #[error("{0} exists, and is not replaced; remove it, or name another folder. Nothing was written")]
    Exists(PathBuf),
    /// A file cannot be written.
    #[error("{0} cannot be written")]
    Write(PathBuf, #[source] io::Error),
}

impl GateError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Aws(error) => error.code(),
            Self::File(_) | Self::Folder(_) => "files",
            Self::NoSite(_) => "no_site",
            Self::Document { .. } => "site_unreadable",
            Self::NoService => "no_service",
            Self::Issuer(_) => "service",
            Self::Exists(_) => "exists",
            Self::Write(..) => "write",
        }
    }
}

/// Runs the command.
pub(crate) async fn run(
    command: &GateCommand,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, GateError> {
    let GateCommand::Config(args) = command;
    if args.service.is_none() && global.stack.is_none() {
        return Err(GateError::NoService);
    }
    let needs_aws = args.service.is_none() || args.file.is_none();
    let service = if needs_aws { Some(Service::connect(global, world).await?) } else { None };
    let issuer = match (&args.service, &service) {
        (Some(issuer), _) => issuer.clone(),
        (None, Some(service)) => service.output("Issuer")?.parse()?,
        (None, None) => return Err(GateError::NoService),
    };
    let (site, text) = match (&args.file, &args.site, &service) {
        (Some(file), ..) => of_file(file)?,
        (None, Some(name), Some(service)) => stored(name, service, world).await?,
        _ => return Err(GateError::NoService),
    };
    let files = GateFiles::new(&site, text, &issuer, args.os);
    let written = args.folder.as_deref().map(|folder| write(&files, folder)).transpose()?;
    Ok(Output::new(&Report { files, written }))
}

fn of_file(path: &Path) -> Result<(Site, String), GateError> {
    if path.is_dir() {
        return Err(GateError::Folder(path.to_owned()));
    }
    let mut files = read_site_files(path)?;
    let Some(file) = files.pop() else { return Err(GateError::Folder(path.to_owned())) };
    let site = file.compile().map_err(LoadError::Faulty)?;
    Ok((site, file.text))
}

async fn stored(name: &SiteName, service: &Service, world: &World) -> Result<(Site, String), GateError> {
    let table = service.table()?;
    let all = world.watching("reading the sites", table.all()).await.map_err(AwsError::from)?;
    let found = all.into_iter().flat_map(|(_, sites)| sites).find(|site| site.name == name.as_str());
    let found = found.ok_or_else(|| GateError::NoSite(name.clone()))?;
    let file = SiteFile { name: format!("{name}.toml"), text: found.document };
    match file.compile() {
        Ok(site) => Ok((site, file.text)),
        Err(errors) => Err(GateError::Document { site: name.clone(), errors }),
    }
}

/// Writes both files, or nothing if one exists. Returns where they are.
fn write(files: &GateFiles, folder: &Path) -> Result<Vec<PathBuf>, GateError> {
    let all = files.all().map(|file| (folder.join(file.name), &file.text));
    if let Some((path, _)) = all.iter().find(|(path, _)| path.exists()) {
        return Err(GateError::Exists(path.clone()));
    }
    std::fs::create_dir_all(folder).map_err(|error| GateError::Write(folder.to_owned(), error))?;
    for (path, text) in &all {
        let failed = |error| GateError::Write(path.clone(), error);
        // Never over a file that another program has made in the meantime.
        let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
    }
    Ok(all.map(|(path, _)| path).into())
}

fn lines(errors: &[SiteFileError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
