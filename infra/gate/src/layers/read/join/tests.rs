//! Tests with answers in the format of QGIS Server.

mod properties;

use super::super::{Documents, JoinedLayers, ReadError, Samples, read};
use crate::layers::{FieldWriteError, Layer, Origin, Write, project::ProjectFile};

/// Answers in the format of QGIS Server 3.22. In a list of fields, `a|A` is `a` with the alias `A`, and `a*` is virtual.
#[derive(Default)]
struct Answers {
    wms: Vec<(&'static str, &'static [&'static str])>,
    wfs: Vec<(&'static str, &'static [&'static str])>,
    collections: &'static [&'static str],
    samples: Vec<(&'static str, &'static str)>,
    project: Option<String>,
}

fn attributes(field: &str) -> String {
    let (name, kind) = field.strip_suffix('*').map_or((field, "String"), |name| (name, ""));
    let (name, alias) = name.split_once('|').unwrap_or((name, ""));
    let alias = if alias.is_empty() { String::new() } else { format!("alias=\"{alias}\"") };
    format!("comment=\"\" name=\"{name}\" typeName=\"{kind}\" {alias}")
}

/// Concatenates what `write` returns for each item.
fn all<T>(items: impl IntoIterator<Item = T>, write: impl Fn(T) -> String) -> String {
    items.into_iter().map(write).collect::<Vec<_>>().concat()
}

impl Answers {
    fn settings(&self) -> String {
        let layer = |(name, fields): &(&str, &[&str])| {
            let fields = all(*fields, |field| format!("<Attribute {}/>", attributes(field)));
            format!(
                "<Layer><Name>{name}</Name><Style><Name>default</Name></Style><Attributes>{fields}</Attributes></Layer>"
            )
        };
        let layers: String = self.wms.iter().map(layer).collect();
        format!(
            "<?xml version=\"1.0\"?><WMS_Capabilities xmlns=\"http://www.opengis.net/wms\"><Service><Name>WMS</Name></Service>\
             <Capability><Layer><Title>All</Title><Layer><Name>A group</Name>{layers}</Layer><Layer><Name>raster</Name></Layer>\
             </Layer></Capability></WMS_Capabilities>"
        )
    }

    fn schema(&self) -> String {
        let kind = |(name, fields): &(&str, &[&str])| {
            let fields = all(*fields, |field| format!("<element type=\"string\" {}/>", attributes(field)));
            format!(
                "<element name=\"{name}\" type=\"qgs:{name}Type\"/><complexType name=\"{name}Type\"><complexContent>\
                 <extension><sequence><element name=\"geometry\" type=\"gml:PolygonPropertyType\"/>{fields}</sequence>\
                 </extension></complexContent></complexType>"
            )
        };
        let types: String = self.wfs.iter().map(kind).collect();
        format!("<schema xmlns=\"http://www.w3.org/2001/XMLSchema\">{types}</schema>")
    }

    fn try_read(&self) -> Result<JoinedLayers, ReadError> {
        let ids: Vec<_> =
            self.collections.iter().map(|id| serde_json::json!({ "id": id, "title": "x" })).collect();
        let collections = serde_json::json!({ "collections": ids, "links": [] }).to_string();
        let (settings, schema) = (self.settings(), self.schema());
        let documents = Documents {
            settings: settings.as_bytes(),
            schema: schema.as_bytes(),
            collections: collections.as_bytes(),
        };
        let samples: Samples = self
            .samples
            .iter()
            .map(|(name, sample)| ((*name).to_owned(), sample.as_bytes().to_vec()))
            .collect();
        let project = self.project.as_ref().map(|text| ProjectFile::from_xml(text.as_bytes()).unwrap());
        read(documents, &samples, project.as_ref())
    }

    fn read(&self) -> JoinedLayers {
        self.try_read().unwrap()
    }
}

/// Returns the name of each field, with `M` if WMS shows it and `F` if WFS does.
fn shown_fields(layer: &Layer) -> Vec<String> {
    let shown = |field: &crate::layers::Field| match (field.in_wms, field.in_wfs) {
        (true, true) => "MF",
        (true, false) => "M",
        (false, true) => "F",
        (false, false) => "",
    };
    layer.fields.iter().map(|field| format!("{} {}", field.name, shown(field))).collect()
}

#[test]
fn resolves_published_names_to_real_ones() {
    let answers = Answers {
        wms: vec![("Zones A", &["Last Checked|When", "no wfs", "p:q", "a b", "a_b"]), ("only", &["code"])],
        wfs: vec![("Zones_A", &["Last_Checked|When", "pq", "a_b", "a_b"])],
        collections: &["Zones A"],
        ..Answers::default()
    };
    let JoinedLayers { layers, wanted } = answers.read();
    assert_eq!(wanted, ["Zones_A"]);
    let layer = layers.by_type_name("Zones_A").unwrap();
    assert_eq!(layers.by_wms_name("Zones A"), Some(layer));
    assert_eq!(layers.by_collection("Zones A"), Some(layer));
    assert_eq!(shown_fields(layer), ["Last Checked MF", "a b MF", "a_b MF", "no wfs M", "p:q MF"]);
    assert_eq!(layer.wfs_field("Last_Checked").unwrap().item_key(), "When");
    let only = layers.by_wms_name("only").unwrap();
    assert_eq!((shown_fields(only), only.type_name.as_ref()), (vec!["code M".to_owned()], None));
    assert_eq!(layers.iter().count(), 2, "neither groups nor layers without a table");
}

#[test]
fn a_name_that_may_be_a_hidden_fields_is_not_resolved() {
    let answers = Answers {
        wms: vec![("z", &["a b", "a_b"])],
        wfs: vec![("z", &["a_b"])],
        collections: &["z"],
        ..Answers::default()
    };
    let JoinedLayers { layers, wanted } = answers.read();
    let layer = layers.by_type_name("z").unwrap();
    assert_eq!(shown_fields(layer), ["a b M", "a_b M"]);
    assert_eq!((layer.wfs_field("a_b"), &layer.unknown), (None, &vec!["a_b".to_owned()]));
    assert_eq!(layer.written_field("a_b", Write::Insert), Err(FieldWriteError::UnknownName));
    assert_eq!(wanted, ["z"]);
}

#[test]
fn a_sample_resolves_an_ambiguous_name() {
    let sample = r#"{"type": "FeatureCollection", "features": [{"geometry": null, "properties": {"a b": 1, "no wms": [2]}}]}"#;
    let answers = Answers {
        wms: vec![("z", &["a b", "a_b"])],
        wfs: vec![("z", &["a_b", "no_wms"])],
        collections: &["z"],
        samples: vec![("z", sample)],
        ..Answers::default()
    };
    let JoinedLayers { layers, wanted } = answers.read();
    assert_eq!(shown_fields(layers.by_type_name("z").unwrap()), ["a b MF", "a_b M", "no wms F"]);
    assert_eq!(wanted, Vec::<String>::new());
}

#[test]
fn an_empty_layer_that_wms_hides_has_no_known_fields_and_is_sampled_once() {
    let wfs: Vec<(&str, &[&str])> = vec![("z", &["name"])];
    let answers = Answers { wfs: wfs.clone(), collections: &["z"], ..Answers::default() };
    assert_eq!(answers.read().wanted, ["z"]);
    let answers = Answers {
        samples: vec![("z", r#"{"features": []}"#)],
        wfs,
        collections: &["z"],
        ..Answers::default()
    };
    let JoinedLayers { layers, wanted } = answers.read();
    assert_eq!((layers.by_type_name("z").unwrap().fields.len(), wanted.len()), (0, 0));
}

fn project(properties: &str) -> String {
    format!(
        "<qgis><projectlayers><maplayer><id>z_1</id><layername>z</layername><expressionfields><field name=\"twice\"/>\
         </expressionfields><fieldConfiguration><field name=\"a b\" configurationFlags=\"HideFromWfs\"/><field name=\"a_b\" \
         configurationFlags=\"None\"/><field name=\"twice\"/><field name=\"no wms\" configurationFlags=\"HideFromWms\"/>\
         </fieldConfiguration></maplayer></projectlayers><properties><WFSLayers><value>z_1</value></WFSLayers>{properties}\
         </properties></qgis>"
    )
}

#[test]
fn the_project_file_tells_hidden_fields_and_columns() {
    let answers = Answers {
        wms: vec![("z", &["a b", "a_b", "twice*", "new"])],
        wfs: vec![("z", &["a_b", "twice", "no_wms", "new"])],
        collections: &["z"],
        project: Some(project("")),
        ..Answers::default()
    };
    let JoinedLayers { layers, wanted } = answers.read();
    let layer = layers.by_type_name("z").unwrap();
    assert_eq!(shown_fields(layer), ["a b M", "a_b MF", "new MF", "no wms F", "twice MF"]);
    let origins: Vec<_> = layer.fields.iter().map(|field| field.origin).collect();
    assert_eq!(origins, [Origin::Table, Origin::Table, Origin::Unknown, Origin::Table, Origin::Computed]);
    assert_eq!(wanted, ["z"], "the file may be older than the table");
    assert!(layer.written_field("a_b", Write::Insert).is_ok());
}

#[test]
fn what_the_project_file_hides_is_hidden_even_before_qgis_reloads_it() {
    let answers = Answers {
        wms: vec![("z", &["a_b", "no wms"])],
        wfs: vec![("z", &["a_b", "no_wms"])],
        collections: &["z"],
        samples: vec![("z", r#"{"features": [{"properties": {"a b": 1, "no wms": 1}}]}"#)],
        project: Some(project("")),
    };
    let layers = answers.read().layers;
    let layer = layers.by_type_name("z").unwrap();
    assert_eq!((layer.wfs_field("a b"), layer.wms_field("no wms")), (None, None));
}

#[test]
fn without_the_project_file_only_virtual_fields_have_a_known_origin() {
    let answers = Answers {
        wms: vec![("z", &["name", "twice*"])],
        wfs: vec![("z", &["name", "twice"])],
        collections: &["z"],
        ..Answers::default()
    };
    let read = answers.read();
    let layer = read.layers.by_type_name("z").unwrap();
    assert_eq!(layer.written_field("name", Write::Insert), Err(FieldWriteError::UnknownOrigin));
    assert_eq!(layer.written_field("twice", Write::Update), Err(FieldWriteError::Computed));
    assert!(layer.written_field("name", Write::Update).is_ok());
}

#[test]
fn the_project_file_matches_layers_with_ids_as_wms_names() {
    let answers = Answers {
        wms: vec![("z_1", &["a_b"])],
        wfs: vec![("z", &["a_b"])],
        collections: &["z"],
        project: Some(project("<WMSUseLayerIDs>1</WMSUseLayerIDs>")),
        ..Answers::default()
    };
    let layers = answers.read().layers;
    assert_eq!(layers.iter().count(), 1);
    assert!(layers.by_wms_name("z_1").unwrap().wfs_field("a_b").is_some());
    let layers = Answers { project: None, ..answers }.read().layers;
    assert!(layers.by_wms_name("z_1").unwrap().wms_field("a_b").is_some(), "as two layers");
    assert!(layers.by_type_name("z").unwrap().wfs_field("a_b").is_none());
}

#[test]
fn layers_with_the_same_name_show_only_common_fields() {
    let answers = Answers {
        wms: vec![("t", &["both", "one", "x y", "x_y"]), ("t", &["both", "two", "x y"])],
        wfs: vec![("t", &["both", "one", "x_y", "x_y"]), ("t", &["both", "two", "x_y"])],
        collections: &["t", "t"],
        ..Answers::default()
    };
    let JoinedLayers { layers, wanted } = answers.read();
    let layer = layers.by_type_name("t").unwrap();
    assert_eq!((layer.is_shared, layer.collection.as_ref(), wanted.len()), (true, None, 0));
    let shown: Vec<_> =
        layer.fields.iter().filter(|field| field.in_wfs).map(|field| field.name.as_str()).collect();
    assert_eq!(shown, ["both"]);
    assert!(layers.by_wms_name("t").unwrap().wms_field("one").is_none());
}

#[test]
fn a_project_without_wfs_has_layers_in_wms() {
    let answers = Answers { wms: vec![("z", &["name"])], ..Answers::default() };
    assert!(answers.read().layers.by_wms_name("z").unwrap().wms_field("name").is_some());
}

#[test]
fn an_error_names_the_operation_with_the_wrong_answer() {
    let answers = Answers::default();
    let (settings, schema) = (answers.settings(), answers.schema());
    let report = "<ServiceExceptionReport><ServiceException/></ServiceExceptionReport>";
    for (settings, schema, collections, sample, named) in [
        (report, schema.as_str(), "{\"collections\":[]}", "{\"features\":[]}", "GetProjectSettings"),
        (&settings, report, "{\"collections\":[]}", "{\"features\":[]}", "DescribeFeatureType"),
        (&settings, &schema, "[{\"code\":\"API not found error\"}]", "{\"features\":[]}", "/collections"),
        (&settings, &schema, "{\"collections\":[]}", report, "GetFeature"),
    ] {
        let documents = Documents {
            settings: settings.as_bytes(),
            schema: schema.as_bytes(),
            collections: collections.as_bytes(),
        };
        let samples = Samples::from([("z".to_owned(), sample.as_bytes().to_vec())]);
        let refused = read(documents, &samples, None).unwrap_err();
        assert!(refused.to_string().contains(named), "{refused}");
    }
}
