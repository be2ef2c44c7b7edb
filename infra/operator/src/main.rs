//! `pozi`, the operator's program.

use std::process::ExitCode;

use clap::Parser;
use pozi_operator::{Args, World, run};

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    // Boxed: the futures of all commands, each with its calls to AWS, are large.
    let outcome = Box::pin(run(&args, &mut World::real())).await;
    outcome.print(args.global.json)
}
