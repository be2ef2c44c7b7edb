//! What other lines of a mail, and a file of groups, name.

use std::collections::{BTreeMap, BTreeSet};

use pozi_auth::identifiers::GroupId;

use super::facts::Fact;

/// The groups and catalogues that are known by name, in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    groups: BTreeMap<String, BTreeSet<GroupId>>,
    titles: BTreeSet<String>,
}

impl Known {
    /// Returns the same with the names and titles in `facts`.
    pub(crate) fn with<'f>(&self, facts: impl Iterator<Item = &'f Fact>) -> Self {
        let mut known = self.clone();
        for fact in facts {
            match fact {
                Fact::Group(id, name) if !name.is_empty() => {
                    known.groups.entry(name.to_lowercase()).or_default().insert(*id);
                }
                Fact::Catalogue(title) | Fact::Permit(_, title, _) if title.is_one => {
                    known.titles.insert(title.text.to_lowercase());
                }
                _ => {}
            }
        }
        known
    }

    /// Returns the group that is called `name`, if there is one only, and no catalogue is called so.
    pub(crate) fn group(&self, name: &str) -> Option<GroupId> {
        let ids = self.groups.get(&name.to_lowercase()).filter(|ids| ids.len() == 1)?;
        ids.first().filter(|_| !self.is_title(name)).copied()
    }

    /// Whether a catalogue has the title `text`.
    pub(crate) fn is_title(&self, text: &str) -> bool {
        self.titles.contains(&text.to_lowercase())
    }

    /// Whether `text` is the title of a catalogue, and the group `id` has another name.
    pub(crate) fn is_title_beside(&self, text: &str, id: Option<GroupId>) -> bool {
        let own = text.to_lowercase();
        let has_id = |ids: &BTreeSet<GroupId>| id.is_some_and(|id| ids.contains(&id));
        self.is_title(text) && self.groups.iter().any(|(name, ids)| *name != own && has_id(ids))
    }
}
