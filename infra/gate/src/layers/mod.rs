//! The layers and fields of a catalogue, as QGIS Server publishes them.
//!
//! Fields that a service hides must stay hidden in filters, sorting, expressions and writes, and a write must name fields
//! by their real names: a WFS Insert with any other name holds a QGIS process for ever. No answer of QGIS Server says all
//! of that, so [`read`] joins several of them with the project file, [`source`] keeps the result for each catalogue, and
//! [`mod@write`] says which names a write may use. [`inspect`] looks for faults in a project file.
//!
//! # What QGIS Server 3.22 was seen to answer
//!
//! | document | names | hides | says nothing of |
//! |---|---|---|---|
//! | WMS `GetProjectSettings` | real, with alias; a virtual field has an empty `typeName` | fields hidden from WMS; restricted layers | what WFS hides; joined fields look like a table's own |
//! | WFS `DescribeFeatureType` | published (see [`published`]), with alias | fields hidden from WFS | real names: `a b` and `a_b` are both `a_b` |
//! | WFS `GetFeature` as `GeoJSON` | real | fields hidden from WFS | empty layers |
//! | OGC API `…/items` | the alias where there is one, else real | fields hidden from WFS | empty layers; 404 where two layers share a name |
//! | OGC API `/collections` | layers by short name, else name, also where WMS uses ids | layers not published for WFS | fields |
//! | OGC API `/api` | – | – | 404 as soon as two layers share a name |
//! | project file | real, as they were when it was saved | – | columns added to a table since |
//!
//! Layers restricted in WMS are published in WFS all the same. With `WMSUseLayerIDs` WMS knows layers by their ids, WFS and
//! OGC API Features by their names. Where two layers share a name, both are listed everywhere and WFS answers from one of
//! them.
//!
//! | write | real name | other spelling, alias, published name | joined or virtual field | field hidden from WFS |
//! |---|---|---|---|---|
//! | WFS Insert | stored | **the process never ends** | **the process never ends** | stored |
//! | WFS Update | stored | ignored, `SUCCESS` | ignored, `SUCCESS` | stored |
//! | OGC API POST, PUT | stored | ignored, 201 | ignored, 201 | 400 |

mod elements;
pub mod inspect;
pub mod project;
pub mod published;
pub mod read;
pub mod source;
pub mod write;

pub use self::write::{NotWritable, Write};

/// The layers of one catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layers {
    layers: Vec<Layer>,
}

/// A layer with a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// Its name in WMS; nothing where it is not published there.
    pub wms_name: Option<String>,
    /// Its type name in WFS, with `_` for a space; nothing where it is not published there.
    pub type_name: Option<String>,
    /// Its collection id in OGC API Features; nothing where it is not published there.
    pub collection: Option<String>,
    /// Its fields, without geometry.
    pub fields: Vec<Field>,
    /// Published names in WFS whose fields cannot be told: their real names are unknown.
    pub unknown: Vec<String>,
    /// Whether several layers share its name. `fields` are then those that all of them show.
    pub is_shared: bool,
}

/// A field of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its real name, as expressions and SQL know it.
    pub name: String,
    /// Its name in WFS: spaces are `_`, and what no XML name holds is left out.
    pub published: String,
    /// The title that OGC API Features calls it by, in answers and in filters.
    pub alias: Option<String>,
    /// Whether WMS shows it.
    pub in_wms: bool,
    /// Whether WFS and OGC API Features show it.
    pub in_wfs: bool,
    /// Where its values come from.
    pub origin: Origin,
}

/// Where a field's values come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// A column of the layer's table.
    Table,
    /// A join or an expression: it cannot be written.
    Computed,
    /// Not known. Only the project file tells joined fields from others.
    #[default]
    Unknown,
}

impl Layers {
    /// These layers.
    pub fn new(layers: Vec<Layer>) -> Self {
        Self { layers }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Layer> {
        self.layers.iter()
    }

    /// The layer of that WMS name.
    pub fn by_wms_name(&self, name: &str) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.wms_name.as_deref() == Some(name))
    }

    /// The layer of that WFS type name, without a namespace prefix.
    pub fn by_type_name(&self, name: &str) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.type_name.as_deref() == Some(name))
    }

    /// The layer of that collection of OGC API Features.
    pub fn by_collection(&self, id: &str) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.collection.as_deref() == Some(id))
    }
}

impl Layer {
    /// The field that `name`, a real or a published name, means among those that WFS shows. Real names come first, then
    /// published ones, then real names without ASCII case, as QGIS looks them up; what means two fields means none.
    pub fn wfs_field(&self, name: &str) -> Option<&Field> {
        self.visible(name, |field| field.in_wfs)
    }

    /// The field that `name` means among those that WMS shows, looked up like [`Self::wfs_field`].
    pub fn wms_field(&self, name: &str) -> Option<&Field> {
        self.visible(name, |field| field.in_wms)
    }

    /// The field that a member of an item or a key of a query of OGC API Features means: a real name or an alias, in
    /// exact case.
    pub fn item_field(&self, name: &str) -> Option<&Field> {
        let shown = || self.fields.iter().filter(|field| field.in_wfs);
        if let Some(field) = self.fields.iter().find(|field| field.name == name) {
            return field.in_wfs.then_some(field);
        }
        only(shown().filter(|field| field.alias.as_deref() == Some(name)))
    }

    fn visible(&self, name: &str, is_shown: impl Fn(&Field) -> bool) -> Option<&Field> {
        // A name that is a hidden field's means that field, and no other one that is spelt alike.
        if let Some(field) = self.fields.iter().find(|field| field.name == name) {
            return is_shown(field).then_some(field);
        }
        let shown = || self.fields.iter().filter(|field| is_shown(field));
        only(shown().filter(|field| field.published == name))
            .or_else(|| only(shown().filter(|field| field.name.eq_ignore_ascii_case(name))))
    }
}

impl Field {
    /// A field of that real name which every service shows.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        let published = published::field_name(&name);
        Self { name, published, alias: None, in_wms: true, in_wfs: true, origin: Origin::default() }
    }

    /// The key by which a query of OGC API Features filters by this field. Tried on 3.22: the real name of a field with an
    /// alias is ignored, and so is every other case; all rows come.
    pub fn item_key(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

/// The one item; nothing where there are several.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer() -> Layer {
        let hidden = Field { in_wms: false, in_wfs: false, ..Field::named("SECRET") };
        let aliased = Field { alias: Some("Its Alias".to_owned()), ..Field::named("aliased") };
        let only_wms = Field { in_wfs: false, ..Field::named("b c") };
        let names = ["name", "Last Checked", "a b", "a_b", "p:q"].map(Field::named);
        Layer { fields: [names.to_vec(), vec![hidden, aliased, only_wms]].concat(), ..Layer::default() }
    }

    fn wfs(name: &str) -> Option<String> {
        layer().wfs_field(name).map(|field| field.name.clone())
    }

    #[test]
    fn a_field_is_found_by_its_real_then_its_published_name_then_without_case() {
        for (asked, found) in [
            ("name", "name"),
            ("NAME", "name"),
            ("Last Checked", "Last Checked"),
            ("Last_Checked", "Last Checked"),
            ("last checked", "Last Checked"),
            ("a b", "a b"),
            ("a_b", "a_b"),
            ("pq", "p:q"),
        ] {
            assert_eq!(wfs(asked).as_deref(), Some(found), "{asked}");
        }
    }

    #[test]
    fn a_hidden_field_is_found_under_no_name() {
        for hidden in ["SECRET", "secret", "Secret", "b c", "b_c", "nosuch", "", "Its Alias"] {
            assert_eq!(wfs(hidden), None, "{hidden}");
        }
        assert!(layer().wms_field("b_c").is_some());
        let mut twice = layer();
        twice.fields.push(Field::named("secret"));
        assert_eq!(twice.wfs_field("SECRET"), None, "the exact name is the hidden field's");
        assert!(twice.wfs_field("Secret").is_some());
    }

    #[test]
    fn what_means_two_fields_means_none() {
        let fields = ["A B", "a b", "a-b c", "a-b_c"].map(Field::named).to_vec();
        let layer = Layer { fields, ..Layer::default() };
        assert_eq!(layer.wfs_field("A b"), None);
        assert!(layer.wfs_field("A B").is_some());
    }

    #[test]
    fn an_item_knows_real_names_and_aliases_in_exact_case() {
        let layer = layer();
        for name in ["aliased", "Its Alias"] {
            assert_eq!(layer.item_field(name).map(Field::item_key), Some("Its Alias"));
        }
        for name in ["its alias", "NAME", "Last_Checked", "SECRET", "b c"] {
            assert_eq!(layer.item_field(name), None, "{name}");
        }
    }
}
