//! The layers and fields of a catalogue, as QGIS Server publishes them.
//!
//! Fields that a service hides must stay hidden in filters, sorting, expressions and writes, and a write must use the real
//! names of fields: a WFS Insert with any other name hangs a QGIS process. No single answer of QGIS Server has all of that,
//! so [`read`] joins several with the project file, [`source`] caches the result for each catalogue, and [`mod@write`]
//! decides which names a write may use. [`inspect`] looks for problems in a project file.
//!
//! # What QGIS Server 3.22 answers, as tested
//!
//! | document | names | hides | does not show |
//! |---|---|---|---|
//! | WMS `GetProjectSettings` | real, with alias; a virtual field has an empty `typeName` | fields hidden from WMS; restricted layers | what WFS hides; which fields are joined |
//! | WFS `DescribeFeatureType` | published (see [`published`]), with alias | fields hidden from WFS | real names: `a b` and `a_b` are both `a_b` |
//! | WFS `GetFeature` as `GeoJSON` | real | fields hidden from WFS | empty layers |
//! | OGC API `…/items` | the alias where there is one, else real | fields hidden from WFS | empty layers; 404 where two layers share a name |
//! | OGC API `/collections` | layers by short name, else name, even if WMS uses ids | layers not published for WFS | fields |
//! | OGC API `/api` | – | – | 404 as soon as two layers share a name |
//! | project file | real, as they were when it was saved | – | columns added to a table since |
//!
//! Layers restricted in WMS are still published in WFS. With `WMSUseLayerIDs`, WMS uses the ids of layers, but WFS and
//! OGC API Features use names. If two layers share a name, both are listed everywhere, and WFS answers from one of them.
//!
//! | write | real name | other spelling, alias, published name | joined or virtual field | field hidden from WFS |
//! |---|---|---|---|---|
//! | WFS Insert | stored | **the process hangs** | **the process hangs** | stored |
//! | WFS Update | stored | ignored, `SUCCESS` | ignored, `SUCCESS` | stored |
//! | OGC API POST, PUT | stored | ignored, 201 | ignored, 201 | 400 |

mod elements;
pub mod inspect;
pub mod project;
pub mod published;
pub mod read;
pub mod source;
pub mod write;

pub use self::write::{FieldWriteError, Write};

/// The layers of one catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layers(Vec<Layer>);

/// A layer with a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// The name in WMS, if published there.
    pub wms_name: Option<String>,
    /// The type name in WFS, with `_` for a space, if published there.
    pub type_name: Option<String>,
    /// The collection id in OGC API Features, if published there.
    pub collection: Option<String>,
    /// The fields, without geometry.
    pub fields: Vec<Field>,
    /// Names published in WFS whose real names are unknown.
    pub unknown: Vec<String>,
    /// Whether several layers share its name. `fields` are then those that all of them show.
    pub is_shared: bool,
}

/// A field of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The real name, which expressions and SQL use.
    pub name: String,
    /// The name in WFS, see [`published::field_name`].
    pub published: String,
    /// The title, which OGC API Features uses in answers and in filters.
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
    /// A join or an expression, so that the field cannot be written.
    Computed,
    /// Unknown: only the project file distinguishes joined fields.
    #[default]
    Unknown,
}

impl Layers {
    /// Creates a list of layers.
    pub fn new(layers: Vec<Layer>) -> Self {
        Self(layers)
    }

    /// Returns all layers.
    pub fn iter(&self) -> impl Iterator<Item = &Layer> {
        self.0.iter()
    }

    /// Finds a layer by its name in WMS.
    pub fn by_wms_name(&self, name: &str) -> Option<&Layer> {
        self.0.iter().find(|layer| layer.wms_name.as_deref() == Some(name))
    }

    /// Finds a layer by its type name in WFS, without a namespace prefix.
    pub fn by_type_name(&self, name: &str) -> Option<&Layer> {
        self.0.iter().find(|layer| layer.type_name.as_deref() == Some(name))
    }

    /// Finds a layer by its collection id in OGC API Features.
    pub fn by_collection(&self, id: &str) -> Option<&Layer> {
        self.0.iter().find(|layer| layer.collection.as_deref() == Some(id))
    }
}

impl Layer {
    /// Finds the field called `name` among those that WFS shows. Looks first for the real name, then for the published
    /// name, then for the real name ignoring ASCII case, as QGIS does. Ambiguous names match no field.
    pub fn wfs_field(&self, name: &str) -> Option<&Field> {
        self.visible(name, |field| field.in_wfs)
    }

    /// Finds the field called `name` among those that WMS shows, like [`Self::wfs_field`].
    pub fn wms_field(&self, name: &str) -> Option<&Field> {
        self.visible(name, |field| field.in_wms)
    }

    /// Finds the field that OGC API Features calls `name` in an item or a query: the real name or the alias, in exact
    /// case.
    pub fn item_field(&self, name: &str) -> Option<&Field> {
        let shown = || self.fields.iter().filter(|field| field.in_wfs);
        if let Some(field) = self.fields.iter().find(|field| field.name == name) {
            return field.in_wfs.then_some(field);
        }
        exactly_one(shown().filter(|field| field.alias.as_deref() == Some(name)))
    }

    fn visible(&self, name: &str, is_shown: impl Fn(&Field) -> bool) -> Option<&Field> {
        // The real name of a hidden field must not match another field with a similar name.
        if let Some(field) = self.fields.iter().find(|field| field.name == name) {
            return is_shown(field).then_some(field);
        }
        let shown = || self.fields.iter().filter(|field| is_shown(field));
        exactly_one(shown().filter(|field| field.published == name))
            .or_else(|| exactly_one(shown().filter(|field| field.name.eq_ignore_ascii_case(name))))
    }
}

impl Field {
    /// Creates a field with the real name `name`, which every service shows.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        let published = published::field_name(&name);
        Self { name, published, alias: None, in_wms: true, in_wfs: true, origin: Origin::default() }
    }

    /// Returns the key that filters by this field in OGC API Features. QGIS 3.22 ignores any other key, including the real
    /// name of a field with an alias, and returns all rows (tested).
    pub fn item_key(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

fn exactly_one<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
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
    fn finds_a_field_by_real_name_then_published_name_then_ignoring_case() {
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
    fn a_hidden_field_is_never_found() {
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
    fn an_ambiguous_name_finds_nothing() {
        let fields = ["A B", "a b", "a-b c", "a-b_c"].map(Field::named).to_vec();
        let layer = Layer { fields, ..Layer::default() };
        assert_eq!(layer.wfs_field("A b"), None);
        assert!(layer.wfs_field("A B").is_some());
    }

    #[test]
    fn finds_an_item_field_by_real_name_or_alias_in_exact_case() {
        let layer = layer();
        for name in ["aliased", "Its Alias"] {
            assert_eq!(layer.item_field(name).map(Field::item_key), Some("Its Alias"));
        }
        for name in ["its alias", "NAME", "Last_Checked", "SECRET", "b c"] {
            assert_eq!(layer.item_field(name), None, "{name}");
        }
    }
}
