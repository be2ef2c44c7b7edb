//! `pozi-local`, which `make run` starts.

use std::{error::Error, process::ExitCode};

use clap::Parser;
use pozi_auth::{adapters::SystemClock, session::Issuer, timestamp::Clock};
use pozi_local::{
    args::{Args, Command},
    console,
    service::{Service, StartError},
    verifier_kit::VerifierKit,
};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let _printing = console::init();
    match run(&args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", pozi_auth::error::with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<(), StartError> {
    if let Some(Command::VerifierKit { issuer }) = &args.command {
        return print_kit(args, issuer.clone()).map_err(StartError::Other);
    }
    let service = Service::start(args).await?;
    print!("{}", service.welcome(args));
    service.serve().await
}

fn print_kit(args: &Args, issuer: Issuer) -> Result<(), Box<dyn Error + Send + Sync>> {
    let kit = VerifierKit::generate(issuer, args.algorithm())?;
    println!("{:#}", kit.document(SystemClock.now())?);
    Ok(())
}
