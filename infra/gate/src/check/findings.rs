//! What a check found.

use std::fmt::Write as _;

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is well, and the session, where one was given, counts.
    Sound,
    /// Something that the configuration names is not as it should be.
    Faulty,
    /// The issuer's keys cannot be had.
    NoKeys,
    /// The session is refused.
    Refused,
}

impl Verdict {
    /// The program's exit code; 1 is also a configuration that cannot be read, 2 a wrong command line.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Sound => 0,
            Self::Faulty => 1,
            Self::NoKeys => 3,
            Self::Refused => 4,
        }
    }
}

/// The lines of the report, and the worst of them.
#[derive(Debug, Default)]
pub(super) struct Findings {
    lines: String,
    is_faulty: bool,
    is_without_keys: bool,
    is_refused: bool,
}

impl Findings {
    /// `what` is as it should be, or is told only.
    pub(super) fn fine(&mut self, what: &str, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.lines, "{what:<11} {text}");
    }

    /// `what` can be served, and should be looked at.
    pub(super) fn warning(&mut self, what: &str, text: &str) {
        self.fine(what, &format!("LOOK: {text}"));
    }

    /// `what` is wrong.
    pub(super) fn fault(&mut self, what: &str, text: &str) {
        self.is_faulty = true;
        self.fine(what, &format!("WRONG: {text}"));
    }

    /// The issuer's keys cannot be had.
    pub(super) fn without_keys(&mut self, text: &str) {
        self.is_without_keys = true;
        self.fine("keys", &format!("WRONG: {text}"));
    }

    /// The session is refused.
    pub(super) fn refused(&mut self, text: &str) {
        self.is_refused = true;
        self.fine("session", &format!("refused, {text}"));
    }

    /// The verdict, by the first that is wrong of keys, session and everything else, and the lines.
    pub(super) fn report(self) -> (Verdict, String) {
        let verdict = if self.is_without_keys {
            Verdict::NoKeys
        } else if self.is_refused {
            Verdict::Refused
        } else if self.is_faulty {
            Verdict::Faulty
        } else {
            Verdict::Sound
        };
        (verdict, self.lines)
    }
}
