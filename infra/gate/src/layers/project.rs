//! Reads layers, fields, layouts and service settings from a QGIS project file, as QGIS 3.22 writes it.

mod file;
mod layouts;
mod reader;

use std::{collections::BTreeSet, fmt};

pub use self::{
    file::ProjectFileError,
    layouts::{ItemKind, Layout, LayoutItem},
};
use super::published;

/// The content of a project file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectFile {
    layers: Vec<ProjectLayer>,
    layouts: Vec<Layout>,
    services: Services,
}

/// A layer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectLayer {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The short name; empty if it has none.
    pub short_name: String,
    /// The data source.
    pub source: Source,
    /// The fields when the project was saved, including joined and virtual ones; empty for a layer of another project.
    pub fields: Vec<ProjectField>,
    joins: Vec<Join>,
    virtual_fields: BTreeSet<String>,
}

/// A field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectField {
    /// The real name.
    pub name: String,
    /// Whether it is hidden from WMS.
    pub is_hidden_from_wms: bool,
    /// Whether it is hidden from WFS and OGC API Features.
    pub is_hidden_from_wfs: bool,
}

/// A join of another layer's fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Join {
    layer: String,
    /// The prefix of its fields' names; by default the other layer's name and `_`.
    prefix: Option<String>,
}

/// A layer's data source. `Debug` does not show it, because it may contain a password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Source(String);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Services {
    wfs: BTreeSet<String>,
    wfs_t: BTreeSet<String>,
    restricted: BTreeSet<String>,
    uses_ids: bool,
    addresses: Vec<(&'static str, String)>,
}

impl ProjectFile {
    /// Returns the layers, in no particular order.
    pub fn layers(&self) -> &[ProjectLayer] {
        &self.layers
    }

    /// Returns the print layouts, which `GetPrint` uses.
    pub fn layouts(&self) -> &[Layout] {
        &self.layouts
    }

    /// Returns the name of `layer` in WMS: its id if the project says so, else [`ProjectLayer::service_name`]. Returns
    /// `None` if it is hidden from WMS.
    pub fn wms_name<'a>(&self, layer: &'a ProjectLayer) -> Option<&'a str> {
        let is_hidden = self.services.restricted.contains(&layer.name);
        (!is_hidden).then_some(if self.services.uses_ids { &layer.id } else { layer.service_name() })
    }

    /// Whether `layer` is published in WFS and OGC API Features.
    pub fn is_in_wfs(&self, layer: &ProjectLayer) -> bool {
        self.services.wfs.contains(&layer.id)
    }

    /// Whether `layer` is published for WFS-T in any way: Insert, Update or Delete.
    pub fn is_in_wfs_t(&self, layer: &ProjectLayer) -> bool {
        self.services.wfs_t.contains(&layer.id)
    }

    /// Returns the name (`WMSUrl`) and value of each Advertised URL that is set.
    pub fn advertised_urls(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.services.addresses.iter().map(|(setting, url)| (*setting, url.as_str()))
    }

    /// Whether `field` of `layer` is virtual or comes from a join, and so has no column of its own.
    pub fn is_computed(&self, layer: &ProjectLayer, field: &str) -> bool {
        layer.virtual_fields.contains(field) || layer.joins.iter().any(|join| self.is_joined(join, field))
    }

    /// Whether `field` comes from `join`. Compares fields of the same save, so that columns added since do not matter. If
    /// the other layer's fields are unknown, every field with the prefix counts.
    fn is_joined(&self, join: &Join, field: &str) -> bool {
        let other = self.layers.iter().find(|layer| layer.id == join.layer);
        let prefix = match (&join.prefix, other) {
            (Some(prefix), _) => prefix.clone(),
            (None, Some(other)) => format!("{}_", other.name),
            (None, None) => return true,
        };
        let Some(name) = field.strip_prefix(&prefix) else { return false };
        other.is_none_or(|other| {
            other.fields.is_empty() || other.fields.iter().any(|field| field.name == name)
        })
    }
}

impl ProjectLayer {
    /// Returns the name in WFS and OGC API Features: the short name if it has one, else the name.
    pub fn service_name(&self) -> &str {
        if self.short_name.is_empty() { &self.name } else { &self.short_name }
    }

    /// Returns the type name in WFS.
    pub fn type_name(&self) -> String {
        published::type_name(self.service_name())
    }
}

impl Source {
    /// Returns the data source, which may contain a password.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Source(…)")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a project as QGIS 3.22 writes it: a layer `zones` with joins and a virtual field, its `lookup`, and the
    /// given `layers`, `properties` and `layouts`.
    pub(in crate::layers) fn project(layers: &str, properties: &str, layouts: &str) -> ProjectFile {
        let text = format!(
            "<!DOCTYPE qgis PUBLIC 'http://qgis.example/qgis.dtd' 'SYSTEM'>\n<qgis version=\"3.22.16\">\
             <projectlayers>{ZONES}{LOOKUP}{layers}</projectlayers>\
             <properties><WFSLayers type=\"QStringList\"><value>zones_1</value></WFSLayers>{properties}</properties>\
             <Layouts>{layouts}</Layouts></qgis>"
        );
        ProjectFile::from_xml(text.as_bytes()).unwrap()
    }

    const ZONES: &str = r#"<maplayer type="vector"><id>zones_1</id><datasource>./z.gpkg|layername=z</datasource>
        <layername>Planning Zones</layername><provider encoding="UTF-8">ogr</provider>
        <vectorjoins><join hasCustomPrefix="1" customPrefix="l_" joinLayerId="lookup_2" targetFieldName="name"/>
        <join joinLayerId="lookup_2" targetFieldName="name"/></vectorjoins>
        <expressionfields><field name="twice" expression="2"/></expressionfields>
        <fieldConfiguration><field name="name" configurationFlags="None"/><field configurationFlags="HideFromWms|HideFromWfs"
        name="no_ows"/><field name="a b" configurationFlags="HideFromWfs"/><field name="l_extra"/><field name="l_own"/>
        <field name="The lookup_extra"/><field name="twice"/></fieldConfiguration></maplayer>"#;
    const LOOKUP: &str = r#"<maplayer><id>lookup_2</id><layername>The lookup</layername><shortname>lookup</shortname>
        <fieldConfiguration><field name="extra"/></fieldConfiguration></maplayer>"#;

    #[test]
    fn reads_names_and_fields_of_layers() {
        let project = project("", "", "");
        let [zones, lookup] = project.layers() else { panic!("two layers") };
        assert_eq!((zones.id.as_str(), zones.type_name()), ("zones_1", "Planning_Zones".to_owned()));
        assert_eq!((lookup.service_name(), lookup.type_name()), ("lookup", "lookup".to_owned()));
        assert!(project.is_in_wfs(zones) && !project.is_in_wfs(lookup));
        let hidden: Vec<_> = zones.fields.iter().filter(|field| field.is_hidden_from_wfs).collect();
        assert!(
            matches!(hidden.as_slice(), [both, wfs] if both.is_hidden_from_wms && !wfs.is_hidden_from_wms)
        );
        assert_eq!(zones.fields.len(), 7);
    }

    #[test]
    fn distinguishes_joined_and_virtual_fields_from_columns() {
        let project = project("", "", "");
        let zones = &project.layers()[0];
        for (field, is_computed) in [
            ("name", false),
            ("extra", false),
            ("l_own", false),
            ("l_extra", true),
            ("The lookup_extra", true),
            ("twice", true),
        ] {
            assert_eq!(project.is_computed(zones, field), is_computed, "{field}");
        }
    }

    #[test]
    fn a_join_of_an_unknown_layer_takes_every_field_with_its_prefix() {
        let layer = r#"<maplayer><id>x</id><vectorjoins><join hasCustomPrefix="1" customPrefix="j_" joinLayerId="gone"/>
            </vectorjoins></maplayer><maplayer><id>y</id><vectorjoins><join joinLayerId="gone"/></vectorjoins></maplayer>"#;
        let project = project(layer, "", "");
        let [_, _, prefixed, bare] = project.layers() else { panic!("four layers") };
        assert!(project.is_computed(prefixed, "j_a") && !project.is_computed(prefixed, "a"));
        assert!(project.is_computed(bare, "a"));
    }

    #[test]
    fn a_layer_has_a_name_or_an_id_in_wms_or_is_hidden() {
        let restricted = "<WMSRestrictedLayers><value>Planning Zones</value></WMSRestrictedLayers>";
        let named = project("", restricted, "");
        assert_eq!(
            named.layers().iter().map(|layer| named.wms_name(layer)).collect::<Vec<_>>(),
            [None, Some("lookup")]
        );
        for ids in ["1", "true"] {
            let project = project("", &format!("<WMSUseLayerIDs type=\"int\">{ids}</WMSUseLayerIDs>"), "");
            assert_eq!(project.wms_name(&project.layers()[1]), Some("lookup_2"));
        }
    }

    #[test]
    fn debug_does_not_show_a_source() {
        let source = Source("password=hunter2".to_owned());
        assert!(!format!("{source:?}").contains("hunter2"));
    }
}
