//! The people of the emulated directory, and the tokens that they can get.

use std::{fmt, str::FromStr};

/// A sample person, or a daemon. All registrations have the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Person {
    /// In the reader groups.
    #[default]
    Reader,
    /// In the editor groups and the reader groups.
    Editor,
    /// In no group: the token has no claim `groups`.
    NoGroups,
    /// In the reader groups, as a guest with a personal account.
    Guest,
    /// In more groups than a token can list: it refers to them instead.
    Overage,
    /// Not a person: the app itself, signed in with a secret. Its token has the right client and audience; only the
    /// missing `scp`, and `sub` equal to `oid`, show what it is.
    AppOnly,
}

impl Person {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Reader, Self::Editor, Self::NoGroups, Self::Guest, Self::Overage, Self::AppOnly];

    /// Who this is, in one sentence.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Reader => "A member of the tenant, in the groups that may read.",
            Self::Editor => "A member of the tenant, in the groups that may read and edit.",
            Self::NoGroups => "A member of the tenant in no group, whose tokens have no `groups` claim.",
            Self::Guest => "A guest with a personal Microsoft account, in the groups that may read.",
            Self::Overage => {
                "A member of the tenant in more than 200 groups, whose tokens only refer to them."
            }
            Self::AppOnly => "A daemon that signs in as the app itself, with the role `Daemon` and no scope.",
        }
    }

    /// The name by which callers request this person's token.
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

    /// The given name and family name; empty for the daemon.
    pub fn full_name(self) -> String {
        let (given, family, _) = self.names();
        format!("{given} {family}").trim().to_owned()
    }

    /// The mail address, which is also the sign-in name; empty for the daemon.
    pub const fn address(self) -> &'static str {
        self.names().2
    }

    /// Whether this is a person, who can sign in in a browser.
    pub const fn can_sign_in(self) -> bool {
        !matches!(self, Self::AppOnly)
    }

    /// The person with this mail address, in upper or lower case.
    pub(super) fn with_address(address: &str) -> Option<Self> {
        let mut people = Self::ALL.into_iter().filter(|person| person.can_sign_in());
        people.find(|person| person.address().eq_ignore_ascii_case(address))
    }

    /// Given name, family name and mail address.
    pub(super) const fn names(self) -> (&'static str, &'static str, &'static str) {
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
    type Err = UnknownNameError;

    fn from_str(text: &str) -> Result<Self, UnknownNameError> {
        let person = Self::ALL.into_iter().find(|person| person.name() == text);
        person.ok_or_else(|| UnknownNameError::new("person", text, Self::ALL.map(Self::name)))
    }
}

/// The version of a token, of its metadata and of its key set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// v1.0, which registrations get by default.
    #[default]
    V1,
    /// v2.0.
    V2,
}

impl Version {
    /// The issuer of this version's tokens, for a tenant id or Entra's placeholder.
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
    type Err = UnknownNameError;

    fn from_str(text: &str) -> Result<Self, UnknownNameError> {
        match text {
            "1" | "1.0" => Ok(Self::V1),
            "2" | "2.0" => Ok(Self::V2),
            _ => Err(UnknownNameError::new("version", text, ["1", "2"])),
        }
    }
}

/// The kind of a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The access token for the registration's API.
    #[default]
    Access,
    /// The ID token, which is for the application only and gives no access.
    Id,
    /// The access token for Microsoft Graph, which only Graph can verify.
    Graph,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Access => "access",
            Self::Id => "id",
            Self::Graph => "graph",
        })
    }
}

impl FromStr for Kind {
    type Err = UnknownNameError;

    fn from_str(text: &str) -> Result<Self, UnknownNameError> {
        match text {
            "access" => Ok(Self::Access),
            "id" => Ok(Self::Id),
            "graph" => Ok(Self::Graph),
            _ => Err(UnknownNameError::new("kind", text, ["access", "id", "graph"])),
        }
    }
}

/// The token that a caller wants. The default is the reader's v1.0 access token for the first registration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TokenSpec {
    /// The registration's site; empty for the first registration.
    pub site: String,
    /// The person.
    pub person: Person,
    /// The version.
    pub version: Version,
    /// The kind.
    pub kind: Kind,
}

/// A name is unknown. The message lists the known ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownNameError {
    what: &'static str,
    name: String,
    known: String,
}

impl UnknownNameError {
    pub(super) fn new<'a>(what: &'static str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        Self { what, name: name.to_owned(), known }
    }
}

impl fmt::Display for UnknownNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unknown {} `{}`. Known: {}.", self.what, self.name, self.known)
    }
}

impl std::error::Error for UnknownNameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displayed_names_parse() {
        for person in Person::ALL {
            assert_eq!(person.to_string().parse(), Ok(person));
        }
        for version in [Version::V1, Version::V2] {
            assert_eq!(version.to_string().parse(), Ok(version));
        }
        for kind in [Kind::Access, Kind::Id, Kind::Graph] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_the_known_ones() {
        let error = "Reader".parse::<Person>().unwrap_err().to_string();
        assert_eq!(
            error,
            "Unknown person `Reader`. Known: reader, editor, no-groups, guest, overage, app-only."
        );
    }
}
