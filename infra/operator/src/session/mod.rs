//! `pozi session`.

mod report;
mod signature;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use pozi_auth::{
    adapters::HttpClientError,
    address::SecureUrlError,
    entra::{SubjectRefusal, UnverifiedToken},
    jws::MAX_TOKEN_BYTES,
    session::{Issuer, SessionContents, SessionRefusal},
};

use self::report::Report;
use crate::{AwsError, GlobalArgs, Output, World};

/// A command about sessions.
#[derive(Debug, clap::Subcommand)]
pub enum SessionCommand {
    /// Show what a session says, and whether the service issued it. Prints no part of the session itself
    Inspect(InspectArgs),
}

/// The arguments of `pozi session inspect`.
#[derive(Debug, clap::Args)]
pub struct InspectArgs {
    /// The file with the session; by default, or with `-`, standard input. Never the session itself
    pub file: Option<PathBuf>,
    /// The service's own URL (the issuer), to verify the session with its keys; by default that of --stack
    #[arg(long, value_name = "URL")]
    pub service: Option<Issuer>,
}

/// Why `pozi session` failed.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// AWS cannot be used.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The session cannot be read from where it is.
    #[error("the session cannot be read")]
    Read(#[source] io::Error),
    /// Nothing was given.
    #[error("there is no session on standard input; copy one from the header X-Pozi-Session of a request")]
    Empty,
    /// An Entra token was given.
    #[error(
        "this is a token of Microsoft Entra, not a Pozi session; `pozi explain SITE --token FILE` says what the service makes of it"
    )]
    EntraToken,
    /// Something else was given.
    #[error("this is not a Pozi session")]
    NotASession(#[source] SessionRefusal),
    /// The address of the keys in the stack's outputs is not one.
    #[error("the stack's output {output}")]
    Service {
        /// The output.
        output: &'static str,
        /// What is wrong with it.
        source: pozi_auth::error::Cause,
    },
    /// No connection over https can be made.
    #[error("this machine cannot make connections over https")]
    Https(#[source] HttpClientError),
}

impl SessionError {
    /// Returns a stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Aws(error) => error.code(),
            Self::Read(_) => "files",
            Self::Empty => "no_session",
            Self::EntraToken => "entra_token",
            Self::NotASession(_) => "not_a_session",
            Self::Service { .. } => "service",
            Self::Https(_) => "https",
        }
    }
}

impl From<SecureUrlError> for SessionError {
    fn from(error: SecureUrlError) -> Self {
        Self::Service { output: "JwksUrl", source: error.into() }
    }
}

/// Runs the command.
pub(crate) async fn run(
    command: &SessionCommand,
    global: &GlobalArgs,
    world: &mut World,
) -> Result<Output, SessionError> {
    let SessionCommand::Inspect(args) = command;
    let token = read(args.file.as_deref(), world)?;
    let contents = contents(&token)?;
    let signature = match signature::service(args.service.as_ref(), global, world).await? {
        Some(service) => signature::verify(&token, &contents, &service, world).await?,
        None => signature::Signature::NotVerified,
    };
    let report = Report { contents, signature, now: world.now };
    Ok(Output::ending(&report, report.exit()))
}

/// Reads what should be a session, without the blanks around it. No more is read than a token can have.
fn read(file: Option<&Path>, world: &mut World) -> Result<String, SessionError> {
    let source: Box<dyn Read + '_> = match (file.filter(|path| *path != Path::new("-")), &mut world.answers) {
        (Some(path), _) => Box::new(File::open(path).map_err(SessionError::Read)?),
        (None, Some(answers)) => {
            anstream::eprintln!(
                "Paste the session, then end the input (Ctrl-D; on Windows Ctrl-Z and Enter):"
            );
            Box::new(answers)
        }
        (None, None) => Box::new(io::stdin()),
    };
    let mut text = String::new();
    // One more than allowed, so that what is too long is refused as that; and blanks.
    source.take(MAX_TOKEN_BYTES as u64 + 1_024).read_to_string(&mut text).map_err(SessionError::Read)?;
    let token = text.trim();
    if token.is_empty() { Err(SessionError::Empty) } else { Ok(token.to_owned()) }
}

fn contents(token: &str) -> Result<SessionContents, SessionError> {
    SessionContents::read(token).map_err(|refusal| match refusal {
        SessionRefusal::NotASession if is_of_entra(token) => SessionError::EntraToken,
        refusal => SessionError::NotASession(refusal),
    })
}

/// Whether `token` is one of Microsoft's, of any kind that the service knows by sight.
fn is_of_entra(token: &str) -> bool {
    matches!(
        UnverifiedToken::parse(token),
        Ok(_)
            | Err(SubjectRefusal::GraphToken { .. }
                | SubjectRefusal::ProofOfPossession { .. }
                | SubjectRefusal::B2cToken { .. }
                | SubjectRefusal::PersonalAccount)
    )
}

#[cfg(test)]
mod tests;
