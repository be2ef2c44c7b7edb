//! `pozi-local`, which `make run` starts.

use std::process::ExitCode;

use clap::Parser;
use pozi_local::{
    args::Args,
    console,
    service::{Service, StartError},
};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    console::init();
    match run(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", pozi_auth::error::with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<(), StartError> {
    let service = Service::start(args).await?;
    print!("{}", service.welcome(args));
    service.serve().await
}
