//! Joins what the services say about each layer.
//!
//! A published name is resolved only if WFS lists it as often as there are real names for it. `a_b` listed twice means
//! `a b` and `a_b`; listed once, with both known and neither known to be hidden, it is ambiguous and not used. Without the
//! project file the real names come from WMS and from a sample. The sample decides: WMS may show `a_b`, which WFS hides,
//! and hide `a b`, which WFS publishes as `a_b`.

use std::collections::{BTreeMap, BTreeSet};

use super::{JoinedLayers, WfsField, WfsType, WmsLayer, settings::WmsField};
use crate::layers::{
    Field, Layer, Layers, Origin, exactly_one,
    project::{ProjectField, ProjectFile, ProjectLayer},
    published,
};

pub(super) struct Join<'a> {
    pub(super) wms: Vec<WmsLayer>,
    pub(super) types: Vec<WfsType>,
    pub(super) collections: Vec<String>,
    pub(super) samples: BTreeMap<String, Option<Vec<String>>>,
    pub(super) project: Option<&'a ProjectFile>,
}

impl Join<'_> {
    pub(super) fn layers(mut self) -> JoinedLayers {
        let mut wms = group(std::mem::take(&mut self.wms), |layer| &layer.name);
        let mut layers = Vec::new();
        let (mut wanted, mut wanted_last) = (Vec::new(), Vec::new());
        for (name, types) in group(std::mem::take(&mut self.types), |kind| &kind.name) {
            let joined = self.join(&name, &types, &mut wms);
            if joined.is_sample_wanted {
                if joined.is_unconfirmed { wanted.push(name) } else { wanted_last.push(name) }
            }
            layers.push(joined.layer);
        }
        layers.extend(wms.into_iter().map(|(name, same)| only_in_wms(name, &same)));
        wanted.extend(wanted_last);
        JoinedLayers { layers: Layers::new(layers), wanted }
    }

    fn join(&self, name: &str, types: &[WfsType], wms: &mut BTreeMap<String, Vec<WmsLayer>>) -> Joined {
        let ids: Vec<_> = self.collections.iter().filter(|id| published::type_name(id) == name).collect();
        let is_shared = types.len() > 1 || ids.len() > 1;
        let saved = if is_shared { None } else { self.saved(name) };
        let wms_name = match (saved, ids.first()) {
            (Some((project, layer)), _) => project.wms_name(layer).map(str::to_owned),
            (None, id) => id.map(|id| (*id).clone()),
        };
        let (wms_name, same) = match wms_name.and_then(|name| wms.remove_entry(&name)) {
            Some((name, same)) => (Some(name), same),
            None => (None, Vec::new()),
        };
        let sources = Sources { wms: shown_by_all(&same), saved, sample: self.samples.get(name) };
        let listed = listed_by_all(types);
        let (fields, unknown) = if is_shared {
            Sources { wms: sources.unambiguous_wms(&same), ..sources }.fields(&listed)
        } else {
            sources.fields(&listed)
        };
        let is_unconfirmed = fields.iter().any(|field| field.in_wfs && !field.in_wms) || !unknown.is_empty();
        let is_sample_wanted = (saved.is_none() || is_unconfirmed) && !is_shared && sources.sample.is_none();
        let collection = ids.first().filter(|_| ids.len() == 1).map(|id| (*id).clone());
        let layer =
            Layer { wms_name, type_name: Some(name.to_owned()), collection, fields, unknown, is_shared };
        Joined { layer, is_unconfirmed, is_sample_wanted }
    }

    fn saved(&self, type_name: &str) -> Option<(&ProjectFile, &ProjectLayer)> {
        let project = self.project?;
        let is_it = |layer: &&ProjectLayer| project.is_in_wfs(layer) && layer.type_name() == type_name;
        exactly_one(project.layers().iter().filter(is_it)).map(|layer| (project, layer))
    }
}

struct Joined {
    layer: Layer,
    /// Whether a field is ambiguous, or known only from the project file.
    is_unconfirmed: bool,
    is_sample_wanted: bool,
}

/// The sources for the real names of one layer's fields.
struct Sources<'a> {
    wms: Vec<WmsField>,
    saved: Option<(&'a ProjectFile, &'a ProjectLayer)>,
    /// The property names of a sample, if one was fetched; `Some(None)` for an empty layer.
    sample: Option<&'a Option<Vec<String>>>,
}

impl Sources<'_> {
    /// Returns the fields, and the published names that are ambiguous.
    fn fields(&self, listed: &[WfsField]) -> (Vec<Field>, Vec<String>) {
        let saved = || self.saved.iter().flat_map(|(_, layer)| &layer.fields);
        let sample: &[String] = self.sample.and_then(Option::as_deref).unwrap_or_default();
        let mut names: BTreeSet<&str> = self.wms.iter().map(|field| field.name.as_str()).collect();
        names.extend(saved().map(|field| field.name.as_str()));
        names.extend(sample.iter().map(String::as_str));
        let hidden: BTreeSet<_> =
            saved().filter(|field| field.is_hidden_from_wfs).map(|field| field.name.as_str()).collect();
        let sampled: BTreeSet<_> = sample.iter().map(String::as_str).collect();
        // What the file hides is hidden, even if QGIS Server has not reloaded the file yet.
        let is_candidate =
            |name: &str| !hidden.contains(name) && (sampled.is_empty() || sampled.contains(name));

        let mut shown: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for name in names.iter().filter(|name| is_candidate(name)) {
            shown.entry(published::field_name(name)).or_default().insert(name);
        }
        let mut aliases: BTreeMap<&str, Vec<Option<&String>>> = BTreeMap::new();
        for field in listed {
            aliases.entry(&field.name).or_default().push(field.alias.as_ref());
        }
        // With more real names than WFS lists, it is unknown which of them are shown.
        shown.retain(|name, reals| {
            aliases.get(name.as_str()).is_some_and(|listed| listed.len() == reals.len())
        });
        let unknown = aliases.keys().filter(|name| !shown.contains_key(**name));
        let unknown = unknown.map(|name| (*name).to_owned()).collect();
        let field = |name: &&str| self.field(name, &shown, &aliases);
        (names.iter().map(field).collect(), unknown)
    }

    fn field(
        &self,
        name: &str,
        shown: &BTreeMap<String, BTreeSet<&str>>,
        aliases: &BTreeMap<&str, Vec<Option<&String>>>,
    ) -> Field {
        let published = published::field_name(name);
        let is_hidden = |field: &ProjectField| field.is_hidden_from_wms && field.name == name;
        let is_hidden = self.saved.is_some_and(|(_, layer)| layer.fields.iter().any(is_hidden));
        let in_wms = self.wms.iter().find(|field| field.name == name && !is_hidden);
        let alias =
            in_wms.and_then(|field| field.alias.clone()).or_else(|| match aliases.get(published.as_str()) {
                Some(listed) if listed.len() == 1 => listed.first().copied().flatten().cloned(),
                _ => None,
            });
        let origin = self.origin(name, in_wms.is_some_and(|field| field.is_virtual));
        Field {
            name: name.to_owned(),
            in_wms: in_wms.is_some(),
            in_wfs: shown.get(&published).is_some_and(|reals| reals.contains(name)),
            published,
            alias,
            origin,
        }
    }

    fn origin(&self, name: &str, is_virtual: bool) -> Origin {
        let Some((project, layer)) = self.saved else {
            return if is_virtual { Origin::Computed } else { Origin::Unknown };
        };
        if !layer.fields.iter().any(|field| field.name == name) {
            Origin::Unknown
        } else if project.is_computed(layer, name) {
            Origin::Computed
        } else {
            Origin::Table
        }
    }

    /// Of layers that share a name, returns the fields whose published name is unique in each of them.
    fn unambiguous_wms(&self, same: &[WmsLayer]) -> Vec<WmsField> {
        let is_unique = |field: &&WmsField| {
            let name = published::field_name(&field.name);
            same.iter().all(|layer| {
                layer.fields.iter().filter(|other| published::field_name(&other.name) == name).count() == 1
            })
        };
        self.wms.iter().filter(is_unique).cloned().collect()
    }
}

fn only_in_wms(name: String, same: &[WmsLayer]) -> Layer {
    let field = |field: WmsField| Field {
        published: published::field_name(&field.name),
        origin: if field.is_virtual { Origin::Computed } else { Origin::Unknown },
        name: field.name,
        alias: field.alias,
        in_wms: true,
        in_wfs: false,
    };
    let fields = shown_by_all(same).into_iter().map(field).collect();
    Layer { wms_name: Some(name), fields, is_shared: same.len() > 1, ..Layer::default() }
}

fn group<T>(items: Vec<T>, name: impl Fn(&T) -> &str) -> BTreeMap<String, Vec<T>> {
    let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for item in items {
        groups.entry(name(&item).to_owned()).or_default().push(item);
    }
    groups
}

/// Returns the fields that all layers of one name show, so that what one of them hides stays hidden.
fn shown_by_all(same: &[WmsLayer]) -> Vec<WmsField> {
    let Some((first, others)) = same.split_first() else { return Vec::new() };
    let names: Vec<BTreeSet<_>> =
        others.iter().map(|layer| layer.fields.iter().map(|field| &field.name).collect()).collect();
    let is_shown = |field: &&WmsField| names.iter().all(|names| names.contains(&field.name));
    first.fields.iter().filter(is_shown).cloned().collect()
}

/// Returns the fields that all types of one name list; if there are several types, only those that each lists once.
fn listed_by_all(types: &[WfsType]) -> Vec<WfsField> {
    let Some((first, others)) = types.split_first() else { return Vec::new() };
    if others.is_empty() {
        return first.fields.clone();
    }
    let lists_once =
        |layer: &WfsType, name: &str| layer.fields.iter().filter(|field| field.name == name).count() == 1;
    let is_listed = |field: &&WfsField| types.iter().all(|layer| lists_once(layer, &field.name));
    first.fields.iter().filter(is_listed).cloned().collect()
}

#[cfg(test)]
mod tests;
