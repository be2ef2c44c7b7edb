//! The option of commands that ask before they write.

/// Whether to ask before something is written.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Consent {
    /// Do not ask, as in scripts
    #[arg(long)]
    pub yes: bool,
}
