//! Builds a project from its XML elements.

use std::collections::{BTreeMap, BTreeSet};

use super::{ItemKind, Join, Layout, LayoutItem, ProjectField, ProjectFile, ProjectLayer, Source};
use crate::layers::elements::{Element, Visitor};

/// The most layers, layouts and values of a setting, and the most fields, joins or items of each. Further ones are
/// ignored, which is safe: the gate does not write to unknown layers.
const MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct Reading {
    project: ProjectFile,
    layer: ProjectLayer,
    /// Fields that the layer hides in the format before QGIS 3.16, which later versions still read.
    hidden_from_wms: BTreeSet<String>,
    hidden_from_wfs: BTreeSet<String>,
    layout: Layout,
    /// For the index of a frame in `layout.items`, the id of its content.
    frames: BTreeMap<usize, String>,
    html: Vec<String>,
}

impl Reading {
    pub(super) fn finish(self) -> ProjectFile {
        self.project
    }

    fn start_layer(&mut self, part: &str, element: &Element<'_>) {
        let layer = &mut self.layer;
        match part {
            "" => {
                *layer = ProjectLayer::default();
                self.hidden_from_wms.clear();
                self.hidden_from_wfs.clear();
            }
            "/fieldConfiguration/field" => {
                let flags = element.attribute("configurationFlags").unwrap_or_default();
                let is_flagged = |wanted: &str| flags.split('|').any(|flag| flag == wanted);
                let field = ProjectField {
                    name: element.attribute("name").unwrap_or_default(),
                    is_hidden_from_wms: is_flagged("HideFromWms"),
                    is_hidden_from_wfs: is_flagged("HideFromWfs"),
                };
                push(&mut layer.fields, field);
            }
            "/expressionfields/field" if layer.virtual_fields.len() < MAX => {
                layer.virtual_fields.extend(element.attribute("name"));
            }
            "/vectorjoins/join" => {
                let is_custom = element.attribute("hasCustomPrefix").is_some_and(|flag| flag == "1");
                let prefix = is_custom.then(|| element.attribute("customPrefix").unwrap_or_default());
                let layer_id = element.attribute("joinLayerId").unwrap_or_default();
                push(&mut layer.joins, Join { layer: layer_id, prefix });
            }
            _ => {}
        }
    }

    fn end_layer(&mut self, part: &str, text: &str) {
        let layer = &mut self.layer;
        match part {
            "" => {
                for field in &mut layer.fields {
                    field.is_hidden_from_wms |= self.hidden_from_wms.contains(&field.name);
                    field.is_hidden_from_wfs |= self.hidden_from_wfs.contains(&field.name);
                }
                push(&mut self.project.layers, std::mem::take(layer));
            }
            "/excludeAttributesWMS/attribute" => insert(&mut self.hidden_from_wms, text),
            "/excludeAttributesWFS/attribute" => insert(&mut self.hidden_from_wfs, text),
            "/id" => text.clone_into(&mut layer.id),
            "/layername" => text.clone_into(&mut layer.name),
            "/shortname" => text.clone_into(&mut layer.short_name),
            "/datasource" => layer.source = Source(text.to_owned()),
            _ => {}
        }
    }

    fn start_layout(&mut self, part: &str, element: &Element<'_>) {
        match part {
            "" => {
                let name = element.attribute("name").unwrap_or_default();
                self.layout = Layout { name, items: Vec::new() };
                self.frames.clear();
                self.html.clear();
            }
            "/LayoutItem" => {
                let has_html = element.attribute("htmlState").is_some_and(|state| state != "0");
                let kind = element.attribute("type").unwrap_or_default();
                let id = element.attribute("id").unwrap_or_default();
                if let Some(shown) = element.attribute("multiFrame").filter(|shown| !shown.is_empty()) {
                    self.frames.insert(self.layout.items.len(), shown);
                }
                push(&mut self.layout.items, LayoutItem { id, kind: ItemKind::of_item(&kind, has_html) });
            }
            "/LayoutMultiFrame" => {
                let kind = element.attribute("type").unwrap_or_default();
                if ItemKind::of_item(&kind, false) == ItemKind::HtmlFrame {
                    push(&mut self.html, element.attribute("uuid").unwrap_or_default());
                }
            }
            _ => {}
        }
    }

    fn end_layout(&mut self) {
        for (number, shown) in &self.frames {
            if self.html.contains(shown)
                && let Some(item) = self.layout.items.get_mut(*number)
            {
                item.kind = ItemKind::HtmlFrame;
            }
        }
        push(&mut self.project.layouts, std::mem::take(&mut self.layout));
    }

    fn end_setting(&mut self, setting: &str, text: &str) {
        let services = &mut self.project.services;
        match setting {
            "WFSLayers/value" => insert(&mut services.wfs, text),
            "WFSTLayers/Insert/value" | "WFSTLayers/Update/value" | "WFSTLayers/Delete/value" => {
                insert(&mut services.wfs_t, text);
            }
            "WMSRestrictedLayers/value" => insert(&mut services.restricted, text),
            "WMSUseLayerIDs" => services.uses_ids = matches!(text, "1" | "true"),
            _ => {
                let url = ["WMSUrl", "WFSUrl", "WCSUrl", "WMTSUrl"].into_iter().find(|url| *url == setting);
                if let Some(url) = url.filter(|_| !text.is_empty()) {
                    push(&mut services.addresses, (url, text.to_owned()));
                }
            }
        }
    }
}

const LAYER: &str = "qgis/projectlayers/maplayer";
const LAYOUT: &str = "qgis/Layouts/Layout";

impl Visitor for Reading {
    fn start(&mut self, path: &str, element: &Element<'_>) {
        if let Some(part) = path.strip_prefix(LAYER) {
            self.start_layer(part, element);
        } else if let Some(part) = path.strip_prefix(LAYOUT) {
            self.start_layout(part, element);
        }
    }

    fn end(&mut self, path: &str, text: &str) {
        if let Some(part) = path.strip_prefix(LAYER) {
            self.end_layer(part, text);
        } else if path == LAYOUT {
            self.end_layout();
        } else if let Some(setting) = path.strip_prefix("qgis/properties/") {
            self.end_setting(setting, text);
        }
    }
}

fn insert(names: &mut BTreeSet<String>, name: &str) {
    if names.len() < MAX {
        names.insert(name.to_owned());
    }
}

fn push<T>(items: &mut Vec<T>, item: T) {
    if items.len() < MAX {
        items.push(item);
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::project::{ItemKind, LayoutItem, tests::project};

    #[test]
    fn reads_the_kinds_of_layout_items() {
        let items = r#"<Layout name="Layout A4"><PageCollection><LayoutItem type="65638" id="page"/></PageCollection>
            <LayoutItem type="65647" id="frame" multiFrame="{1}"/><LayoutItem type="65647" id="table" multiFrame="{2}"/>
            <LayoutItem type="65641" id="rich" htmlState="1"/><LayoutItem type="65641" id="plain" htmlState="0"/>
            <LayoutItem type="65639" id="the map" multiFrame=""/><LayoutMultiFrame type="65648" uuid="{1}"/>
            <LayoutMultiFrame type="65649" uuid="{2}"/></Layout><Layout name="Other"/>"#;
        let project = project("", "", items);
        let [layout, other] = project.layouts() else { panic!("two layouts") };
        assert_eq!((layout.name.as_str(), other.name.as_str(), other.items.len()), ("Layout A4", "Other", 0));
        let kinds = [
            ("frame", ItemKind::HtmlFrame),
            ("table", ItemKind::Other),
            ("rich", ItemKind::HtmlLabel),
            ("plain", ItemKind::Label),
            ("the map", ItemKind::Map),
        ];
        assert_eq!(layout.items, kinds.map(|(id, kind)| LayoutItem { id: id.to_owned(), kind }));
    }

    #[test]
    fn reads_hidden_fields_in_the_old_format() {
        let layer = "<maplayer><excludeAttributesWMS><attribute>a</attribute></excludeAttributesWMS><excludeAttributesWFS>\
             <attribute>b</attribute></excludeAttributesWFS><fieldConfiguration><field name=\"a\"/><field name=\"b\"/>\
             </fieldConfiguration></maplayer><maplayer><fieldConfiguration><field name=\"a\"/></fieldConfiguration></maplayer>";
        let project = project(layer, "", "");
        let hidden = |place: usize| -> Vec<_> {
            let fields = &project.layers()[place].fields;
            fields.iter().map(|field| (field.is_hidden_from_wms, field.is_hidden_from_wfs)).collect()
        };
        assert_eq!((hidden(2), hidden(3)), (vec![(true, false), (false, true)], vec![(false, false)]));
    }

    proptest::proptest! {
        #[test]
        fn no_project_makes_the_reader_panic(
            parts in proptest::collection::vec(
                "</?(projectlayers|maplayer|id|Layouts|Layout|LayoutItem|properties|WFSLayers|value|vectorjoins|join|a)\
                 ( (id|name|type|multiFrame|uuid)='[0-9a]{0,5}')?/?>",
                0..20,
            ),
        ) {
            let text = format!("<qgis>{}</qgis>", parts.concat());
            let _ = crate::layers::project::ProjectFile::from_xml(text.as_bytes());
        }
    }

    #[test]
    fn reads_service_settings() {
        let settings = "<WMSUrl type=\"QString\">https://maps.example/</WMSUrl><WFSUrl/><WFSTLayers><Insert><value>zones_1\
             </value></Insert></WFSTLayers>";
        let project = project("", settings, "");
        assert_eq!(project.advertised_urls().collect::<Vec<_>>(), [("WMSUrl", "https://maps.example/")]);
        assert!(project.is_in_wfs_t(&project.layers()[0]) && !project.is_in_wfs_t(&project.layers()[1]));
    }
}
