//! `pozi-local`: `make run`.

use std::process::ExitCode;

use clap::Parser;
use pozi_local::{args::Args, console, service::Service};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    console::init();
    match run(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{}", pozi_auth::error::with_causes(&problem));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<(), pozi_local::service::StartError> {
    let service = Service::start(args).await?;
    print!("{}", service.welcome(args));
    service.serve().await
}
