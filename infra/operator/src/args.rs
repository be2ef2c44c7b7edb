//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Checks site files of a Pozi token exchange and stores them in its table on AWS.
///
/// The AWS region and credentials come from the environment. To use a profile, first run
/// `eval "$(aws configure export-credentials --format env)"` and `export AWS_REGION=…`
#[derive(Debug, Parser)]
#[command(name = "pozi", version)]
pub struct Args {
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// A command of `pozi`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check site files; print each error with its line and how to fix it
    Check {
        /// Site files, or folders of them (*.toml)
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Store the site files that are new or changed, each as the site's next revision
    Push {
        /// Name of the DynamoDB table: the stack's output `TableName`
        #[arg(long)]
        table: String,
        /// Print what would change, and write nothing
        #[arg(long)]
        dry_run: bool,
        /// Site files, or folders of them (*.toml)
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// List the stored sites, and the errors in those that are not valid
    List {
        /// Name of the DynamoDB table: the stack's output `TableName`
        #[arg(long)]
        table: String,
    },
}
