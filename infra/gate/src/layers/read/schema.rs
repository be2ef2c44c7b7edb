//! Reads WFS `DescribeFeatureType`: types with the published names of their fields.

use super::{MAX_DOCUMENT, ReadError};
use crate::layers::elements::{Element, Visitor, walk};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WfsType {
    pub(super) name: String,
    pub(super) fields: Vec<WfsField>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WfsField {
    pub(super) name: String,
    pub(super) alias: Option<String>,
}

pub(super) fn read(document: &[u8]) -> Result<Vec<WfsType>, ReadError> {
    let mut schema = Schema::default();
    walk(document, MAX_DOCUMENT, "schema", &mut schema)
        .map_err(|source| ReadError::Xml { operation: "WFS DescribeFeatureType", source })?;
    Ok(schema.0)
}

#[derive(Default)]
struct Schema(Vec<WfsType>);

impl Visitor for Schema {
    fn start(&mut self, path: &str, element: &Element<'_>) {
        if path == "schema/complexType" {
            let name = element.attribute("name").unwrap_or_default();
            // The type of the layer `zones` is `zonesType`.
            let name = name.strip_suffix("Type").unwrap_or(&name).to_owned();
            self.0.push(WfsType { name, fields: Vec::new() });
        } else if path == "schema/complexType/complexContent/extension/sequence/element"
            && let Some(layer) = self.0.last_mut()
            && let Some(name) = element.attribute("name")
        {
            let is_geometry = element.attribute("type").is_some_and(|kind| kind.starts_with("gml:"));
            if !is_geometry {
                let alias = element.attribute("alias").filter(|alias| !alias.is_empty());
                layer.fields.push(WfsField { name, alias });
            }
        }
    }
}
