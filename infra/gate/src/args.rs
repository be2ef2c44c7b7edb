//! The command line.

use std::{
    io::{self, Read},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{Daemon, LogLines, check::check, config::GateConfig, request::print_operations};

/// The most that is read of a token: more than any has, so that a wrong file is not read to its end
const MOST_OF_TOKEN: u64 = 64 * 1024;

/// Stands in front of QGIS Server and lets through only what a session allows and what it understands
#[derive(Debug, Parser)]
#[command(name = "pozi-gate", version)]
pub struct Args {
    /// The configuration; by default gate.toml beside this program, else /etc/pozi/gate.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Where requests come in, whatever the configuration says; IIS chooses a port at each start
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,

    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Answer requests until asked to end (the default)
    Serve,
    /// Try everything that the configuration names, say what is wrong and what to do, and what a session would open.
    /// Exit code 1: the configuration or what it names is wrong; 3: the issuer's keys cannot be had; 4: the session is
    /// refused
    Check {
        /// Read a session from standard input (`--token -`; never as an argument, where everybody on this machine
        /// could read it)
        #[arg(long, value_name = "-", value_parser = ["-"])]
        token: Option<String>,
    },
    /// Print the table of what is let through: services, operations, parameters
    Operations,
}

impl Args {
    /// Does what is asked. What goes wrong is said on standard error.
    pub async fn run(self) -> ExitCode {
        let command = self.command.clone().unwrap_or(Command::Serve);
        let done = match command {
            Command::Serve => self.serve().await,
            Command::Check { token } => self.check(token.is_some()).await,
            Command::Operations => {
                print!("{}", print_operations());
                Ok(ExitCode::SUCCESS)
            }
        };
        done.unwrap_or_else(|problem| {
            eprintln!("{problem}");
            ExitCode::FAILURE
        })
    }

    fn config(&self) -> Result<GateConfig, String> {
        let path = self.config.clone().unwrap_or_else(GateConfig::default_path);
        let config = GateConfig::load(&path).map_err(|problem| problem.to_string())?;
        Ok(config.listening_at(self.listen))
    }

    async fn serve(&self) -> Result<ExitCode, String> {
        let config = self.config()?;
        let log = LogLines::start(&config.log).map_err(|problem| problem.to_string())?;
        let daemon = Daemon::start(config).await.map_err(|problem| problem.to_string())?;
        tokio::select! {
            () = daemon.serve() => {}
            () = log.count_dropped() => {}
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn check(&self, reads_token: bool) -> Result<ExitCode, String> {
        let config = self.config()?;
        let token = if reads_token { Some(token_from_stdin()?) } else { None };
        let (verdict, report) = check(&config, token.as_deref()).await;
        print!("{report}");
        Ok(ExitCode::from(verdict.exit_code()))
    }
}

fn token_from_stdin() -> Result<String, String> {
    let mut text = String::new();
    let read = io::stdin().take(MOST_OF_TOKEN).read_to_string(&mut text);
    read.map_err(|problem| format!("standard input: {problem}"))?;
    Ok(text.trim().to_owned())
}
