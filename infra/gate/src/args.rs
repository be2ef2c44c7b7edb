//! The command line.

use std::{
    io::{self, Read},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{Daemon, check::check, config::GateConfig};

/// Decides, beside QGIS Server, which requests may pass: the answer behind nginx `auth_request` and Caddy `forward_auth`
#[derive(Debug, Parser)]
#[command(name = "pozi-gate", version)]
pub struct Args {
    /// The configuration; by default gate.toml beside this program, else /etc/pozi/gate.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Answer the gateway until interrupted (the default)
    Serve,
    /// Check the configuration, try the issuer, and say what a session would open. Exit code 1: the configuration is
    /// wrong; 3: the issuer's keys cannot be had; 4: the session is refused
    Check {
        /// Read a session from standard input (`--token -`; never as an argument, where everybody on this machine
        /// could read it)
        #[arg(long, value_name = "-", value_parser = ["-"])]
        token: Option<String>,
    },
}

impl Args {
    /// Does what is asked. What goes wrong is said on standard error.
    pub async fn run(self) -> ExitCode {
        let path = self.config.unwrap_or_else(GateConfig::default_path);
        let done = match GateConfig::load(&path) {
            Err(problem) => Err(problem.to_string()),
            Ok(config) => match self.command.unwrap_or(Command::Serve) {
                Command::Serve => serve(&config).await,
                Command::Check { token } => check_with(&config, token.is_some()).await,
            },
        };
        done.unwrap_or_else(|problem| {
            eprintln!("{problem}");
            ExitCode::FAILURE
        })
    }
}

async fn serve(config: &GateConfig) -> Result<ExitCode, String> {
    let daemon = Daemon::start(config).await.map_err(|problem| problem.to_string())?;
    daemon.serve().await.map_err(|problem| problem.to_string())?;
    Ok(ExitCode::SUCCESS)
}

async fn check_with(config: &GateConfig, reads_token: bool) -> Result<ExitCode, String> {
    let mut token = None;
    if reads_token {
        let mut text = String::new();
        // More than any token has, so that a wrong file is not read to its end.
        io::stdin().take(64 * 1024).read_to_string(&mut text).map_err(|problem| problem.to_string())?;
        token = Some(text.trim().to_owned());
    }
    let (verdict, told) = check(config, token.as_deref()).await.map_err(|problem| problem.to_string())?;
    print!("{told}");
    Ok(ExitCode::from(verdict.exit_code()))
}
