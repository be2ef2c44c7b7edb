//! A real QGIS Server in processes that the gate starts.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeMap,
    env, fs,
    io::Write,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use pozi_gate::upstream::{
    FastCgi, MapServer, Processes, ProcessesConfig, QgisBody, QgisRequest, UpstreamError,
};
use tempfile::TempDir;

const QGIS: &str = "/usr/lib/cgi-bin/qgis_mapserv.fcgi";
const PUBLIC: &str = "https://gis.example/pozi/ows/planning/";

/// A project and one QGIS process.
struct Rig {
    processes: Processes,
    folder: TempDir,
}

impl Rig {
    /// Returns nothing, and prints a notice, if QGIS Server is not installed.
    fn start(grace: Duration) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        if !Path::new(QGIS).exists() || !make_project(folder.path()) {
            const NOTICE: &str = "NOT RUN: tests with QGIS Server need Debian's qgis-server and python3-qgis";
            assert!(env::var_os("CI").is_none(), "{NOTICE}");
            // Not eprintln!, whose output is hidden when the test passes.
            std::io::stderr().write_all(format!("{NOTICE}\n").as_bytes()).unwrap();
            return None;
        }
        let config = ProcessesConfig {
            program: QGIS.into(),
            processes: NonZeroUsize::MIN,
            memory: 4_000_000_000,
            project: None,
            prints: false,
            variables: BTreeMap::new(),
            folder: folder.path().join("run"),
            grace,
        };
        Some(Self { processes: Processes::start(config).unwrap(), folder })
    }

    fn project(&self) -> String {
        self.folder.path().join("planning.qgs").display().to_string()
    }

    async fn send(&self, request: QgisRequest) -> Result<Response<Body>, UpstreamError> {
        self.processes.send(&self.project(), request).await
    }

    /// Returns the path of the process's socket.
    fn socket(&self) -> PathBuf {
        let entries = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut paths = entries(self.folder.path().join("run")).flat_map(entries);
        paths.find(|path| path.extension().is_some_and(|extension| extension == "sock")).unwrap()
    }

    /// Returns the ids of the rig's processes, by their HOME.
    fn ids(&self) -> Vec<String> {
        let home = format!("HOME={}", self.folder.path().join("run").display());
        let is_ours = |id: &String| {
            let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&home)
        };
        let entries = fs::read_dir("/proc").unwrap().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(is_ours).collect()
    }
}

fn make_project(folder: &Path) -> bool {
    const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/upstream/make_project.py");
    let mut python = Command::new("/usr/bin/python3");
    python.arg(SCRIPT).arg(folder.join("planning.qgs")).stderr(Stdio::null());
    python.env("QT_QPA_PLATFORM", "offscreen").env("HOME", folder).env("XDG_RUNTIME_DIR", folder);
    python.status().is_ok_and(|status| status.success())
}

fn get(path: &str, query: &str) -> QgisRequest {
    QgisRequest {
        method: Method::GET,
        path: path.into(),
        query: query.into(),
        body: None,
        accept: None,
        public_url: PUBLIC.into(),
    }
}

/// Returns an Insert of `property`. QGIS 3.22 hangs if the layer does not have it.
fn insert(property: &str) -> QgisRequest {
    let body = format!(
        r#"<Transaction xmlns="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml" service="WFS" version="1.1.0"><Insert><places><{property}>x</{property}></places></Insert></Transaction>"#
    );
    QgisRequest {
        method: Method::POST,
        body: Some(QgisBody { content_type: "text/xml", bytes: Bytes::from(body) }),
        ..get("", "SERVICE=WFS&VERSION=1.1.0&REQUEST=Transaction")
    }
}

const CAPABILITIES: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities";

async fn text(answer: Response<Body>) -> String {
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn qgis_server_answers_each_service_with_public_addresses() {
    let Some(rig) = Rig::start(Duration::from_mins(1)) else { return };
    let answer = rig.send(get("", CAPABILITIES)).await.unwrap();
    assert_eq!(answer.headers()[CONTENT_TYPE], "text/xml; charset=utf-8");
    let capabilities = text(answer).await;
    assert!(capabilities.contains("<Name>places</Name>"), "{capabilities}");
    assert!(capabilities.contains(&format!("xlink:href=\"{PUBLIC}")), "{capabilities}");

    let items = get("/wfs3/collections/places/items.json", "limit=1");
    let items = text(rig.send(items).await.unwrap()).await;
    assert!(items.contains("redgum 0"), "{items}");
    assert!(
        items.contains("\"href\": \"https://gis.example/pozi/ows/planning/wfs3/")
            || items.contains("\"href\":\"https://gis.example/pozi/ows/planning/wfs3/"),
        "{items}"
    );

    let mut landing = get("/wfs3", "");
    landing.accept = Some("application/json");
    let answer = rig.send(landing).await.unwrap();
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/json");
    // The process is free once its answer has been read.
    assert!(text(answer).await.contains("\"links\""));

    let map = get(
        "",
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=places&STYLES=&CRS=EPSG%3A3857&BBOX=0,0,1000,1000&WIDTH=2000&HEIGHT=2000&FORMAT=image%2Fpng",
    );
    let png = rig.send(map).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    assert!(png.starts_with(b"\x89PNG") && png.ends_with(b"IEND\xaeB\x60\x82"), "{}", png.len());

    let missing = text(rig.send(get("", "SERVICE=WMS&REQUEST=Nothing")).await.unwrap()).await;
    assert!(missing.contains("ServiceException"), "{missing}");
    let nowhere = rig.send(get("/wfs3/collections/nowhere", "")).await.unwrap();
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn executes_a_write_once() {
    let Some(rig) = Rig::start(Duration::from_mins(1)) else { return };
    let done = text(rig.send(insert("name")).await.unwrap()).await;
    assert!(done.contains("<totalInserted>1<"), "{done}");
    let all = "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=places&OUTPUTFORMAT=geojson";
    let features = text(rig.send(get("", all)).await.unwrap()).await;
    assert_eq!(features.matches("\"Feature\"").count(), 3, "{features}");
    // The client for a running FastCGI server gets the same.
    let server = FastCgi::new(format!("unix:{}", rig.socket().display()).parse().unwrap());
    let again = text(server.send(&rig.project(), get("", all)).await.unwrap()).await;
    assert_eq!(again.matches("\"Feature\"").count(), 3, "{again}");
}

#[tokio::test]
async fn replaces_a_qgis_process_that_is_killed_during_a_request() {
    let Some(rig) = Rig::start(Duration::from_mins(1)) else { return };
    assert!(rig.send(get("", CAPABILITIES)).await.is_ok());
    let ids = rig.ids();
    assert_eq!(ids.len(), 1);
    let processes = rig.processes.clone();
    let project = rig.project();
    let hung = tokio::spawn(async move { processes.send(&project, insert("nothing")).await });
    until_busy(&ids[0]).await;
    assert!(Command::new("kill").args(["-9", &ids[0]]).status().unwrap().success());
    assert_eq!(hung.await.unwrap().unwrap_err().reason(), "qgis_died");
    let capabilities = text(rig.send(get("", CAPABILITIES)).await.unwrap()).await;
    assert!(capabilities.contains("<Name>places</Name>"));
    assert_ne!(rig.ids(), ids);
}

#[tokio::test]
async fn kills_a_hanging_insert_after_its_client_disconnects() {
    let Some(rig) = Rig::start(Duration::from_millis(50)) else { return };
    assert!(rig.send(get("", CAPABILITIES)).await.is_ok());
    let ids = rig.ids();
    let hung = tokio::time::timeout(Duration::from_millis(500), rig.send(insert("nothing"))).await;
    assert!(hung.is_err(), "QGIS now answers such an Insert; the gate no longer needs to check its fields");
    let capabilities = text(rig.send(get("", CAPABILITIES)).await.unwrap()).await;
    assert!(capabilities.contains("<Name>places</Name>"));
    assert_ne!(rig.ids(), ids);
    assert_eq!(rig.ids().len(), 1);
}

/// Waits until the process `id` has used another 20 ticks of CPU time, so that it is busy with a long request.
async fn until_busy(id: &str) {
    let used = || {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let fields: Vec<_> = stat.rsplit(") ").next().unwrap().split(' ').map(str::to_owned).collect();
        fields[11].parse::<u64>().unwrap()
    };
    let before = used();
    while used() < before + 20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
