//! `pozi`, the operator's program.

use std::{env, process::ExitCode};

use clap::Parser;
use pozi_auth::{config::AwsConfig, error::with_causes};
use pozi_operator::{args::Args, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse(), || AwsConfig::read(|name| env::var(name).ok())).await {
        Ok(output) => {
            print!("{output}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}
