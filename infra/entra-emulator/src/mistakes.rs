//! What administrators get wrong in a registration, and what Entra says to it.

use std::{fmt, str::FromStr};

use super::Unknown;

/// One thing that is wrong with every registration of the emulated directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mistake {
    /// The Web App's address was entered under the platform "Web".
    RedirectNotSpa,
    /// The Web App's address was not entered at all.
    RedirectMissing,
    /// The API exposes no scope `user_impersonation`.
    ScopeMissing,
    /// The Application ID URI is not the one that the Web App asks for: it asks the wrong tenant.
    ResourceElsewhere,
    /// Assignment is required, and nobody was assigned.
    AssignmentRequired,
    /// No administrator has consented for everybody, so each person is asked.
    ConsentMissing,
}

impl Mistake {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::RedirectNotSpa,
        Self::RedirectMissing,
        Self::ScopeMissing,
        Self::ResourceElsewhere,
        Self::AssignmentRequired,
        Self::ConsentMissing,
    ];

    /// What is wrong, in one sentence.
    pub const fn what(self) -> &'static str {
        match self {
            Self::RedirectNotSpa => {
                "The redirect URI is of the type Web, where it must be a single-page application's."
            }
            Self::RedirectMissing => "The Web App's redirect URI is not registered.",
            Self::ScopeMissing => "The API does not expose the scope user_impersonation.",
            Self::ResourceElsewhere => "The Application ID URI is not known in this tenant.",
            Self::AssignmentRequired => {
                "The enterprise application requires assignment, and nobody is assigned."
            }
            Self::ConsentMissing => "Nobody has consented for the whole organisation: each person is asked.",
        }
    }

    /// The number of the error by which it shows, after `AADSTS`.
    pub const fn code(self) -> u32 {
        match self {
            Self::RedirectNotSpa => 9_002_326,
            Self::RedirectMissing => 50_011,
            Self::ScopeMissing => 65_005,
            Self::ResourceElsewhere => 500_011,
            Self::AssignmentRequired => 50_105,
            Self::ConsentMissing => 65_001,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::RedirectNotSpa => "redirect-not-spa",
            Self::RedirectMissing => "redirect-missing",
            Self::ScopeMissing => "scope-missing",
            Self::ResourceElsewhere => "resource-elsewhere",
            Self::AssignmentRequired => "assignment-required",
            Self::ConsentMissing => "consent-missing",
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Mistake {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let found = Self::ALL.into_iter().find(|mistake| mistake.name() == text);
        found.ok_or_else(|| {
            Unknown::new("mistake", text, Self::ALL.map(Self::name).into_iter().chain(["none"]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_shown() {
        for mistake in Mistake::ALL {
            assert_eq!(mistake.to_string().parse(), Ok(mistake));
        }
        let problem = "typo".parse::<Mistake>().unwrap_err().to_string();
        assert!(problem.ends_with("consent-missing, none."), "{problem}");
    }
}
