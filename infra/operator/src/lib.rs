//! The operator's commands: check site files, push them to the table that the functions read, and list what it holds.

pub mod args;
mod check;
mod list;
mod plan;
mod push;

pub use self::{
    check::check,
    list::list,
    plan::{Change, Plan, Step, plan},
    push::{PushError, push},
};

use std::{collections::HashSet, path::PathBuf};

use pozi_auth::{
    adapters::{LoadError, aws, read_site_files},
    config::{AwsConfig, ConfigError},
    sites::SiteFile,
    tenants::RegistryError,
};

use self::args::{Args, Command};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// Site files cannot be read, or have errors.
    #[error(transparent)]
    Files(#[from] LoadError),
    /// The environment does not give a region and credentials.
    #[error(
        "cannot connect to AWS; to use a profile, run `eval \"$(aws configure export-credentials --format env)\"` and set AWS_REGION"
    )]
    Environment(#[from] ConfigError),
    /// The push was refused or ended early.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The table cannot be read.
    #[error(transparent)]
    Table(#[from] RegistryError),
}

/// Runs the command of `args` and returns what to print. `config` is called by commands that use the table.
pub async fn run(
    args: &Args,
    config: impl Fn() -> Result<AwsConfig, ConfigError>,
) -> Result<String, CommandError> {
    let table =
        |name: &str| -> Result<_, CommandError> { Ok(aws::Table::new(&aws::connection(&config()?), name)) };
    match &args.command {
        Command::Check { files } => {
            let files = read(files)?;
            let warnings = check(&files).map_err(LoadError::Faulty)?;
            Ok(format!("{}no errors (files checked: {})\n", check::lines(&warnings), files.len()))
        }
        Command::Push { table: name, dry_run, files } => {
            Ok(push(&table(name)?, &read(files)?, *dry_run).await?)
        }
        Command::List { table: name } => Ok(list(&table(name)?).await?),
    }
}

/// Reads the site files at `paths`, each once even if several paths lead to it.
fn read(paths: &[PathBuf]) -> Result<Vec<SiteFile>, LoadError> {
    let mut files = Vec::new();
    let mut known = HashSet::new();
    for path in paths {
        files.extend(read_site_files(path)?.into_iter().filter(|file| known.insert(file.name.clone())));
    }
    Ok(files)
}
