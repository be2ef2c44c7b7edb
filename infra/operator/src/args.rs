//! The command line.

#[cfg(test)]
mod documents;

use clap::{Parser, Subcommand};

use crate::{
    audit, doctor, explain, gate, global::GlobalArgs, keys, manual, reason, revoke, session,
    site::SiteCommand,
};

/// Registers councils at a Pozi token exchange, and answers why a person can or cannot open a map.
///
/// Credentials and region are those of the AWS command line: the environment, a profile, single sign-on, an assumed role.
///
/// Exit codes: 0 done; 1 it failed, or something is wrong; 2 the command line is wrong; 3 nothing was done, because nobody
/// agreed or a condition did not hold.
#[derive(Debug, Parser)]
#[command(name = "pozi", version)]
pub struct Args {
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// A command of `pozi`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Commands for sites; the word `site` may be left out
    #[command(subcommand)]
    Site(SiteCommand),
    #[command(flatten)]
    #[expect(missing_docs, reason = "the commands have their own")]
    Direct(SiteCommand),
    /// Explain which catalogues of a site a person may open, rule by rule, and what to change
    Explain(explain::ExplainArgs),
    /// Explain a refusal's reason, or an error of Entra (AADSTS…)
    Reason(reason::ReasonArgs),
    /// Read the audit events of the service and explain them
    Audit(audit::AuditArgs),
    /// Check a site from outside: its tenant, its registration, its addresses, the service and the gate
    Doctor(doctor::DoctorArgs),
    /// The signing keys of sessions
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Sessions that end before their time
    #[command(subcommand)]
    Revoke(revoke::RevokeCommand),
    /// Pozi sessions
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// The gate in front of a council's QGIS Server
    #[command(subcommand)]
    Gate(gate::GateCommand),
    /// Print completions for a shell, or write manual pages
    #[command(subcommand)]
    Manual(manual::ManualCommand),
}
