//! The command line.

use std::{
    error::Error,
    io::{self, Read},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use pozi_auth::{adapters::SystemClock, error::with_causes, timestamp::Clock};

use crate::{Daemon, LogLines, check::check, config::GateConfig, request::print_operations};

/// Bytes read of a token at most: longer than any session, so that a wrong file is not read to its end.
const MAX_TOKEN_BYTES: u64 = 64 * 1024;

/// A reverse proxy in front of QGIS Server that passes on only what a session allows and it understands
#[derive(Debug, Parser)]
#[command(name = "pozi-gate", version)]
pub struct Args {
    /// The configuration file; by default gate.toml beside this program, else /etc/pozi/gate.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The address for requests, which overrides the configuration; IIS chooses a port at each start
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,

    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The program's subcommands.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Answer requests until told to stop (the default)
    Serve,
    /// Test everything that the configuration names, and print what is wrong, how to fix it, and what a session opens.
    /// Exit code 1: the configuration, or something that it names, is wrong; 3: the issuer's keys cannot be fetched;
    /// 4: the session is refused
    Check {
        /// Read a session from standard input (`--token -`); an argument would be visible to every user of this machine
        #[arg(long, value_name = "-", value_parser = ["-"])]
        token: Option<String>,
    },
    /// Print the table of what the gate allows: services, operations, parameters
    Operations,
}

impl Args {
    /// Runs the command. Errors are printed on standard error.
    pub async fn run(self) -> ExitCode {
        let command = self.command.clone().unwrap_or(Command::Serve);
        let outcome = match command {
            Command::Serve => self.serve().await,
            Command::Check { token } => self.check(token.is_some()).await,
            Command::Operations => {
                print!("{}", print_operations());
                Ok(ExitCode::SUCCESS)
            }
        };
        outcome.unwrap_or_else(|error| {
            eprintln!("{}", with_causes(&*error));
            ExitCode::FAILURE
        })
    }

    fn config(&self) -> Result<GateConfig, Box<dyn Error>> {
        let path = self.config.clone().unwrap_or_else(GateConfig::default_path);
        Ok(GateConfig::load(&path, SystemClock.now())?.listening_at(self.listen))
    }

    async fn serve(&self) -> Result<ExitCode, Box<dyn Error>> {
        let config = self.config()?;
        let log = LogLines::start(&config.log)?;
        let daemon = Daemon::start(config).await?;
        tokio::select! {
            () = daemon.serve() => {}
            () = log.count_dropped() => {}
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn check(&self, reads_token: bool) -> Result<ExitCode, Box<dyn Error>> {
        let config = self.config()?;
        let token = if reads_token { Some(token_from_stdin()?) } else { None };
        let (outcome, report) = check(&config, token.as_deref()).await;
        print!("{report}");
        Ok(ExitCode::from(outcome.exit_code()))
    }
}

fn token_from_stdin() -> Result<String, String> {
    let mut text = String::new();
    let read = io::stdin().take(MAX_TOKEN_BYTES).read_to_string(&mut text);
    read.map_err(|error| format!("cannot read the session from standard input: {error}"))?;
    Ok(text.trim().to_owned())
}
