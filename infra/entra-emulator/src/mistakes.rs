//! Mistakes that administrators make in an app registration, and Entra's error codes for them.

use std::{fmt, str::FromStr};

use super::UnknownNameError;

/// A mistake in every registration of the emulated directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mistake {
    /// The redirect URI is registered under the platform "Web".
    RedirectNotSpa,
    /// The redirect URI is not registered.
    RedirectMissing,
    /// The API exposes no scope `user_impersonation`.
    ScopeMissing,
    /// The tenant has no API with the Application ID URI that the Web App requests.
    ResourceElsewhere,
    /// Assignment is required, and no one is assigned.
    AssignmentRequired,
    /// No administrator has consented for the organisation, so each person is asked.
    ConsentMissing,
}

impl Mistake {
    /// All mistakes.
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
                "The redirect URI is registered for the platform Web instead of Single-page application."
            }
            Self::RedirectMissing => "The Web App's redirect URI is not registered.",
            Self::ScopeMissing => "The API does not expose the scope user_impersonation.",
            Self::ResourceElsewhere => "The tenant has no API with this Application ID URI.",
            Self::AssignmentRequired => {
                "The enterprise application requires assignment, and no one is assigned."
            }
            Self::ConsentMissing => {
                "No administrator has consented for the organisation, so each person is asked."
            }
        }
    }

    /// Where the setting is in Entra's admin centre, and what to set.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::RedirectNotSpa => {
                "App registrations → Pozi Server → Authentication: move the redirect URI from the platform Web to Single-page application."
            }
            Self::RedirectMissing => {
                "App registrations → Pozi Server → Authentication → Single-page application: add the Web App's address to the redirect URIs."
            }
            Self::ScopeMissing => {
                "App registrations → Pozi Server → Expose an API → Add a scope: user_impersonation, enabled."
            }
            Self::ResourceElsewhere => {
                "App registrations → Pozi Server → Expose an API → Application ID URI: the external URL without its last slash."
            }
            Self::AssignmentRequired => {
                "Enterprise applications → Pozi Server → Users and groups: assign the person or one of their groups. Or Properties → Assignment required: No."
            }
            Self::ConsentMissing => {
                "App registrations → Pozi Server → API permissions → Grant admin consent."
            }
        }
    }

    /// The mistake that this number after `AADSTS` tells of.
    pub(super) fn of_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|mistake| mistake.code() == code)
    }

    /// The number of Entra's error, after `AADSTS`.
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
    type Err = UnknownNameError;

    fn from_str(text: &str) -> Result<Self, UnknownNameError> {
        let found = Self::ALL.into_iter().find(|mistake| mistake.name() == text);
        found.ok_or_else(|| {
            UnknownNameError::new("mistake", text, Self::ALL.map(Self::name).into_iter().chain(["none"]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displayed_names_parse() {
        for mistake in Mistake::ALL {
            assert_eq!(mistake.to_string().parse(), Ok(mistake));
        }
        let error = "typo".parse::<Mistake>().unwrap_err().to_string();
        assert!(error.ends_with("consent-missing, none."), "{error}");
    }
}
