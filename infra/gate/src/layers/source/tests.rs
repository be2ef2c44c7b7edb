//! Tests with a server whose answers can be missing, cut short, wrong or too large.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

use axum::body::Body;
use http::Response;

use super::*;
use crate::layers::read::MAX_DOCUMENT;
use crate::{
    layers::{FieldWriteError, Write},
    upstream::{QgisRequest, UpstreamError},
};

/// A server with one layer `z`, which counts requests for project settings and for samples.
#[derive(Default)]
struct Server {
    fetched: AtomicUsize,
    sampled: AtomicUsize,
    outage: Mutex<Option<Outage>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Outage {
    Down,
    ServerError,
    Malformed,
    CutShort,
    TooLarge,
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
        let outage = *self.outage.lock().unwrap();
        let body = match (request.path.as_str(), request.query.split("REQUEST=").nth(1).unwrap_or_default()) {
            ("/wfs3/collections.json", _) => r#"{"collections":[{"id":"z"}]}"#,
            ("", "GetProjectSettings") => {
                self.fetched.fetch_add(1, Ordering::SeqCst);
                SETTINGS
            }
            ("", "DescribeFeatureType") => SCHEMA,
            ("", sample) if sample.ends_with("TYPENAME=z") => {
                self.sampled.fetch_add(1, Ordering::SeqCst);
                if outage == Some(Outage::NoSample) {
                    return Ok(Response::builder().status(400).body(Body::empty()).unwrap());
                }
                r#"{"features":[{"properties":{"name":"a"}}]}"#
            }
            other => panic!("unexpected request: {other:?}"),
        };
        let source = std::io::ErrorKind::ConnectionRefused.into();
        match outage {
            Some(Outage::Down) => {
                Err(UpstreamError::Unreachable { address: "127.0.0.1:9".to_owned(), source })
            }
            Some(Outage::ServerError) => Ok(Response::builder().status(500).body(Body::from(body)).unwrap()),
            Some(Outage::Malformed) => Ok(Response::new(Body::from("<html/>"))),
            Some(Outage::CutShort) => Ok(Response::new(Body::from(&body.as_bytes()[..body.len() - 1]))),
            Some(Outage::TooLarge) => Ok(Response::new(Body::from(vec![b' '; MAX_DOCUMENT + 1]))),
            Some(Outage::NoSample) | None => Ok(Response::new(Body::from(body))),
        }
    }
}

struct Fixture {
    source: LayerSource<Server>,
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let source = LayerSource::new(Arc::new(Server::default()));
        Self { source, folder: tempfile::tempdir().unwrap() }
    }

    fn set_outage(&self, outage: Option<Outage>) {
        *self.source.server.outage.lock().unwrap() = outage;
    }

    /// Writes a project file whose size depends on `title`.
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

    fn fetched(&self) -> usize {
        self.source.server.fetched.load(Ordering::SeqCst)
    }
}

fn can_insert(layers: &Layers) -> Result<(), FieldWriteError> {
    layers.by_type_name("z").unwrap().written_field("name", Write::Insert).map(|_| ())
}

const REMOTE: &str = "postgresql://maps.example/a";

#[tokio::test]
async fn a_project_file_is_fetched_once_until_it_changes() {
    let fixture = Fixture::new();
    let project = fixture.save("a");
    for now in [0, 10, 3_000] {
        assert_eq!(can_insert(&fixture.layers(&project, now).await.unwrap()), Ok(()));
    }
    assert_eq!((fixture.fetched(), fixture.source.server.sampled.load(Ordering::SeqCst)), (1, 0));
    fixture.save("another");
    fixture.layers(&project, 3_001).await.unwrap();
    assert_eq!(fixture.fetched(), 2);
    fixture.layers(&project, 3_001 + 3_600).await.unwrap();
    assert_eq!(fixture.fetched(), 3, "tables change too");
}

#[tokio::test]
async fn an_unreadable_project_is_fetched_every_five_minutes_and_takes_no_inserts() {
    let fixture = Fixture::new();
    for now in [0, 299] {
        let layers = fixture.layers(REMOTE, now).await.unwrap();
        assert_eq!(can_insert(&layers), Err(FieldWriteError::UnknownOrigin));
    }
    assert_eq!((fixture.fetched(), fixture.source.server.sampled.load(Ordering::SeqCst)), (1, 1));
    fixture.layers(REMOTE, 300).await.unwrap();
    assert_eq!(fixture.fetched(), 2);
}

#[tokio::test]
async fn a_malformed_project_file_is_treated_as_unreadable() {
    let fixture = Fixture::new();
    let project = fixture.save("a");
    fs::write(&project, "no project").unwrap();
    assert_eq!(can_insert(&fixture.layers(&project, 0).await.unwrap()), Err(FieldWriteError::UnknownOrigin));
}

#[tokio::test]
async fn an_outage_keeps_the_last_layers_and_is_retried_every_ten_seconds() {
    for project in [Fixture::new().save("a"), REMOTE.to_owned()] {
        let fixture = Fixture::new();
        let project = if project == REMOTE { project } else { fixture.save("a") };
        fixture.layers(&project, 0).await.unwrap();
        fixture.set_outage(Some(Outage::ServerError));
        for now in 3_600..3_620 {
            assert!(fixture.layers(&project, now).await.is_ok());
        }
        assert_eq!(fixture.fetched(), 1 + 2);
        assert!(fixture.layers(&project, 86_400).await.is_err(), "it is too old");
    }
}

#[tokio::test]
async fn an_outage_after_a_change_keeps_nothing() {
    let fixture = Fixture::new();
    let project = fixture.save("a");
    fixture.layers(&project, 0).await.unwrap();
    fixture.set_outage(Some(Outage::Down));
    fixture.save("with another field hidden");
    let refused = LayersError { retry_after: Duration::from_secs(10) };
    assert_eq!(fixture.layers(&project, 1).await, Err(refused));
    fixture.set_outage(None);
    assert!(fixture.layers(&project, 11).await.is_ok());
}

#[tokio::test]
async fn every_kind_of_bad_answer_is_an_outage() {
    for outage in [Outage::Down, Outage::ServerError, Outage::Malformed, Outage::CutShort, Outage::TooLarge] {
        let fixture = Fixture::new();
        fixture.set_outage(Some(outage));
        assert!(fixture.layers(REMOTE, 0).await.is_err());
        fixture.set_outage(None);
        assert!(fixture.layers(REMOTE, 4).await.is_err(), "a pause");
        assert!(fixture.layers(REMOTE, 5).await.is_ok());
    }
}

#[tokio::test]
async fn a_missing_sample_does_not_affect_other_layers() {
    let fixture = Fixture::new();
    fixture.set_outage(Some(Outage::NoSample));
    assert!(fixture.layers(REMOTE, 0).await.unwrap().by_type_name("z").is_some());
}

#[tokio::test]
async fn concurrent_requests_cause_one_fetch() {
    let fixture = Arc::new(Fixture::new());
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let fixture = Arc::clone(&fixture);
            tokio::spawn(async move { fixture.layers(REMOTE, 0).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(fixture.fetched(), 1);
}

#[tokio::test]
async fn another_project_or_catalogue_is_fetched_separately() {
    let fixture = Fixture::new();
    let now = Timestamp::from_unix_seconds(1_000_000);
    for (catalogue, project, fetched) in
        [("a", REMOTE, 1), ("b", REMOTE, 2), ("a", "other", 3), ("a", "other", 3)]
    {
        fixture.source.layers(catalogue, project, now).await.unwrap();
        assert_eq!(fixture.fetched(), fetched);
    }
    fixture.source.retain(|catalogue| catalogue == "b");
    fixture.source.layers("a", "other", now).await.unwrap();
    fixture.source.layers("b", REMOTE, now).await.unwrap();
    assert_eq!(fixture.fetched(), 4);
}
