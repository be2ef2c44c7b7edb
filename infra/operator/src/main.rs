//! `pozi`: what an operator does with sites.

use std::{env, process::ExitCode};

use clap::Parser;
use pozi_auth::config::AwsConfig;
use pozi_operator::{args::Args, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse(), || AwsConfig::read(|name| env::var(name).ok())).await {
        Ok(told) => {
            print!("{told}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
