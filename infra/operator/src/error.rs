//! Why a command failed.

use pozi_auth::error::with_causes;

use crate::{audit, aws_error::AwsError, doctor, explain, gate, keys, manual, reason, revoke, session, site};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[expect(missing_docs, reason = "each variant is the error of the module that it names")]
pub enum CommandError {
    Site(#[from] site::SiteCommandError),
    Explain(#[from] explain::ExplainError),
    Reason(#[from] reason::ReasonError),
    Audit(#[from] audit::AuditError),
    Doctor(#[from] doctor::DoctorError),
    Keys(#[from] keys::KeysError),
    Revoke(#[from] revoke::RevokeError),
    Session(#[from] session::SessionError),
    Gate(#[from] gate::GateError),
    Manual(#[from] manual::ManualError),
    Aws(#[from] AwsError),
}

impl CommandError {
    /// Returns a stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Site(error) => error.code(),
            Self::Explain(error) => error.code(),
            Self::Reason(error) => error.code(),
            Self::Audit(error) => error.code(),
            Self::Doctor(error) => error.code(),
            Self::Keys(error) => error.code(),
            Self::Revoke(error) => error.code(),
            Self::Session(error) => error.code(),
            Self::Gate(error) => error.code(),
            Self::Manual(error) => error.code(),
            Self::Aws(error) => error.code(),
        }
    }

    /// Returns what people see.
    pub fn text(&self) -> String {
        match self {
            Self::Site(error) => error.text(),
            _ => with_causes(self),
        }
    }
}
