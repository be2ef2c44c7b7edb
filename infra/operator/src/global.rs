//! Options of every command: the service, and the form of the output.

/// Options of every command.
#[derive(Debug, Default, clap::Args)]
pub struct GlobalArgs {
    /// Name of the stack that the service was deployed as; its outputs name the table and the functions
    #[arg(long, global = true, env = "POZI_STACK", help_heading = "Service")]
    pub stack: Option<String>,
    /// Name of the DynamoDB table, if there is no stack to ask
    #[arg(long, global = true, env = "POZI_TABLE", help_heading = "Service")]
    pub table: Option<String>,
    /// AWS profile; by default the one that the environment names
    #[arg(long, global = true, help_heading = "Service")]
    pub profile: Option<String>,
    /// AWS region; by default that of the environment or profile
    #[arg(long, global = true, help_heading = "Service")]
    pub region: Option<String>,
    /// Print JSON for programs
    #[arg(long, global = true)]
    pub json: bool,
}
