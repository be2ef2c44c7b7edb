//! Reads WMS `GetProjectSettings`: layers with the real names of their fields.

use super::{MAX_DOCUMENT, ReadError};
use crate::layers::elements::{Element, Visitor, walk};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WmsLayer {
    pub(super) name: String,
    pub(super) fields: Vec<WmsField>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WmsField {
    pub(super) name: String,
    pub(super) alias: Option<String>,
    pub(super) is_virtual: bool,
}

pub(super) fn read(document: &[u8]) -> Result<Vec<WmsLayer>, ReadError> {
    let mut settings = Settings::default();
    walk(document, MAX_DOCUMENT, "WMS_Capabilities", &mut settings)
        .map_err(|source| ReadError::Xml { operation: "WMS GetProjectSettings", source })?;
    Ok(settings.layers)
}

#[derive(Default)]
struct Open {
    name: String,
    fields: Option<Vec<WmsField>>,
}

#[derive(Default)]
struct Settings {
    open: Vec<Open>,
    layers: Vec<WmsLayer>,
}

impl Visitor for Settings {
    fn start(&mut self, path: &str, element: &Element<'_>) {
        if path.ends_with("/Layer") {
            self.open.push(Open::default());
        }
        let Some(layer) = self.open.last_mut() else { return };
        if path.ends_with("/Layer/Attributes") {
            layer.fields.get_or_insert_default();
        } else if path.ends_with("/Layer/Attributes/Attribute")
            && let Some(name) = element.attribute("name")
        {
            let alias = element.attribute("alias").filter(|alias| !alias.is_empty());
            let is_virtual = element.attribute("typeName").is_some_and(|kind| kind.is_empty());
            layer.fields.get_or_insert_default().push(WmsField { name, alias, is_virtual });
        }
    }

    fn end(&mut self, path: &str, text: &str) {
        if path.ends_with("/Layer/Name") {
            if let Some(layer) = self.open.last_mut() {
                text.clone_into(&mut layer.name);
            }
        } else if path.ends_with("/Layer")
            && let Some(Open { name, fields: Some(fields) }) = self.open.pop()
            && !name.is_empty()
        {
            self.layers.push(WmsLayer { name, fields });
        }
    }
}
