//! Scope, the representation of access: `<catalogue>:<download|read|write>`, separated by spaces (RFC 6749 §3.3).

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use super::text::parsed_text;

/// A catalogue's id: 1 to 63 of `a-z`, `0-9`, `-` and `_`, starting with a letter or digit. It is used in scopes and in
/// paths, and on file systems that may ignore letter case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CatalogueId(String);

/// A kind of access to a catalogue. Writing includes reading; downloading is apart from both, and granted only where a rule of
/// the site file is about it. In the order of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Fetch it in bulk or as a file.
    Download,
    /// See its layers and features.
    Read,
    /// Change its features.
    Write,
}

/// One access to one catalogue: a scope token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    /// The catalogue.
    pub catalogue: CatalogueId,
    /// The access.
    pub access: Access,
}

/// A set of permissions, in a fixed order, so that equal sets have equal text. Sorted, and none twice: a verifier looks one up for
/// every request, and a session may open hundreds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope(Vec<Permission>);

/// A text is not a catalogue id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 63 characters from a-z, 0-9, - and _, starting with a letter or digit")]
pub struct CatalogueIdError;

/// A text is not a Pozi scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is <catalogue>:<download|read|write>, separated by spaces")]
pub struct ScopeError;

impl CatalogueId {
    /// Returns the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Scope {
    /// Whether this scope allows `access` to `catalogue`. Writing includes reading.
    pub fn allows(&self, catalogue: &CatalogueId, access: Access) -> bool {
        let first = self.0.partition_point(|permission| permission.catalogue < *catalogue);
        let mut own = self.0[first..].iter().take_while(|permission| permission.catalogue == *catalogue);
        own.any(|permission| permission.access.includes(access))
    }

    /// Returns the permissions in order.
    pub fn permissions(&self) -> impl Iterator<Item = &Permission> {
        self.0.iter()
    }

    /// Whether the scope allows nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the permissions that are in both scopes.
    #[must_use]
    pub fn common_with(&self, other: &Self) -> Self {
        Self(self.0.iter().filter(|permission| other.contains(permission)).cloned().collect())
    }

    /// Returns the permissions that are not in `other`.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().filter(|permission| !other.contains(permission)).cloned().collect())
    }

    /// Whether every permission of this scope is in `other`, without regard to writing including reading.
    pub fn is_subset_of(&self, other: &Self) -> bool {
        self.0.iter().all(|permission| other.contains(permission))
    }

    fn contains(&self, permission: &Permission) -> bool {
        self.0.binary_search(permission).is_ok()
    }
}

impl Access {
    /// Whether this access allows `wanted` too.
    fn includes(self, wanted: Self) -> bool {
        self == wanted || (self, wanted) == (Self::Write, Self::Read)
    }
}

impl FromIterator<Permission> for Scope {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let mut permissions: Vec<_> = permissions.into_iter().collect();
        permissions.sort_unstable();
        permissions.dedup();
        Self(permissions)
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        text.split(' ').filter(|token| !token.is_empty()).map(str::parse).collect()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, permission) in self.0.iter().enumerate() {
            write!(f, "{}{permission}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl FromStr for Permission {
    type Err = ScopeError;

    fn from_str(token: &str) -> Result<Self, ScopeError> {
        let (catalogue, access) = token.split_once(':').ok_or(ScopeError)?;
        let access = match access {
            "download" => Access::Download,
            "read" => Access::Read,
            "write" => Access::Write,
            _ => return Err(ScopeError),
        };
        Ok(Self { catalogue: catalogue.parse().map_err(|_| ScopeError)?, access })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.catalogue, self.access)
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Download => "download",
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

impl FromStr for CatalogueId {
    type Err = CatalogueIdError;

    fn from_str(text: &str) -> Result<Self, CatalogueIdError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let mut bytes = text.bytes();
        let starts_well = bytes.next().is_some_and(fits);
        if starts_well && bytes.all(|byte| fits(byte) || byte == b'-' || byte == b'_') && text.len() <= 63 {
            Ok(Self(text.to_owned()))
        } else {
            Err(CatalogueIdError)
        }
    }
}

impl Serialize for CatalogueId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

parsed_text!(CatalogueId, "catalogue id", "^[a-z0-9][a-z0-9_-]{0,62}$");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 6749 §3.3.
    #[test]
    fn reads_what_it_writes_in_a_fixed_order() {
        let scope: Scope = "roads:write  planning:read roads:read planning:read".parse().unwrap();
        assert_eq!(scope.to_string(), "planning:read roads:read roads:write");
    }

    /// RFC 6749 §3.3.
    #[test]
    fn refuses_what_is_no_scope_token() {
        for text in [
            "roads",
            "roads:",
            ":read",
            "roads:admin",
            "Roads:read",
            "roads:read:write",
            "roads:read\tx:read",
            "-a:read",
            "é:read",
        ] {
            assert_eq!(text.parse::<Scope>(), Err(ScopeError), "{text}");
        }
        assert!(format!("{}:read", "a".repeat(63)).parse::<Scope>().is_ok());
        assert!(format!("{}:read", "a".repeat(64)).parse::<Scope>().is_err());
    }

    #[test]
    fn writing_includes_reading_but_not_the_reverse() {
        let roads = "roads".parse().unwrap();
        let scope = |text: &str| text.parse::<Scope>().unwrap();
        assert!(scope("roads:write").allows(&roads, Access::Read));
        assert!(!scope("roads:read").allows(&roads, Access::Write));
        assert!(!scope("roadside:write").allows(&roads, Access::Read));
    }

    proptest! {
        #[test]
        fn finds_exactly_what_one_of_its_permissions_includes(
            permissions in prop::collection::vec((0..6_usize, 0..3_usize), 0..12),
        ) {
            let ids = ["a", "a-b", "a_b", "ab", "b", "b0"].map(|id| id.parse::<CatalogueId>().unwrap());
            let kinds = [Access::Download, Access::Read, Access::Write];
            let permission = |(id, access): &(usize, usize)| Permission { catalogue: ids[*id].clone(), access: kinds[*access] };
            let scope: Scope = permissions.iter().map(permission).collect();
            for id in &ids {
                for access in kinds {
                    let mut own = permissions.iter().map(permission);
                    let expected = own.any(|one| one.catalogue == *id && one.access.includes(access));
                    prop_assert_eq!(scope.allows(id, access), expected);
                }
            }
        }

        #[test]
        fn display_and_parse_round_trip(text in "[a-z0-9_-]{1,8}:(read|write)( [a-z0-9_-]{1,8}:(read|write)){0,4}") {
            if let Ok(scope) = text.parse::<Scope>() {
                prop_assert_eq!(scope.to_string().parse::<Scope>(), Ok(scope));
            }
        }
    }
}
