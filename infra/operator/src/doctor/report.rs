//! The list of checks, for people and for programs.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::style::{BAD, CARE, FAINT, GOOD, HEADING, styled};

/// What is known about one point of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It is as it should be.
    Ok,
    /// It is wrong.
    Wrong,
    /// It cannot be known from here.
    Unknown,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "they are the members of the JSON")]
pub(super) struct Finding {
    /// What was checked.
    pub(super) check: String,
    pub(super) state: State,
    /// What was found, or why it cannot be known.
    pub(super) finding: String,
    /// How to fix it, or what to look at by hand.
    pub(super) fix: Option<String>,
}

/// The findings, in sections.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) title: String,
    pub(super) sections: Vec<(&'static str, Vec<Finding>)>,
}

impl Finding {
    /// Something is as it should be.
    pub(super) fn ok(check: impl Into<String>, finding: impl Into<String>) -> Self {
        Self { check: check.into(), state: State::Ok, finding: finding.into(), fix: None }
    }

    /// Something is wrong; `fix` says what to do, and where.
    pub(super) fn wrong(
        check: impl Into<String>,
        finding: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let (check, finding) = (check.into(), finding.into());
        Self { check, state: State::Wrong, finding, fix: Some(fix.into()) }
    }

    /// Something cannot be known; `look` says what to look at by hand.
    pub(super) fn unknown(
        check: impl Into<String>,
        finding: impl Into<String>,
        look: impl Into<String>,
    ) -> Self {
        let (check, finding) = (check.into(), finding.into());
        Self { check, state: State::Unknown, finding, fix: Some(look.into()) }
    }

    /// Whether something is wrong.
    pub(super) fn is_wrong(&self) -> bool {
        self.state == State::Wrong
    }
}

impl Report {
    /// Returns every finding.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.sections.iter().flat_map(|(_, findings)| findings)
    }

    /// Whether nothing is wrong.
    pub(super) fn is_well(&self) -> bool {
        self.count(State::Wrong) == 0
    }

    fn count(&self, state: State) -> usize {
        self.findings().filter(|finding| finding.state == state).count()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.findings())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", styled(HEADING, &self.title))?;
        for (section, findings) in self.sections.iter().filter(|(_, findings)| !findings.is_empty()) {
            writeln!(f, "\n{}", styled(HEADING, section))?;
            for finding in findings {
                finding.fmt(f)?;
            }
        }
        let (wrong, ok) = (self.count(State::Wrong), self.count(State::Ok));
        let unknown = self.count(State::Unknown);
        let style = if wrong == 0 { GOOD } else { BAD };
        writeln!(
            f,
            "\n{}, {ok} ok, {unknown} cannot be known from here",
            styled(style, format!("{wrong} wrong"))
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, lead) = match self.state {
            State::Ok => (styled(GOOD, "✓"), ""),
            State::Wrong => (styled(BAD, "✗"), "fix: "),
            State::Unknown => (styled(CARE, "?"), "look: "),
        };
        let lines = |text: &str| text.replace('\n', "\n      ");
        writeln!(f, "  {mark} {}: {}", self.check, lines(&self.finding))?;
        match &self.fix {
            Some(fix) => writeln!(f, "      {}{}", styled(FAINT, lead), lines(fix)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Output;

    fn report() -> Report {
        Report {
            title: "riverbend".into(),
            sections: vec![
                ("Site file", vec![Finding::ok("Site document", "no errors")]),
                ("Gate", vec![]),
                (
                    "Entra",
                    vec![
                        Finding::wrong("Tenant", "there is no such tenant", "copy it again"),
                        Finding::unknown("Groups claim", "cannot be seen", "Token configuration"),
                    ],
                ),
            ],
        }
    }

    #[test]
    fn reads_as_a_list_with_the_fix_below_each_line() {
        let expected = "\
riverbend

Site file
  ✓ Site document: no errors

Entra
  ✗ Tenant: there is no such tenant
      fix: copy it again
  ? Groups claim: cannot be seen
      look: Token configuration

1 wrong, 1 ok, 1 cannot be known from here
";
        assert_eq!(Output::new(&report()).plain(), expected);
        assert!(!report().is_well());
    }

    #[test]
    fn programs_get_one_list() {
        let json = Output::new(&report()).json().clone();
        assert_eq!(
            json[1],
            serde_json::json!({
                "check": "Tenant", "state": "wrong", "finding": "there is no such tenant", "fix": "copy it again",
            })
        );
        assert_eq!(json.as_array().unwrap().len(), 3);
        assert_eq!((&json[0]["state"], &json[0]["fix"]), (&"ok".into(), &serde_json::Value::Null));
        assert_eq!(json[2]["state"], "unknown");
    }
}
