//! The layers and fields of a catalogue, as QGIS Server publishes them.

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
}

/// A field of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its real name, as expressions and SQL know it.
    pub name: String,
    /// Its name in WFS: spaces are `_`, and what no XML name holds is left out.
    pub published: String,
    /// Whether WMS shows it.
    pub in_wms: bool,
    /// Whether WFS and OGC API Features show it.
    pub in_wfs: bool,
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
    /// The field that `name`, a real or a published name, means among those that WFS shows.
    pub fn wfs_field(&self, name: &str) -> Option<&Field> {
        self.visible(name, |field| field.in_wfs)
    }

    /// The field that `name` means among those that WMS shows.
    pub fn wms_field(&self, name: &str) -> Option<&Field> {
        self.visible(name, |field| field.in_wms)
    }

    fn visible(&self, name: &str, is_shown: impl Fn(&Field) -> bool) -> Option<&Field> {
        let shown = || self.fields.iter().filter(|field| is_shown(field));
        shown().find(|field| field.name == name).or_else(|| shown().find(|field| field.published == name))
    }
}
