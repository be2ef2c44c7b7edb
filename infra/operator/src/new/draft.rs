//! A site file that is being made: what is known so far, and what is not clear.

use std::collections::BTreeMap;

use pozi_auth::{
    identifiers::{ClientId, GroupId, TenantId},
    sites::{Access, CatalogueId, ExternalUrl, InternalUrl, Origin, SiteName},
};

use super::{facts::Value, labels::Item};

/// What is known of a site.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Draft {
    /// Its short name.
    pub name: Option<SiteName>,
    /// Item 1.
    pub internal_url: Option<InternalUrl>,
    /// Item 2.
    pub external_url: Option<ExternalUrl>,
    /// Item 3.
    pub client_id: Option<ClientId>,
    /// Item 4.
    pub tenant_id: Option<TenantId>,
    /// The origins of its Web App.
    pub origins: Vec<Origin>,
    /// Item 5.
    pub catalogues: Vec<Catalogue>,
    /// The names of groups, for people.
    pub names: BTreeMap<GroupId, String>,
}

/// A catalogue, and who may open it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Catalogue {
    /// Its id.
    pub id: CatalogueId,
    /// Its title.
    pub title: String,
    /// Its QGIS project, if it is known.
    pub project: Option<String>,
    /// Whether everyone who signs in may read it.
    pub everyone: bool,
    /// Groups that may read it, or write it.
    pub groups: BTreeMap<GroupId, Access>,
}

/// Returns the id that a catalogue with this title gets: its letters and digits, with `-` between the words.
pub(crate) fn id_of(title: &str) -> Option<CatalogueId> {
    let words = title.split(|found: char| !found.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let id: String = words.collect::<Vec<_>>().join("-").to_ascii_lowercase().chars().take(63).collect();
    id.trim_end_matches('-').parse().ok()
}

/// Returns the project that a catalogue has if nobody says another.
pub(crate) fn usual_project(id: &CatalogueId) -> String {
    format!("C:/Pozi/{id}.qgz")
}

impl Draft {
    /// Returns the catalogue `title`, which is added if there is none. `None` if it can have no id.
    pub(crate) fn catalogue(&mut self, title: &str) -> Option<&mut Catalogue> {
        let id = id_of(title)?;
        let at =
            self.catalogues.iter().position(|catalogue| catalogue.id == id).unwrap_or(self.catalogues.len());
        if at == self.catalogues.len() {
            let (title, groups) = (title.to_owned(), BTreeMap::new());
            self.catalogues.push(Catalogue { id, title, project: None, everyone: false, groups });
        }
        self.catalogues.get_mut(at)
    }

    /// Sets an item, or adds an origin.
    pub(crate) fn set(&mut self, value: Value) {
        match value {
            Value::InternalUrl(url) => self.internal_url = Some(url),
            Value::ExternalUrl(url) => self.external_url = Some(url),
            Value::ClientId(id) => self.client_id = Some(id),
            Value::TenantId(id) => self.tenant_id = Some(id),
            Value::Name(name) => self.name = Some(name),
            Value::Origin(origin) if self.origins.contains(&origin) => {}
            Value::Origin(origin) => self.origins.push(origin),
        }
    }

    /// Returns an item; of several origins, the first.
    pub(crate) fn value(&self, item: Item) -> Option<Value> {
        match item {
            Item::InternalUrl => self.internal_url.clone().map(Value::InternalUrl),
            Item::ExternalUrl => self.external_url.clone().map(Value::ExternalUrl),
            Item::ClientId => self.client_id.map(Value::ClientId),
            Item::TenantId => self.tenant_id.map(Value::TenantId),
            Item::Name => self.name.clone().map(Value::Name),
            Item::Origin => self.origins.first().cloned().map(Value::Origin),
        }
    }

    /// Returns the items that are missing, in the order in which they are asked for.
    pub(crate) fn missing(&self) -> Vec<Item> {
        Item::ALL.into_iter().filter(|item| self.value(*item).is_none()).collect()
    }

    /// Returns the group's name, or nothing.
    pub(crate) fn name_of(&self, group: GroupId) -> &str {
        self.names.get(&group).map_or("", String::as_str)
    }
}
