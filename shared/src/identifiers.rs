//! The GUIDs of Entra ID, and of our own sessions, one type for each kind, so that they cannot be confused.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// A text is not a GUID in the form that Entra shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID of the form 00000000-0000-0000-0000-000000000000")]
pub struct GuidError;

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident, $found_at:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Returns the identifier with this value.
            pub const fn new(value: Uuid) -> Self {
                Self(value)
            }

            /// Returns its value.
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// Whether `text` is the identifier as it is displayed, to the letter.
            pub fn is_written(self, text: &str) -> bool {
                text == &*self.0.as_hyphenated().encode_lower(&mut Uuid::encode_buffer())
            }
        }

        impl FromStr for $name {
            type Err = GuidError;

            fn from_str(text: &str) -> Result<Self, GuidError> {
                hyphenated(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|error| {
                    serde::de::Error::custom(format_args!("`{text}` is {error}; copy it from {}", $found_at))
                })
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "pattern": "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
                    "description": concat!("A GUID; copy it from ", $found_at),
                })
            }
        }
    };
}

guid!(
    /// A directory (tenant) id: claim `tid`.
    TenantId,
    "Entra admin center → Overview → Tenant ID"
);
guid!(
    /// An application (client) id: claims `appid` and `azp`.
    ClientId,
    "Entra admin center → App registrations → Overview → Application (client) ID"
);
guid!(
    /// A person's object id within a tenant: claim `oid`.
    ObjectId,
    "Entra admin center → Users → Object ID"
);
guid!(
    /// A security group's object id: an entry of claim `groups`.
    GroupId,
    "Entra admin center → Groups → Object ID"
);
guid!(
    /// A session's own id: claim `jti`.
    SessionId,
    "the audit event, or what `pozi session` shows as `jti`"
);

/// Parses the 36-character form, the only one that Entra uses. `Uuid` also accepts braces, `urn:uuid:` and bare digits.
fn hyphenated(text: &str) -> Result<Uuid, GuidError> {
    if text.len() != uuid::fmt::Hyphenated::LENGTH {
        return Err(GuidError);
    }
    Uuid::try_parse(text).map_err(|_| GuidError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_the_hyphenated_form_in_any_case_and_displays_lower_case() {
        let id: TenantId = "9188040D-6C67-4C5B-B112-36A304B66DAD".parse().unwrap();
        assert_eq!(id.to_string(), "9188040d-6c67-4c5b-b112-36a304b66dad");
    }

    #[test]
    fn refuses_every_other_form() {
        for text in [
            "",
            "9188040d6c674c5bb11236a304b66dad",
            "{9188040d-6c67-4c5b-b112-36a304b66dad}",
            "urn:uuid:9188040d-6c67-4c5b-b112-36a304b66dad",
            "9188040d-6c67-4c5b-b112-36a304b66dag",
            " 9188040d-6c67-4c5b-b112-36a304b66da",
        ] {
            assert_eq!(text.parse::<TenantId>(), Err(GuidError), "{text}");
        }
    }
}
