//! Who gains or loses which permissions.

use pozi_auth::sites::Permission;
use serde::{Serialize, Serializer};

use crate::group_names::NamedGroup;

/// Permissions that the same people gain or lose.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    pub(super) people: People,
    pub(super) permissions: Vec<Part>,
}

/// A permission that is gained or lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Part {
    /// In the form of a scope, such as `planning:read`.
    #[serde(serialize_with = "as_text")]
    pub(super) permission: Permission,
    /// The groups whose members had it already (of a gain), or keep it (of a loss).
    pub(super) unless_in: Vec<NamedGroup>,
}

/// The people who gain or lose, by the smallest example. Everyone with more groups than the example gains or loses too, unless
/// a group is in [`Part::unless_in`].
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum People {
    /// Everyone who signs in, even in no group. `overage` is whether people in too many groups for a token gain or lose too.
    Everyone { overage: bool },
    /// The members of each of these groups, without any other group. Groups only in `roles` are included where they count.
    OnlyIn { groups: Vec<NamedGroup> },
    /// The same, for people whose token lists groups only in `roles`.
    OnlyInByRole { groups: Vec<NamedGroup> },
    /// People in too many groups for a token to list.
    Overage,
}

fn as_text<S: Serializer>(permission: &Permission, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(permission)
}
