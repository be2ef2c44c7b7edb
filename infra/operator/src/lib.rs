//! The operator's program: registers sites, compares, explains and checks them, and looks after keys and audit events.

mod args;
mod audit;
mod aws;
mod aws_error;
mod changes;
mod consent;
mod doctor;
mod error;
mod explain;
mod gate;
mod global;
mod group_names;
mod keys;
mod manual;
mod moments;
mod new;
mod outcome;
mod output;
mod reason;
mod revoke;
mod session;
pub mod site;
mod style;
mod world;

use clap::CommandFactory as _;

pub use self::{
    args::{Args, Command},
    aws::Service,
    aws_error::AwsError,
    error::CommandError,
    global::GlobalArgs,
    outcome::Outcome,
    output::{Exit, Output, plain},
    world::World,
};

/// Runs the command of `args`.
pub async fn run(args: &Args, world: &mut World) -> Outcome {
    Outcome(dispatch(args, world).await)
}

async fn dispatch(args: &Args, world: &mut World) -> Result<Output, CommandError> {
    let global = &args.global;
    match &args.command {
        Command::Site(command) | Command::Direct(command) => Ok(site::run(command, global, world).await?),
        Command::Explain(args) => Ok(explain::run(args, global, world).await?),
        Command::Reason(args) => Ok(reason::run(args)?),
        Command::Audit(args) => Ok(audit::run(args, global, world).await?),
        Command::Doctor(args) => Ok(doctor::run(args, global, world).await?),
        Command::Keys(command) => Ok(keys::run(command, global, world).await?),
        Command::Revoke(command) => Ok(revoke::run(command, global, world).await?),
        Command::Session(command) => Ok(session::run(command, global, world).await?),
        Command::Gate(command) => Ok(gate::run(command, global, world).await?),
        Command::Manual(command) => Ok(manual::run(command, Args::command())?),
    }
}
