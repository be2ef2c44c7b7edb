//! Who can ask the emulated directory for a token, and which tokens there are.

use std::{fmt, str::FromStr};

/// A person, or a daemon, whom every registration of the emulated directory knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Person {
    /// In the reader groups.
    #[default]
    Reader,
    /// In the editor groups and the reader groups.
    Editor,
    /// In no group: the token has no `groups` at all.
    NoGroups,
    /// In the reader groups, with a personal account invited into the tenant.
    Guest,
    /// In more groups than fit into a token: it has a reference to them instead.
    Overage,
    /// No person: the registration itself, signed in with a secret. Its token names the right client and audience, so
    /// that only the missing `scp` and `sub` being `oid` give it away.
    AppOnly,
}

impl Person {
    /// Everybody.
    pub const ALL: [Self; 6] =
        [Self::Reader, Self::Editor, Self::NoGroups, Self::Guest, Self::Overage, Self::AppOnly];

    /// Who this is, in one sentence.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Reader => "A member of the tenant, in the reader groups.",
            Self::Editor => "A member of the tenant, in the editor groups and the reader groups.",
            Self::NoGroups => "A member of the tenant, in no group, whose tokens have no `groups` claim.",
            Self::Guest => "A guest with a personal Microsoft account, in the reader groups.",
            Self::Overage => {
                "A member of the tenant, in more than 200 groups, whose tokens only refer to them."
            }
            Self::AppOnly => {
                "A daemon that signed in as the app itself: no person, no scope, a role `Daemon`."
            }
        }
    }

    /// The name by which this person is asked for.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Editor => "editor",
            Self::NoGroups => "no-groups",
            Self::Guest => "guest",
            Self::Overage => "overage",
            Self::AppOnly => "app-only",
        }
    }

    /// Given name and family name; empty for a daemon.
    pub fn full_name(self) -> String {
        let (given, family, _) = self.called();
        format!("{given} {family}").trim().to_owned()
    }

    /// The mail address, by which the person signs in; empty for a daemon.
    pub const fn address(self) -> &'static str {
        self.called().2
    }

    /// Whether this is somebody who can sit before a browser.
    pub const fn can_sign_in(self) -> bool {
        !matches!(self, Self::AppOnly)
    }

    /// The person with this mail address, in whatever case.
    pub(super) fn with_address(address: &str) -> Option<Self> {
        let mut people = Self::ALL.into_iter().filter(|person| person.can_sign_in());
        people.find(|person| person.address().eq_ignore_ascii_case(address))
    }

    /// Given name, family name and mail address.
    pub(super) const fn called(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Reader => ("Rhea", "Reader", "rhea.reader@example.com"),
            Self::Editor => ("Edgar", "Editor", "edgar.editor@example.com"),
            Self::NoGroups => ("Nora", "Newcomer", "nora.newcomer@example.com"),
            Self::Guest => ("Gus", "Guest", "gus.guest@example.net"),
            Self::Overage => ("Olive", "Overmany", "olive.overmany@example.com"),
            Self::AppOnly => ("", "", ""),
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Person {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        let found = Self::ALL.into_iter().find(|person| person.name() == text);
        found.ok_or_else(|| Unknown::new("person", text, Self::ALL.map(Self::name)))
    }
}

/// The version of a token, of its metadata and of its key set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// v1.0, which a registration gets unless it asks for the other.
    #[default]
    V1,
    /// v2.0.
    V2,
}

impl Version {
    /// The issuer of this version's tokens, for a tenant id or for Entra's placeholder.
    pub(super) fn issuer(self, tenant: &str) -> String {
        match self {
            Self::V1 => format!("https://sts.windows.net/{tenant}/"),
            Self::V2 => format!("https://login.microsoftonline.com/{tenant}/v2.0"),
        }
    }

    /// As in claim `ver`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::V1 => "1.0",
            Self::V2 => "2.0",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Version {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        match text {
            "1" | "1.0" => Ok(Self::V1),
            "2" | "2.0" => Ok(Self::V2),
            _ => Err(Unknown::new("version", text, ["1", "2"])),
        }
    }
}

/// Which of the tokens of one sign-in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The access token for the registration's API.
    #[default]
    Access,
    /// The ID token, which is for the application alone and opens nothing.
    Id,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Access => "access",
            Self::Id => "id",
        })
    }
}

impl FromStr for Kind {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        match text {
            "access" => Ok(Self::Access),
            "id" => Ok(Self::Id),
            _ => Err(Unknown::new("kind", text, ["access", "id"])),
        }
    }
}

/// A token to be issued. The default is the reader's v1.0 access token for the first registration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TokenAsk {
    /// The registration's site; empty for the first registration.
    pub site: String,
    /// For whom.
    pub person: Person,
    /// In which version.
    pub version: Version,
    /// Which of the tokens.
    pub kind: Kind,
}

/// A name that stands for nothing here, with those that do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    what: &'static str,
    asked: String,
    known: String,
}

impl Unknown {
    pub(super) fn new<'a>(what: &'static str, asked: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        Self { what, asked: asked.to_owned(), known }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "There is no {} `{}`; there is: {}.", self.what, self.asked, self.known)
    }
}

impl std::error::Error for Unknown {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_shown() {
        for person in Person::ALL {
            assert_eq!(person.to_string().parse(), Ok(person));
        }
        for version in [Version::V1, Version::V2] {
            assert_eq!(version.to_string().parse(), Ok(version));
        }
        for kind in [Kind::Access, Kind::Id] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let problem = "Reader".parse::<Person>().unwrap_err().to_string();
        assert_eq!(
            problem,
            "There is no person `Reader`; there is: reader, editor, no-groups, guest, overage, app-only."
        );
    }
}
