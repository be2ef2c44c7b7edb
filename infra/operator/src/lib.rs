//! What an operator does with site files: checks them, and brings them to where the fleet reads its sites. What a push would
//! change is decided over values alone.

pub mod args;
mod list;
mod plan;
mod push;

pub use self::{
    list::list,
    plan::{Change, Plan, Step, plan},
    push::{PushError, push},
};

use std::{collections::HashSet, path::PathBuf};

use pozi_auth::{
    adapters::{LoadError, aws, read_site_files},
    config::{AwsConfig, ConfigError},
    sites::{SiteFile, register},
    tenants::RegistryError,
};

use self::args::{Args, Command};

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The files.
    #[error(transparent)]
    Files(#[from] LoadError),
    /// The environment.
    #[error("{0}; for a profile of yours: eval \"$(aws configure export-credentials --format env)\"")]
    Environment(ConfigError),
    /// The push.
    #[error(transparent)]
    Push(#[from] PushError),
    /// The table.
    #[error(transparent)]
    Table(#[from] RegistryError),
}

/// Does what `args` ask for, with the variables that `var` reads; returns what to print.
pub async fn run(args: &Args, var: impl Fn(&str) -> Option<String>) -> Result<String, Problem> {
    let table = |name: &str| -> Result<_, Problem> {
        let config = AwsConfig::read(&var).map_err(Problem::Environment)?;
        Ok(aws::Table::new(&aws::connection(&config), name))
    };
    match &args.command {
        Command::Check { files } => {
            let files = read(files)?;
            register(&files).map_err(LoadError::Faulty)?;
            Ok(format!("{} without fault\n", files.len()))
        }
        Command::Push { table: name, dry_run, files } => {
            Ok(push(&table(name)?, &read(files)?, *dry_run).await?)
        }
        Command::List { table: name } => Ok(list(&table(name)?).await?),
    }
}

/// The files at `paths`, each once.
fn read(paths: &[PathBuf]) -> Result<Vec<SiteFile>, LoadError> {
    let mut files = Vec::new();
    let mut known = HashSet::new();
    for path in paths {
        files.extend(read_site_files(path)?.into_iter().filter(|file| known.insert(file.name.clone())));
    }
    Ok(files)
}
