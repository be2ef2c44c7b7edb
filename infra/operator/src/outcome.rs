//! How a command ended, printed.

use std::process::ExitCode;

use pozi_auth::error::with_causes;

use crate::{
    error::CommandError,
    output::{Exit, Output},
};

/// The output of a command, or why it failed.
#[derive(Debug)]
pub struct Outcome(pub Result<Output, CommandError>);

impl Outcome {
    /// Prints the output to standard output, or the error to standard error, as JSON if `json` is set. Colours appear only on a
    /// terminal, and not if `NO_COLOR` is set.
    pub fn print(&self, json: bool) -> ExitCode {
        match &self.0 {
            Ok(output) if json => anstream::println!("{:#}", output.json()),
            Ok(output) => anstream::print!("{}", output.coloured()),
            Err(error) if json => {
                let document = serde_json::json!({ "error": error.code(), "message": with_causes(error) });
                anstream::eprintln!("{document:#}");
            }
            Err(error) => anstream::eprintln!("{}", error.text()),
        }
        let exit = self.0.as_ref().map_or(Exit::Wrong, Output::exit);
        ExitCode::from(exit as u8)
    }
}
