//! `pozi`: what an operator does with sites.

use std::{env, process::ExitCode};

use clap::Parser;
use pozi_auth::error::with_causes;
use pozi_operator::{args::Args, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Args::parse(), |name| env::var(name).ok()).await {
        Ok(told) => {
            print!("{told}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{}", with_causes(&problem));
            ExitCode::FAILURE
        }
    }
}
