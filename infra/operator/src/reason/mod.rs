//! `pozi reason`: explains every code that a person, an administrator or a log may show.

mod application_proxy;
mod authorizer;
mod entra;
mod entry;
mod exchange;
mod find;
mod gate;
mod place;
mod report;
mod session;
mod site_document;
mod tables;
mod verdict;
mod web;

#[cfg(test)]
mod tests;

use self::{
    entry::Origin,
    find::{find, near},
    report::{Everything, Explanation},
    tables::all,
};
use crate::Output;

/// The arguments of `pozi reason`.
#[derive(Debug, clap::Args)]
pub struct ReasonArgs {
    /// A reason of the token exchange, the gate, the authorizer or the browser module, an AADSTS number, or an error of
    /// Application Proxy; without it, all are listed
    pub code: Vec<String>,
}

/// Why `pozi reason` failed.
#[derive(Debug, thiserror::Error)]
pub enum ReasonError {
    /// Nothing has this code.
    #[error("`{code}` is not a reason that is known here{}", hint(near))]
    Unknown {
        /// What was asked for.
        code: String,
        /// The codes that resemble it most.
        near: Vec<&'static str>,
    },
}

impl ReasonError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_reason",
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &ReasonArgs) -> Result<Output, ReasonError> {
    let code = args.code.join(" ");
    if code.is_empty() {
        return Ok(Output::new(&Everything::collect()));
    }
    let found = find(&code);
    if found.is_empty() {
        let near = near(&code);
        return Err(ReasonError::Unknown { code, near });
    }
    Ok(Output::new(&Explanation::of(&found)))
}

/// Returns where the `reason` of the exchange's refusal is mended, and what to do there. `None` if that is not a setting.
pub(crate) fn what_to_do(reason: &str) -> Option<String> {
    let of_exchange = all().find(|(origin, entry)| *origin == Origin::Exchange && entry.code == reason);
    let (_, entry) = of_exchange?;
    Some(format!("{}: {}", entry.place?, entry.fix))
}

fn hint(near: &[&str]) -> String {
    match near {
        [] => "; `pozi reason` lists all of them".to_owned(),
        near => format!("; did you mean `{}`?", near.join("`, `")),
    }
}
