//! A setting that changes, and what that does to access.

use std::collections::BTreeSet;

use pozi_auth::sites::CatalogueId;
use serde::Serialize;

/// A setting that changes. Of a list, one entry: it has no value before, or none after.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Setting {
    /// The catalogue, if it is a setting of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) catalogue: Option<CatalogueId>,
    /// The key in the site file.
    pub(super) key: &'static str,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) direction: Direction,
    /// What the change means, if the direction does not say it.
    #[serde(skip)]
    pub(super) meaning: &'static str,
}

/// What a change of a setting does to access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    /// More people, more tokens or more requests are accepted.
    Wider,
    /// Fewer are, and nothing else is.
    Narrower,
    /// Others are: neither wider nor narrower.
    Other,
    /// None, or what the rules say of it.
    None,
}

impl Setting {
    /// Whether the change is not understood to make access narrower, or to leave it as it is.
    pub(super) fn could_widen(&self) -> bool {
        !matches!(self.direction, Direction::Narrower | Direction::None)
    }
}

/// Returns the entries of a list that are only before or only after.
pub(super) fn entries(
    catalogue: Option<&CatalogueId>,
    key: &'static str,
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
) -> Vec<Setting> {
    let entry = |before: Option<&String>, after: Option<&String>| Setting {
        catalogue: catalogue.cloned(),
        key,
        before: before.cloned(),
        after: after.cloned(),
        direction: if after.is_some() { Direction::Wider } else { Direction::Narrower },
        meaning: "",
    };
    let added = after.difference(before).map(|text| entry(None, Some(text)));
    added.chain(before.difference(after).map(|text| entry(Some(text), None))).collect()
}
