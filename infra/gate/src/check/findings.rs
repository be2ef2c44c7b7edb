//! What a check found.

use std::fmt::Write as _;

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckOutcome {
    /// Everything works, and the session, if one was given, is valid.
    Passed,
    /// The configuration, or something that it names, is wrong.
    Failed,
    /// The issuer's keys cannot be fetched.
    KeysUnavailable,
    /// The session is refused.
    SessionRefused,
}

impl CheckOutcome {
    /// Returns the program's exit code. 1 also stands for an unreadable configuration, 2 for a wrong command line.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::KeysUnavailable => 3,
            Self::SessionRefused => 4,
        }
    }
}

/// The lines of the report, and which kinds of errors are in it.
#[derive(Debug, Default)]
pub(super) struct Findings {
    lines: String,
    has_errors: bool,
    lacks_keys: bool,
    has_refused_session: bool,
}

impl Findings {
    /// Adds that `subject` is as it should be, or information about it.
    pub(super) fn ok(&mut self, subject: &str, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.lines, "{subject:<11} {text}");
    }

    /// Adds that `subject` works, but deserves attention.
    pub(super) fn warning(&mut self, subject: &str, text: &str) {
        self.ok(subject, &format!("WARNING: {text}"));
    }

    /// Adds that `subject` is wrong.
    pub(super) fn error(&mut self, subject: &str, text: &str) {
        self.has_errors = true;
        self.ok(subject, &format!("ERROR: {text}"));
    }

    /// Adds that the issuer's keys cannot be fetched.
    pub(super) fn keys_unavailable(&mut self, text: &str) {
        self.lacks_keys = true;
        self.ok("keys", &format!("ERROR: {text}"));
    }

    /// Adds that the session is refused.
    pub(super) fn session_refused(&mut self, text: &str) {
        self.has_refused_session = true;
        self.ok("session", &format!("REFUSED: {text}"));
    }

    /// Returns the outcome and the lines. Missing keys outrank a refused session, which outranks other errors.
    pub(super) fn report(self) -> (CheckOutcome, String) {
        let outcome = if self.lacks_keys {
            CheckOutcome::KeysUnavailable
        } else if self.has_refused_session {
            CheckOutcome::SessionRefused
        } else if self.has_errors {
            CheckOutcome::Failed
        } else {
            CheckOutcome::Passed
        };
        (outcome, self.lines)
    }
}
