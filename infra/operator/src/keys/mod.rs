//! `pozi keys`: the signing keys of sessions. Only the function `rotate-keys` can make and seal keys, so the commands that change
//! the ring ask it to.

mod change;
mod error;
mod function;
mod list;
mod restored;
mod revoke;
mod ring;

use pozi_auth::keyring::RotationRequest;

pub(crate) use self::error::KeysError;
use crate::{GlobalArgs, Output, Service, World, consent::Consent};

/// A command about signing keys.
#[derive(Debug, clap::Subcommand)]
pub enum KeysCommand {
    /// List the keys of the ring: which one signs, since when, and what happens next
    List,
    /// Create the first key, when the service is set up; does nothing if there is one
    Establish,
    /// Make the next key now; it signs as soon as every verifier knows it, and no session is lost
    Rotate,
    /// End the use of a leaked key at once: its sessions end, and another key signs
    Revoke(RevokeArgs),
    /// Use a key ring that was restored from a backup, although a newer one was in use before
    AcceptRestored(Consent),
}

/// The arguments of `pozi keys revoke`.
#[derive(Debug, clap::Args)]
pub struct RevokeArgs {
    /// The key's id, as `pozi keys list` and the header of a session have it (`kid`)
    // One key id in 64 begins with a hyphen.
    #[arg(value_name = "KID", allow_hyphen_values = true)]
    pub key: String,
    /// Do not ask, as in scripts
    #[arg(long)]
    pub yes: bool,
}

/// Runs the command.
pub(crate) async fn run(
    command: &KeysCommand,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, KeysError> {
    let needs_function = !matches!(command, KeysCommand::List | KeysCommand::AcceptRestored(_));
    if global.stack.is_none() && needs_function {
        return Err(KeysError::NoFunction);
    }
    let service = Service::connect(global, world).await?;
    match command {
        KeysCommand::List => list::list(&service, world).await,
        KeysCommand::Establish => change::change(&RotationRequest::Establish, &service, world).await,
        KeysCommand::Rotate => change::change(&RotationRequest::Rotate, &service, world).await,
        KeysCommand::Revoke(args) => revoke::revoke(args, &service, world).await,
        KeysCommand::AcceptRestored(consent) => restored::accept(*consent, &service, world).await,
    }
}

#[cfg(test)]
mod testing;
