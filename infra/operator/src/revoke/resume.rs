//! `pozi revoke resume`.

use std::fmt;

use pozi_auth::{adapters::aws::Table, revocation::change};
use serde::Serialize;

use super::{ResumeArgs, RevokeError, read};
use crate::{
    Exit, Output, World,
    style::{GOOD, styled},
};

/// The numbers before and after.
#[derive(Debug, Serialize)]
struct Resumed {
    before: u64,
    /// The number that the list has now; none if nothing was done.
    sequence: Option<u64>,
    #[serde(skip)]
    after: u64,
    #[serde(skip)]
    is_preview: bool,
}

/// Gives the list a number above the one that gates hold, after asking.
pub(super) async fn resume(
    args: &ResumeArgs,
    table: &Table,
    world: &mut World,
) -> Result<Output, RevokeError> {
    let list = read(table, world).await?;
    list.resume(args.after, world.now)?;
    let resumed = Resumed { before: list.sequence(), sequence: None, after: args.after, is_preview: true };
    if !args.consent.yes {
        world.show(resumed.to_string().trim_end());
        let agrees = world.agrees("Go on?");
        if !agrees.ok_or_else(|| RevokeError::NobodyToAsk { preview: resumed.to_string() })? {
            return Ok(Output::ending(&Resumed { is_preview: false, ..resumed }, Exit::Declined));
        }
    }
    let (after, now) = (args.after, world.now);
    let list = change(table, |list| Ok::<_, RevokeError>(Some(list.resume(after, now)?))).await?;
    Ok(Output::new(&Resumed { sequence: Some(list.sequence()), is_preview: false, ..resumed }))
}

impl fmt::Display for Resumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sequence {
            Some(sequence) => writeln!(
                f,
                "{}\nEnter again what was revoked after the backup was made: the restored list does not have it.",
                styled(GOOD, format!("The list has number {sequence}; gates take it from now on."))
            ),
            None if self.is_preview => writeln!(
                f,
                "The stored list has number {}, and gates hold number {}: they ignore it until it is higher. It would get number {}.",
                self.before,
                self.after,
                self.after.saturating_add(1)
            ),
            None => writeln!(f, "Nothing was done."),
        }
    }
}
