//! Properties that hold for all answers.

use proptest::prelude::*;

use super::*;

/// Generates real names from few letters, so that many have the same published name.
fn names() -> impl Strategy<Value = std::collections::BTreeSet<String>> {
    proptest::collection::btree_set("[ab][ _:]?[b_]?", 0..6)
}

proptest! {
    #[test]
    fn no_documents_make_the_reading_panic(
        settings in proptest::collection::vec(any::<u8>(), 0..200),
        schema in "(<schema>)?[<>/a-z =\"]{0,60}(</schema>)?",
        collections in "(\\{\"collections\":)?[\\[\\]{}\":,a-z]{0,30}",
    ) {
        let documents = Documents {
            settings: &settings,
            schema: schema.as_bytes(),
            collections: collections.as_bytes(),
        };
        let _ = read(documents, &Samples::default(), None);
    }

    /// The layers never show a field that is hidden from a service, or one that the table does not have.
    #[test]
    fn what_is_hidden_is_never_shown(
        all in names(), wms in any::<u8>(), wfs in any::<u8>(), has_rows in any::<bool>(),
    ) {
        let is_in = |set: u8, place: usize| set >> (place % 8) & 1 == 1;
        let shown = |set: u8| -> Vec<&str> {
            all.iter().enumerate().filter(|(place, _)| is_in(set, *place)).map(|(_, name)| name.as_str()).collect()
        };
        let published: Vec<_> =
            shown(wfs).iter().map(|name| crate::layers::published::field_name(name)).collect();
        let properties: serde_json::Map<_, _> =
            shown(wfs).iter().map(|name| ((*name).to_owned(), serde_json::Value::Null)).collect();
        // If there are no rows, there is a project file.
        let features = if has_rows { vec![serde_json::json!({ "properties": properties })] } else { vec![] };
        let flag = |name: &str| if shown(wfs).contains(&name) { "None" } else { "HideFromWfs" };
        let fields = super::all(&all, |name| {
            format!("<field name=\"{name}\" configurationFlags=\"{}\"/>", flag(name))
        });
        let project = format!(
            "<qgis><projectlayers><maplayer><id>1</id><layername>z</layername><fieldConfiguration>{fields}\
             </fieldConfiguration></maplayer></projectlayers><properties><WFSLayers><value>1</value></WFSLayers>\
             </properties></qgis>"
        );
        let project = ProjectFile::from_xml(project.as_bytes()).unwrap();
        let sample = serde_json::json!({ "features": features }).to_string();
        let names = shown(wms);
        let published: Vec<&str> = published.iter().map(String::as_str).collect();
        let answers = Owned { wms: &names, wfs: &published, sample: &sample };
        let layers = answers.read((!has_rows).then_some(&project)).layers;
        let layer = layers.by_type_name("z").unwrap();
        for field in &layer.fields {
            prop_assert!(!field.in_wms || shown(wms).contains(&field.name.as_str()));
            prop_assert!(!field.in_wfs || shown(wfs).contains(&field.name.as_str()));
            prop_assert!(all.contains(&field.name));
        }
        for name in shown(wfs) {
            prop_assert!(layer.wfs_field(name).is_some(), "{name}");
        }
    }
}

struct Owned<'a> {
    wms: &'a [&'a str],
    wfs: &'a [&'a str],
    sample: &'a str,
}

impl Owned<'_> {
    fn read(&self, project: Option<&ProjectFile>) -> JoinedLayers {
        let attribute = |name: &&str| format!("<Attribute name=\"{name}\" typeName=\"String\"/>");
        let element = |name: &&str| format!("<element name=\"{name}\" type=\"string\"/>");
        let settings = format!(
            "<WMS_Capabilities><Capability><Layer><Layer><Name>z</Name><Attributes>{}</Attributes></Layer></Layer>\
             </Capability></WMS_Capabilities>",
            super::all(self.wms, attribute)
        );
        let schema = format!(
            "<schema><complexType name=\"zType\"><complexContent><extension><sequence>{}</sequence></extension>\
             </complexContent></complexType></schema>",
            super::all(self.wfs, element)
        );
        let documents = Documents {
            settings: settings.as_bytes(),
            schema: schema.as_bytes(),
            collections: br#"{"collections":[{"id":"z"}]}"#,
        };
        let samples = Samples::from([("z".to_owned(), self.sample.as_bytes().to_vec())]);
        read(documents, &samples, project).unwrap()
    }
}
