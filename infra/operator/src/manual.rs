//! `pozi manual`: completions for shells and manual pages, as clap makes them.

use std::{fs, io, path::PathBuf};

use clap::Subcommand;
use clap_complete::Shell;

use crate::Output;

/// A command about the program's own documentation.
#[derive(Debug, Subcommand)]
pub enum ManualCommand {
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write a manual page for each command to a folder
    Pages {
        /// The folder
        folder: PathBuf,
    },
}

/// Why the manual cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("the manual pages cannot be written to {0}")]
pub struct ManualError(PathBuf, #[source] io::Error);

impl ManualError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        let Self(..) = self;
        "file"
    }
}

/// Runs the command, for the command line of `program`.
pub(crate) fn run(command: &ManualCommand, mut program: clap::Command) -> Result<Output, ManualError> {
    match command {
        ManualCommand::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut program, "pozi", &mut text);
            Ok(Output::new(&String::from_utf8_lossy(&text)))
        }
        ManualCommand::Pages { folder } => {
            let written = fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(program, folder));
            written.map_err(|error| ManualError(folder.clone(), error))?;
            Ok(Output::new(&format!("manual pages: {}\n", folder.display())))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::Args;

    #[test]
    fn every_command_has_a_page_and_completions_name_it() {
        let folder = tempfile::tempdir().unwrap();
        let pages = run(&ManualCommand::Pages { folder: folder.path().to_owned() }, Args::command()).unwrap();
        assert_eq!(pages.plain(), format!("manual pages: {}\n", folder.path().display()));
        for page in ["pozi.1", "pozi-push.1", "pozi-keys-list.1"] {
            let text = fs::read_to_string(folder.path().join(page)).unwrap();
            assert!(text.contains(".SH NAME"), "{page}");
        }
        let completions =
            run(&ManualCommand::Completions { shell: Shell::Bash }, Args::command()).unwrap().plain();
        assert!(completions.contains("only-if-nobody-gains") && completions.contains("doctor"));
        let file = folder.path().join("pozi.1");
        assert!(run(&ManualCommand::Pages { folder: file }, Args::command()).is_err());
    }
}
