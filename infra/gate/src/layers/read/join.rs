//! Joins what the services say of one layer.
//!
//! A published name stands for a real one when exactly as many real names are published under it as the service lists it:
//! `a_b` listed twice stands for `a b` and `a_b`; listed once, with both known and neither known to be hidden, it stands
//! for none, and the field is not used. Without the project file the real names are those that WMS shows and those of a
//! sample. The sample decides: WMS may show `a_b`, which WFS hides, and hide `a b`, which WFS publishes as `a_b`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Published, Read, WfsType, WmsLayer, settings::WmsField};
use crate::layers::{
    Field, Layer, Layers, Origin,
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
    pub(super) fn layers(mut self) -> Read {
        let mut wms = grouped(std::mem::take(&mut self.wms), |layer| &layer.name);
        let mut read = Read::default();
        let mut layers = Vec::new();
        let mut confirmed = Vec::new();
        for (name, types) in grouped(std::mem::take(&mut self.types), |kind| &kind.name) {
            let known = self.known(&name, &types, &mut wms);
            if known.is_sample_wanted {
                if known.is_unconfirmed { read.wanted.push(name) } else { confirmed.push(name) }
            }
            layers.push(known.layer);
        }
        layers.extend(wms.into_iter().map(|(name, same)| only_in_wms(name, &same)));
        read.wanted.extend(confirmed);
        read.layers = Layers::new(layers);
        read
    }

    fn known(&self, name: &str, types: &[WfsType], wms: &mut BTreeMap<String, Vec<WmsLayer>>) -> Known {
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
            let sources = Sources { wms: sources.wms_without_twins(&same), ..sources };
            sources.fields(&listed)
        } else {
            sources.fields(&listed)
        };
        let is_unconfirmed = fields.iter().any(|field| field.in_wfs && !field.in_wms) || !unknown.is_empty();
        let is_sample_wanted = (saved.is_none() || is_unconfirmed) && !is_shared && sources.sample.is_none();
        let collection = ids.first().filter(|_| ids.len() == 1).map(|id| (*id).clone());
        let layer =
            Layer { wms_name, type_name: Some(name.to_owned()), collection, fields, unknown, is_shared };
        Known { layer, is_unconfirmed, is_sample_wanted }
    }

    fn saved(&self, type_name: &str) -> Option<(&ProjectFile, &ProjectLayer)> {
        let project = self.project?;
        let is_it = |layer: &&ProjectLayer| project.is_in_wfs(layer) && layer.type_name() == type_name;
        crate::layers::only(project.layers().iter().filter(is_it)).map(|layer| (project, layer))
    }
}

struct Known {
    layer: Layer,
    /// Whether a field cannot be told, or only the project file knows it.
    is_unconfirmed: bool,
    is_sample_wanted: bool,
}

/// What knows real names of one layer's fields.
struct Sources<'a> {
    wms: Vec<WmsField>,
    saved: Option<(&'a ProjectFile, &'a ProjectLayer)>,
    /// Nothing where it was not asked for; nothing within where the layer is empty.
    sample: Option<&'a Option<Vec<String>>>,
}

impl Sources<'_> {
    /// The fields, and the published names that stand for none.
    fn fields(&self, listed: &[Published]) -> (Vec<Field>, Vec<String>) {
        let saved = || self.saved.iter().flat_map(|(_, layer)| &layer.fields);
        let sample: &[String] = self.sample.and_then(Option::as_deref).unwrap_or_default();
        let mut names: BTreeSet<&str> = self.wms.iter().map(|field| field.name.as_str()).collect();
        names.extend(saved().map(|field| field.name.as_str()));
        names.extend(sample.iter().map(String::as_str));
        let hidden: BTreeSet<_> =
            saved().filter(|field| field.is_hidden_from_wfs).map(|field| field.name.as_str()).collect();
        let sampled: BTreeSet<_> = sample.iter().map(String::as_str).collect();
        // What the file hides is hidden, also where QGIS Server has not yet read the file anew.
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
        // As often listed as there are real names for it: else it is not known which of them are shown.
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
        let is_hidden = |field: &&ProjectField| field.is_hidden_from_wms && field.name == name;
        let is_hidden =
            self.saved.is_some_and(|(_, layer)| layer.fields.iter().any(|field| is_hidden(&field)));
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

    /// Of layers that share a name, the fields that no other one in any of them is published alike.
    fn wms_without_twins(&self, same: &[WmsLayer]) -> Vec<WmsField> {
        let is_alone = |field: &&WmsField| {
            let name = published::field_name(&field.name);
            same.iter().all(|layer| {
                layer.fields.iter().filter(|other| published::field_name(&other.name) == name).count() == 1
            })
        };
        self.wms.iter().filter(is_alone).cloned().collect()
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

fn grouped<T>(items: Vec<T>, name: impl Fn(&T) -> &str) -> BTreeMap<String, Vec<T>> {
    let mut groups: BTreeMap<String, Vec<T>> = BTreeMap::new();
    for item in items {
        groups.entry(name(&item).to_owned()).or_default().push(item);
    }
    groups
}

/// The fields that all layers of one name show: what one of them hides stays hidden.
fn shown_by_all(same: &[WmsLayer]) -> Vec<WmsField> {
    let Some((first, others)) = same.split_first() else { return Vec::new() };
    let names: Vec<BTreeSet<_>> =
        others.iter().map(|layer| layer.fields.iter().map(|field| &field.name).collect()).collect();
    let is_shown = |field: &&WmsField| names.iter().all(|names| names.contains(&field.name));
    first.fields.iter().filter(is_shown).cloned().collect()
}

/// The names that all types of one name list; of several types only those that each lists once.
fn listed_by_all(types: &[WfsType]) -> Vec<Published> {
    let Some((first, others)) = types.split_first() else { return Vec::new() };
    if others.is_empty() {
        return first.fields.clone();
    }
    let lists_once =
        |layer: &WfsType, name: &str| layer.fields.iter().filter(|field| field.name == name).count() == 1;
    let is_listed = |field: &&Published| types.iter().all(|layer| lists_once(layer, &field.name));
    first.fields.iter().filter(is_listed).cloned().collect()
}

#[cfg(test)]
mod tests;
