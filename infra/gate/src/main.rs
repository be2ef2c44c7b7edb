//! `pozi-gate`: a reverse proxy in front of QGIS Server.

use std::process::ExitCode;

use clap::Parser;
use pozi_gate::args::Args;

#[tokio::main]
async fn main() -> ExitCode {
    Args::parse().run().await
}
