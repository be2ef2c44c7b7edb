//! What a check found.

use std::fmt::Write as _;

/// The outcome of a check. Later variants outrank earlier ones.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckOutcome {
    /// Everything works, and the session, if one was given, is valid.
    #[default]
    Passed,
    /// The configuration, or something that it names, is wrong.
    Failed,
    /// The session is refused.
    SessionRefused,
    /// The issuer's keys cannot be fetched.
    KeysUnavailable,
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

/// The lines of the report, and the outcome so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    lines: String,
    outcome: CheckOutcome,
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
        self.fail(CheckOutcome::Failed, subject, &format!("ERROR: {text}"));
    }

    /// Adds that the issuer's keys cannot be fetched.
    pub(super) fn keys_unavailable(&mut self, text: &str) {
        self.fail(CheckOutcome::KeysUnavailable, "keys", &format!("ERROR: {text}"));
    }

    /// Adds that the session is refused.
    pub(super) fn session_refused(&mut self, text: &str) {
        self.fail(CheckOutcome::SessionRefused, "session", &format!("REFUSED: {text}"));
    }

    fn fail(&mut self, outcome: CheckOutcome, subject: &str, text: &str) {
        self.outcome = self.outcome.max(outcome);
        self.ok(subject, text);
    }

    /// Returns the outcome and the lines.
    pub(super) fn report(self) -> (CheckOutcome, String) {
        (self.outcome, self.lines)
    }
}
