//! The layers and fields that the gate learns from a real QGIS Server and its project.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "layers/projects.rs"]
mod projects;
#[path = "layers/server.rs"]
mod server;

use std::sync::Arc;

use pozi_auth::timestamp::Timestamp;
use pozi_gate::layers::{
    Field, FieldWriteError, Layer, Layers, Write,
    inspect::{Severity, SiteAddresses, inspect_file},
    project::{ItemKind, ProjectFile},
    source::LayerSource,
};
use tokio::sync::OnceCell;

use self::{projects::project, server::Server};

async fn layers(server: Server, project: &str) -> Arc<Layers> {
    let source = LayerSource::new(Arc::new(server));
    source.layers("a", project, Timestamp::from_unix_seconds(1_000_000)).await.unwrap()
}

/// Returns the layers of the project `named`, which are fetched once.
async fn named() -> Option<Arc<Layers>> {
    static NAMED: OnceCell<Arc<Layers>> = OnceCell::const_new();
    let project = project("named", "qgs")?;
    let ask = || async { layers(Server::start(&project), project.to_str().unwrap()).await };
    Some(Arc::clone(NAMED.get_or_init(ask).await))
}

fn names(layer: &Layer, is_shown: impl Fn(&Field) -> bool) -> Vec<&str> {
    let mut names: Vec<_> =
        layer.fields.iter().filter(|field| is_shown(field)).map(|field| field.name.as_str()).collect();
    names.sort_unstable();
    names
}

/// The fields of `Planning Zones` that are hidden from no service.
const SHOWN: [&str; 17] = [
    "1st",
    "Area m²",
    "Last Checked",
    "a b",
    "a_b",
    "aliased",
    "código",
    "fid",
    "l_Extra Word",
    "l_extra",
    "l_fid",
    "name",
    "num",
    "p:q",
    "población",
    "twice",
    "x-y",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut names = [&SHOWN[..], more].concat();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn knows_real_names_and_hides_hidden_fields() {
    let Some(packed) = project("named", "qgz") else { return };
    let packed = layers(Server::start(&packed), packed.to_str().unwrap()).await;
    for layers in [named().await.unwrap(), packed] {
        let zones = layers.by_type_name("Planning_Zones").unwrap();
        assert_eq!(layers.by_wms_name("Planning Zones"), Some(zones));
        assert_eq!(layers.by_collection("Planning Zones"), Some(zones));
        assert_eq!(names(zones, |field| field.in_wms), with(&["no wfs b", "no_wfs"]));
        assert_eq!(names(zones, |field| field.in_wfs), with(&["no wms b", "no_wms"]));
        assert_eq!(zones.unknown, Vec::<String>::new());
        let by_published = |name: &str| zones.wfs_field(name).map(|field| field.name.as_str());
        for (published, real) in [
            ("Last_Checked", Some("Last Checked")),
            ("no_wms_b", Some("no wms b")),
            ("pq", Some("p:q")),
            ("Area_m²", Some("Area m²")),
            ("NO_WFS", None),
            ("no_wfs_b", None),
        ] {
            assert_eq!(by_published(published), real, "{published}");
        }
        assert_eq!(zones.item_field("Its Alias").map(|field| field.name.as_str()), Some("aliased"));
    }
}

#[tokio::test]
async fn a_write_may_name_only_fields_that_qgis_can_store() {
    let Some(layers) = named().await else { return };
    let zones = layers.by_type_name("Planning_Zones").unwrap();
    let insert = |name| zones.written_field(name, Write::Insert).map(|field| field.name.as_str());
    for (name, answer) in [
        ("name", Ok("name")),
        ("NAME", Ok("name")),
        ("población", Ok("población")),
        ("no_wms", Ok("no_wms")),
        ("l_extra", Err(FieldWriteError::Computed)),
        ("l_fid", Err(FieldWriteError::Computed)),
        ("twice", Err(FieldWriteError::Computed)),
        ("Last_Checked", Err(FieldWriteError::NoElementName)),
        ("1st", Err(FieldWriteError::NoElementName)),
        ("a_b", Err(FieldWriteError::SharedName)),
        ("no_wfs", Err(FieldWriteError::NoSuchField)),
        ("no_ows", Err(FieldWriteError::NoSuchField)),
        ("nosuch", Err(FieldWriteError::NoSuchField)),
    ] {
        assert_eq!(insert(name), answer, "{name}");
    }
    let empty = layers.by_type_name("Empty_Bäume").unwrap();
    let written = empty.written_field("Two_Words", Write::Update).map(|field| field.name.as_str());
    assert_eq!(written, Ok("Two Words"));
    assert!(empty.written_field("code", Write::Insert).is_ok());
}

/// Checks against QGIS which fields an Insert may name.
#[tokio::test]
async fn qgis_stores_every_field_that_the_gate_allows() {
    let Some(project) = project("named", "qgs") else { return };
    let server = Server::start(&project);
    let layers = named().await.unwrap();
    let zones = layers.by_type_name("Planning_Zones").unwrap();
    let inserted: Vec<_> = zones
        .fields
        .iter()
        .filter(|field| !["fid", "num"].contains(&field.name.as_str()))
        .filter_map(|field| zones.written_field(&field.published, Write::Insert).ok())
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(inserted, ["aliased", "código", "name", "no_wms", "población", "x-y"]);
    let values: Vec<_> = inserted.iter().map(|name| format!("<{name}>inserted</{name}>")).collect();
    let body = format!(
        "<Transaction xmlns=\"http://www.opengis.net/wfs\" service=\"WFS\" version=\"1.0.0\"><Insert><Planning_Zones>{}\
         </Planning_Zones></Insert></Transaction>",
        values.concat()
    );
    let answer = server.post("SERVICE=WFS", "text/xml", body.into_bytes()).await;
    assert!(answer.contains("SUCCESS"), "{answer}");
    let query = "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&OUTPUTFORMAT=GeoJSON&TYPENAME=Planning_Zones&FEATUREID=\
                 Planning_Zones.3";
    let row = server.get(query).await;
    assert_eq!(row.matches("\"inserted\"").count(), inserted.len(), "{row}");
}

#[tokio::test]
async fn knows_each_services_names_for_layers() {
    let Some(layers) = named().await else { return };
    for (wms, type_name, collection) in [
        (Some("brief"), Some("brief"), Some("brief")),
        (Some("A table"), Some("A_table"), Some("A table")),
        (Some("a:b c"), Some("a-b_c"), Some("a:b c")),
        (Some("grouped"), Some("grouped"), Some("grouped")),
        (Some("only in wms"), None, None),
        (None, Some("private"), Some("private")),
        (Some("twin"), Some("twin"), None),
    ] {
        let layer =
            type_name.map_or_else(|| layers.by_wms_name(wms.unwrap()), |name| layers.by_type_name(name));
        let layer = layer.unwrap();
        assert_eq!(layer.wms_name.as_deref(), wms);
        assert_eq!(layer.type_name.as_deref(), type_name);
        assert_eq!(layer.collection.as_deref(), collection, "{wms:?}");
    }
    assert_eq!(layers.by_wms_name("A group"), None);
    let twin = layers.by_type_name("twin").unwrap();
    assert_eq!((names(twin, |field| field.in_wfs), twin.is_shared), (vec!["both", "fid"], true));
    let private = layers.by_type_name("private").unwrap();
    assert_eq!(names(private, |field| field.in_wfs), ["fid", "secret"]);
}

#[tokio::test]
async fn recognises_layers_that_wms_names_by_id() {
    let Some(project) = project("ids", "qgs") else { return };
    let layers = layers(Server::start(&project), project.to_str().unwrap()).await;
    let zones = layers.by_type_name("Planning_Zones").unwrap();
    let id = zones.wms_name.as_deref().unwrap();
    assert!(
        id.starts_with("Planning_Zones_") && zones.collection.as_deref() == Some("Planning Zones"),
        "{id}"
    );
    assert_eq!(names(zones, |field| field.in_wms), with(&["no wfs b", "no_wfs"]));
    assert_eq!(names(zones, |field| field.in_wfs), with(&["no wms b", "no_wms"]));
}

/// The gate gets another path for the project than QGIS Server, as if it ran on another machine.
#[tokio::test]
async fn without_the_project_file_fields_are_known_but_inserts_refused() {
    let Some(project) = project("named", "qgs") else { return };
    let layers = layers(Server::start(&project), "elsewhere/a.qgs").await;
    let zones = layers.by_type_name("Planning_Zones").unwrap();
    assert_eq!(names(zones, |field| field.in_wms), with(&["no wfs b", "no_wfs"]));
    assert_eq!(names(zones, |field| field.in_wfs), with(&["no wms b", "no_wms"]));
    assert_eq!(zones.written_field("name", Write::Insert), Err(FieldWriteError::UnknownOrigin));
    let updated = zones.written_field("Last_Checked", Write::Update).map(|field| field.name.as_str());
    assert_eq!(updated, Ok("Last Checked"));
}

#[test]
fn reads_the_items_of_layouts() {
    let Some(project) = project("named", "qgz") else { return };
    let project = ProjectFile::open(&project).unwrap();
    let [layout] = project.layouts() else { panic!("one layout") };
    assert_eq!(layout.name, "Layout A4");
    let mut items: Vec<_> = layout.items.iter().map(|item| (item.id.as_str(), item.kind)).collect();
    items.sort_by_key(|(id, _)| *id);
    assert_eq!(
        items,
        [
            ("frame", ItemKind::HtmlFrame),
            ("plain", ItemKind::Label),
            ("rich", ItemKind::HtmlLabel),
            ("the map", ItemKind::Map)
        ]
    );
}

#[test]
fn inspects_projects() {
    let (Some(named), Some(faulty)) = (project("named", "qgs"), project("faulty", "qgz")) else { return };
    let addresses = SiteAddresses {
        gate: vec!["https://maps.example/pozi".parse().unwrap()],
        loopback_ports: vec![8090],
    };
    let named = inspect_file(&named, &addresses);
    let count_of = |words: &str| named.iter().filter(|finding| finding.what.contains(words)).count();
    assert_eq!(named.iter().filter(|finding| finding.severity == Severity::Error).count(), 0, "{named:?}");
    for (words, count) in [
        ("\"a b\", \"a_b\" of the layer \"Planning Zones\"", 1),
        ("Several layers in WFS have the name \"twin\"", 1),
        ("\"Layout A4\" has HTML frames or HTML labels", 1),
        ("can be changed by WFS-T", 2),
        ("\"Two Words\" of the layer \"Empty Bäume\" cannot be given a value", 1),
        ("password", 0),
        ("Advertised URL", 0),
    ] {
        assert_eq!(count_of(words), count, "{words}: {named:?}");
    }
    let faulty = inspect_file(&faulty, &addresses);
    assert!(!format!("{faulty:?}").contains("hunter2"));
    let errors: Vec<_> = faulty.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert!(
        matches!(&*errors, [own, port] if [own, port].iter().all(|finding| finding.what.contains("this site itself")))
    );
    for words in ["\"database\" contains a password", "Advertised URL for WMS", "Advertised URL for WFS"] {
        assert!(faulty.iter().any(|finding| finding.what.contains(words)), "{words}: {faulty:?}");
    }
}
