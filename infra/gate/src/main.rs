//! `pozi-gate`: the decision beside QGIS Server.

use std::process::ExitCode;

use clap::Parser;
use pozi_auth::telemetry;
use pozi_gate::args::{Args, Command};
use tracing::Level;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    // A check is read by a person; what it finds stands in its own words.
    if !matches!(args.command, Some(Command::Check { .. })) {
        telemetry::init(Level::INFO);
    }
    args.run().await
}
