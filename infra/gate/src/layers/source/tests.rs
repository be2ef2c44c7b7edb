//! A source of layers, with a server whose answers are cut, wrong, too large or none.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use http::Response;

use super::*;
use crate::{
    layers::{NotWritable, Write},
    upstream::{QgisRequest, UpstreamError},
};

/// A server of one layer `z`, which counts how often it is asked for project settings and for samples.
#[derive(Default)]
struct Server {
    asked: AtomicUsize,
    sampled: AtomicUsize,
    fault: Mutex<Option<Fault>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Down,
    Status,
    Rubbish,
    Cut,
    Endless,
    NoSample,
}

const SETTINGS: &str = "<WMS_Capabilities><Capability><Layer><Layer><Name>z</Name><Attributes><Attribute name='name' \
                        typeName='String'/></Attributes></Layer></Layer></Capability></WMS_Capabilities>";
const SCHEMA: &str = "<schema><complexType name='zType'><complexContent><extension><sequence><element name='name' \
                      type='string'/></sequence></extension></complexContent></complexType></schema>";

impl MapServer for Server {
    async fn send(&self, project: &str, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        assert!(!request.query.contains("MAP=") && !project.is_empty());
        tokio::task::yield_now().await;
        let fault = *self.fault.lock().unwrap();
        let body = match (request.path.as_str(), request.query.split("REQUEST=").nth(1).unwrap_or_default()) {
            ("/wfs3/collections.json", _) => r#"{"collections":[{"id":"z"}]}"#,
            ("", "GetProjectSettings") => {
                self.asked.fetch_add(1, Ordering::SeqCst);
                SETTINGS
            }
            ("", "DescribeFeatureType") => SCHEMA,
            ("", sample) if sample.ends_with("TYPENAME=z") => {
                self.sampled.fetch_add(1, Ordering::SeqCst);
                if fault == Some(Fault::NoSample) {
                    return Ok(Response::builder().status(400).body(Body::empty()).unwrap());
                }
                r#"{"features":[{"properties":{"name":"a"}}]}"#
            }
            other => panic!("not to be asked: {other:?}"),
        };
        let cause = std::io::ErrorKind::ConnectionRefused.into();
        match fault {
            Some(Fault::Down) => Err(UpstreamError::Unreachable { address: "127.0.0.1:9".to_owned(), cause }),
            Some(Fault::Status) => Ok(Response::builder().status(500).body(Body::from(body)).unwrap()),
            Some(Fault::Rubbish) => Ok(Response::new(Body::from("<html/>"))),
            Some(Fault::Cut) => Ok(Response::new(Body::from(&body.as_bytes()[..body.len() - 1]))),
            Some(Fault::Endless) => Ok(Response::new(Body::from(vec![b' '; MOST_DOCUMENT_AND_MORE]))),
            Some(Fault::NoSample) | None => Ok(Response::new(Body::from(body))),
        }
    }
}

const MOST_DOCUMENT_AND_MORE: usize = crate::layers::read::MOST_DOCUMENT + 1;

struct World {
    source: LayerSource<Server>,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let source = LayerSource::new(Arc::new(Server::default()));
        Self { source, folder: tempfile::tempdir().unwrap() }
    }

    fn fault(&self, fault: Option<Fault>) {
        *self.source.server.fault.lock().unwrap() = fault;
    }

    /// Writes the project file, of another size than the last one.
    fn save(&self, title: &str) -> String {
        let path = self.folder.path().join("a.qgs");
        let text = format!(
            "<qgis><title>{title}</title><projectlayers><maplayer><id>1</id><layername>z</layername><fieldConfiguration>\
             <field name='name'/></fieldConfiguration></maplayer></projectlayers><properties><WFSLayers><value>1</value>\
             </WFSLayers></properties></qgis>"
        );
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    async fn layers(&self, project: &str, now: u64) -> Result<Arc<Layers>, LayersError> {
        self.source.layers("a", project, Timestamp::from_unix_seconds(1_000_000 + now)).await
    }

    fn asked(&self) -> usize {
        self.source.server.asked.load(Ordering::SeqCst)
    }
}

fn can_insert(layers: &Layers) -> Result<(), NotWritable> {
    layers.by_type_name("z").unwrap().written_field("name", Write::Insert).map(|_| ())
}

const REMOTE: &str = "postgresql://maps.example/a";

#[tokio::test]
async fn a_project_file_is_asked_about_once_until_it_changes() {
    let world = World::new();
    let project = world.save("a");
    for now in [0, 10, 3_000] {
        assert_eq!(can_insert(&world.layers(&project, now).await.unwrap()), Ok(()));
    }
    assert_eq!((world.asked(), world.source.server.sampled.load(Ordering::SeqCst)), (1, 0));
    world.save("another");
    world.layers(&project, 3_001).await.unwrap();
    assert_eq!(world.asked(), 2);
    world.layers(&project, 3_001 + 3_600).await.unwrap();
    assert_eq!(world.asked(), 3, "tables change too");
}

#[tokio::test]
async fn what_the_gate_cannot_read_is_asked_about_every_five_minutes_and_takes_no_inserts() {
    let world = World::new();
    for now in [0, 299] {
        let layers = world.layers(REMOTE, now).await.unwrap();
        assert_eq!(can_insert(&layers), Err(NotWritable::UnknownOrigin));
    }
    assert_eq!((world.asked(), world.source.server.sampled.load(Ordering::SeqCst)), (1, 1));
    world.layers(REMOTE, 300).await.unwrap();
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn a_project_file_that_is_none_is_as_one_that_cannot_be_read() {
    let world = World::new();
    let project = world.save("a");
    fs::write(&project, "no project").unwrap();
    assert_eq!(can_insert(&world.layers(&project, 0).await.unwrap()), Err(NotWritable::UnknownOrigin));
}

#[tokio::test]
async fn an_outage_leaves_the_last_answer_and_is_asked_about_every_ten_seconds() {
    for project in [World::new().save("a"), REMOTE.to_owned()] {
        let world = World::new();
        let project = if project == REMOTE { project } else { world.save("a") };
        world.layers(&project, 0).await.unwrap();
        world.fault(Some(Fault::Status));
        for now in 3_600..3_620 {
            assert!(world.layers(&project, now).await.is_ok());
        }
        assert_eq!(world.asked(), 1 + 2);
        assert!(world.layers(&project, 86_400).await.is_err(), "it is too old");
    }
}

#[tokio::test]
async fn an_outage_after_a_change_leaves_nothing() {
    let world = World::new();
    let project = world.save("a");
    world.layers(&project, 0).await.unwrap();
    world.fault(Some(Fault::Down));
    world.save("with another field hidden");
    let refused = LayersError::Unavailable { retry_after: Duration::from_secs(10) };
    assert_eq!(world.layers(&project, 1).await, Err(refused));
    world.fault(None);
    assert!(world.layers(&project, 11).await.is_ok());
}

#[tokio::test]
async fn every_fault_of_an_answer_is_an_outage() {
    for fault in [Fault::Down, Fault::Status, Fault::Rubbish, Fault::Cut, Fault::Endless] {
        let world = World::new();
        world.fault(Some(fault));
        assert!(world.layers(REMOTE, 0).await.is_err());
        world.fault(None);
        assert!(world.layers(REMOTE, 5).await.is_err(), "a pause");
        assert!(world.layers(REMOTE, 10).await.is_ok());
    }
}

#[tokio::test]
async fn a_layer_without_a_sample_leaves_the_others() {
    let world = World::new();
    world.fault(Some(Fault::NoSample));
    assert!(world.layers(REMOTE, 0).await.unwrap().by_type_name("z").is_some());
}

#[tokio::test]
async fn a_crowd_causes_one_question() {
    let world = Arc::new(World::new());
    let crowd: Vec<_> = (0..100)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.layers(REMOTE, 0).await })
        })
        .collect();
    for asking in crowd {
        asking.await.unwrap().unwrap();
    }
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn another_project_and_another_catalogue_are_asked_for_anew() {
    let world = World::new();
    let now = Timestamp::from_unix_seconds(1_000_000);
    for (catalogue, project, asked) in
        [("a", REMOTE, 1), ("b", REMOTE, 2), ("a", "other", 3), ("a", "other", 3)]
    {
        world.source.layers(catalogue, project, now).await.unwrap();
        assert_eq!(world.asked(), asked);
    }
    world.source.retain(|catalogue| catalogue == "b");
    world.source.layers("a", "other", now).await.unwrap();
    world.source.layers("b", REMOTE, now).await.unwrap();
    assert_eq!(world.asked(), 4);
}
