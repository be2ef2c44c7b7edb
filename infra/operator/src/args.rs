//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Looks after the sites of a Pozi token exchange on AWS.
///
/// AWS is reached with the region and the credentials of the environment. For a profile of yours:
/// `eval "$(aws configure export-credentials --format env)"`, and `export AWS_REGION=…`
#[derive(Debug, Parser)]
#[command(name = "pozi", version)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Says what is wrong with site files, with line and fix
    Check {
        /// Site files, or folders of them (*.toml)
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Brings site files into the table: those that changed, each as its next revision
    Push {
        /// The table's name: an output of the stack
        #[arg(long)]
        table: String,
        /// Only say what would change
        #[arg(long)]
        dry_run: bool,
        /// Site files, or folders of them (*.toml)
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Lists the sites in the table
    List {
        /// The table's name: an output of the stack
        #[arg(long)]
        table: String,
    },
}
