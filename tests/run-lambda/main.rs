//! `make run-lambda`: all functions on this machine, as on AWS.

use std::process::ExitCode;

use clap::Parser;
use pozi_tests::Watch;

/// Pozi's functions under `cargo lambda watch`, with AWS and Entra ID emulated and sample councils.
#[derive(Debug, Parser)]
#[command(name = "run-lambda")]
struct Args {
    /// The port to listen on, on this machine only
    #[arg(long, default_value_t = 9000)]
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let Some(watch) = Watch::start(args.port).await else { return ExitCode::FAILURE };
    print!("{}", watch.welcome());
    if watch.serve().await { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
