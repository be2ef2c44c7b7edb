//! `pozi-gate`: the one door to QGIS Server.

use std::process::ExitCode;

use clap::Parser;
use pozi_gate::args::Args;

#[tokio::main]
async fn main() -> ExitCode {
    Args::parse().run().await
}
