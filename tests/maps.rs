//! The sample maps of `make run`: the site's own gate in front of a real QGIS Server. Whoever a session opens a catalogue
//! for sees that catalogue and no other, at the addresses and with the answers of production.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::{path::Path, sync::Arc};

use axum::{
    Router,
    body::{Body, to_bytes},
};
use entra_emulator::{
    Person::{self, Editor, Reader},
    TokenAsk,
};
use http::{Method, Request};
use pozi_auth::{
    session::{ISSUER_KEY_LIFETIMES, IssuerKeys},
    sites::Site,
};
use pozi_local::{
    gates::Gates,
    maps::{self, Qgis},
};
use pozi_tests::{Answer, PublishedDocument, World, install_qgis};
use tempfile::TempDir;
use tower::ServiceExt;

const BASE: &str = "http://localhost:8080";
const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones,roads,trees,sign&STYLES=&CRS=EPSG:3857&BBOX=0,0,1200,800&WIDTH=300&HEIGHT=200&FORMAT=image/png";
const SIGN: &str = "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=sign&OUTPUTFORMAT=GeoJSON";

/// The gates of a world's sites.
struct Maps {
    world: World,
    sites: Vec<Arc<Site>>,
    router: Router,
    state: TempDir,
}

impl Maps {
    /// With QGIS Server where it is installed.
    async fn drawn() -> Option<Self> {
        if install_qgis() { Some(Self::of(maps::PROGRAM).await) } else { None }
    }

    /// Without QGIS Server: what is let through is answered 502.
    async fn undrawn() -> Self {
        Self::of("/nonexistent/qgis_mapserv.fcgi").await
    }

    async fn of(program: &str) -> Self {
        let world = World::new().await;
        let state = tempfile::tempdir().unwrap();
        let sites: Vec<_> = world.sites.all().cloned().collect();
        let gates = Gates {
            clock: world.clock.clone(),
            issuer: world.issuer.clone(),
            keys: Arc::new(IssuerKeys::new(PublishedDocument::of(&world), ISSUER_KEY_LIFETIMES)),
            base: BASE.to_owned(),
            state: state.path().to_owned(),
            qgis: Qgis::new(program, state.path().join("qgis"), false),
        };
        let router = gates.router(&sites).unwrap();
        Self { world, sites, router, state }
    }

    async fn session(&self, site: &str, person: Person) -> String {
        let ask = TokenAsk { site: site.into(), person, ..TokenAsk::default() };
        let answer = self.world.exchange(&self.world.token(&ask), &[]).await;
        assert!(!answer.session().is_empty(), "{:?}", answer.json);
        answer.session().to_owned()
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &'static str) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answered = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (head, body) = answered.into_parts();
        let body: Vec<u8> = to_bytes(body, usize::MAX).await.unwrap().into();
        let json = serde_json::from_slice(&body).unwrap_or_default();
        Answer { status: head.status, headers: head.headers, json, body }
    }

    async fn look(&self, path: &str, session: &str) -> Answer {
        self.send(Method::GET, path, &[("x-pozi-session", session)], "").await
    }

    /// The text at `path`, which is let through.
    async fn text(&self, path: &str, session: &str) -> String {
        let answer = self.look(path, session).await;
        let text = String::from_utf8(answer.body).unwrap();
        assert_eq!(answer.status, 200, "{path}: {text}");
        text
    }

    fn titles(&self) -> Vec<&str> {
        let catalogues = self.sites.iter().flat_map(|site| &site.catalogues);
        catalogues.map(|catalogue| catalogue.title.as_str()).collect()
    }
}

fn outcome(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.json["reason"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn the_sites_own_gate_decides_about_every_map() {
    let maps = Maps::undrawn().await;
    let (reader, editor) = (maps.session("riverbend", Reader).await, maps.session("riverbend", Editor).await);
    let others = maps.session("saltmarsh", Editor).await;
    let let_through = (502, "qgis_unreachable");
    for (path, session, expected) in [
        ("/riverbend/pozi/ows/planning/", reader.as_str(), let_through),
        ("/riverbend/pozi/ows/heritage/", &reader, let_through),
        ("/riverbend/pozi/ows/assets/", &reader, (403, "scope")),
        ("/riverbend/pozi/ows/assets/", &editor, let_through),
        ("/riverbend/pozi/ows/everyday/", &editor, (404, "unknown_catalogue")),
        ("/saltmarsh/pozi/ows/everyday/", &others, let_through),
        ("/saltmarsh/pozi/ows/everyday/", &editor, (401, "audience_mismatch")),
        ("/riverbend/pozi/ows/planning/", &others, (401, "audience_mismatch")),
        ("/riverbend/pozi/ows/planning/", "", (401, "no_session")),
        ("/riverbend/pozi/ows/planning/", "a.b.c", (401, "malformed")),
        ("/riverbend/pozi/ows/..", &reader, (404, "not_found")),
        ("/riverbend/pozi/ows/%2e%2e%2fsaltmarsh", &reader, (404, "not_found")),
    ] {
        let answer = maps.look(&format!("{path}?{MAP}"), session).await;
        assert_eq!(outcome(&answer), expected, "{path}");
    }
    for path in ["/nowhere/pozi/ows/planning/", "/riverbend/ows/planning/", "/maps/riverbend/planning"] {
        assert_eq!(maps.look(path, &reader).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn clients_may_go_on_naming_the_project_of_the_sites_file() {
    let maps = Maps::undrawn().await;
    let reader = maps.session("riverbend", Reader).await;
    for (address, expected) in [
        ("qgisserver?MAP=C:/Pozi/planning.qgz&", (502, "qgis_unreachable")),
        ("qgisserver?MAP=c:%5cpozi%5cPLANNING.QGZ&", (502, "qgis_unreachable")),
        ("QGISServer?MAP=C:/Pozi/planning.qgz&", (502, "qgis_unreachable")),
        ("ows/planning/?MAP=C:/Pozi/planning.qgz&", (502, "qgis_unreachable")),
        ("ows/planning/?MAP=C:/Pozi/heritage.qgz&", (404, "contradicting_catalogue")),
        ("qgisserver?MAP=C:/Pozi/assets.qgz&", (403, "scope")),
        ("qgisserver?MAP=D:/Pozi/everyday.qgz&", (404, "unknown_project")),
        ("qgisserver?MAP=/etc/passwd&", (404, "unknown_project")),
    ] {
        let answer = maps.look(&format!("/riverbend/pozi/{address}{MAP}"), &reader).await;
        assert_eq!(outcome(&answer), expected, "{address}");
    }
    let check = maps.look("/riverbend/pozi/qgisserver/wfs3.json", "").await;
    assert_eq!((check.status.as_u16(), &check.json["title"]), (200, &"Pozi Server".into()));
}

#[tokio::test]
async fn a_session_opens_no_map_after_its_end_and_a_narrow_one_only_its_own() {
    let maps = Maps::undrawn().await;
    let ask = TokenAsk { site: "riverbend".into(), ..TokenAsk::default() };
    let narrow = maps.world.exchange(&maps.world.token(&ask), &[("scope", "planning:read")]).await;
    let path = |catalogue: &str| format!("/riverbend/pozi/ows/{catalogue}/?{MAP}");
    assert_eq!(maps.look(&path("planning"), narrow.session()).await.status, 502);
    assert_eq!(maps.look(&path("heritage"), narrow.session()).await.status, 403);
    maps.world.clock.advance(600);
    let late = maps.look(&path("planning"), narrow.session()).await;
    assert_eq!(outcome(&late), (401, "expired"));
    assert!(late.header("www-authenticate").starts_with("Bearer"));
}

#[tokio::test]
async fn a_web_app_of_the_site_reads_every_answer_and_no_other_page_does() {
    let maps = Maps::undrawn().await;
    let reader = maps.session("riverbend", Reader).await;
    for (origin, is_own) in [
        ("https://riverbend.enterprise.example", true),
        ("http://localhost:3000", true),
        ("http://localhost:51234", true),
        ("https://saltmarsh.enterprise.example", false),
        ("http://localhost.elsewhere.example", false),
    ] {
        let allowed = if is_own { origin } else { "" };
        for (catalogue, session) in [("planning", reader.as_str()), ("assets", &reader), ("planning", "")] {
            let path = format!("/riverbend/pozi/ows/{catalogue}/?{MAP}");
            let headers = [("origin", origin), ("x-pozi-session", session)];
            let answer = maps.send(Method::GET, &path, &headers, "").await;
            assert_eq!(answer.header("access-control-allow-origin"), allowed, "{origin} {catalogue}");
        }
        let asks = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "x-pozi-session"),
        ];
        let answer = maps.send(Method::OPTIONS, "/riverbend/pozi/ows/planning/", &asks, "").await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (204, allowed));
        let headers = answer.header("access-control-allow-headers").to_ascii_lowercase();
        assert_eq!(headers.contains("x-pozi-session"), is_own, "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_catalogue_shows_its_own_title_and_no_others_by_every_service() {
    let Some(maps) = Maps::drawn().await else { return };
    let sessions = [maps.session("riverbend", Editor).await, maps.session("saltmarsh", Editor).await];
    let titles = maps.titles();
    let mut pictures = Vec::new();
    for site in &maps.sites {
        let session = &sessions[usize::from(site.name.as_str() == "saltmarsh")];
        for catalogue in &site.catalogues {
            let old = format!("/{}/pozi/qgisserver?MAP={}&{SIGN}", site.name, catalogue.project);
            let gate = format!("/{}/pozi/ows/{}/", site.name, catalogue.id);
            for path in [
                old,
                format!("{gate}?{SIGN}"),
                format!("{gate}?SERVICE=WMS&REQUEST=GetCapabilities"),
                format!("{gate}?SERVICE=WMTS&REQUEST=GetCapabilities"),
                format!("{gate}wfs3/collections/sign/items.json"),
            ] {
                let text = maps.text(&path, session).await;
                for title in &titles {
                    assert_eq!(text.contains(title), *title == catalogue.title, "{path}: {title}");
                }
                assert!(!text.contains(maps.state.path().to_str().unwrap()), "{path} shows a path");
            }
            let picture = maps.look(&format!("{gate}?{MAP}"), session).await;
            assert_eq!((picture.status.as_u16(), picture.header("content-type")), (200, "image/png"));
            assert_eq!(png_size(&picture.body), (300, 200));
            assert_eq!(picture.header("cache-control"), "private");
            pictures.push(picture.body);
        }
    }
    for (index, picture) in pictures.iter().enumerate() {
        assert!(pictures.iter().skip(index + 1).all(|other| other != picture), "{}", titles[index]);
    }
}

fn png_size(bytes: &[u8]) -> (u32, u32) {
    let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    (reader.info().width, reader.info().height)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_in_capabilities_lead_back_through_the_gate_and_tiles_come() {
    let Some(maps) = Maps::drawn().await else { return };
    let session = maps.session("riverbend", Reader).await;
    let gate = "/riverbend/pozi/ows/planning/";
    for service in ["WMS", "WFS", "WMTS"] {
        let text = maps.text(&format!("{gate}?SERVICE={service}&REQUEST=GetCapabilities"), &session).await;
        assert!(text.contains(&format!("{BASE}{gate}")), "{service}");
        assert!(!text.contains("http://localhost/") && !text.contains("MAP="), "{service}");
    }
    let tile = "SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetTile&LAYER=zones&STYLE=&FORMAT=image/png&TILEMATRIXSET=EPSG:3857&TILEMATRIX=16&TILEROW=32767&TILECOL=32768";
    let tile = maps.look(&format!("{gate}?{tile}"), &session).await;
    assert_eq!((tile.status.as_u16(), png_size(&tile.body)), (200, (256, 256)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_writes_and_a_reader_does_not() {
    const INSERT: &str = r#"<Transaction xmlns="http://www.opengis.net/wfs" service="WFS" version="1.1.0"><Insert><trees xmlns="http://www.qgis.org/gml"><geometry><Point xmlns="http://www.opengis.net/gml" srsName="EPSG:3857"><pos>300 300</pos></Point></geometry><kind>tree</kind><name>New elm</name></trees></Insert></Transaction>"#;
    let Some(maps) = Maps::drawn().await else { return };
    let editor = maps.session("riverbend", Editor).await;
    for (catalogue, expected) in [("planning", (403, "scope")), ("assets", (200, ""))] {
        let gate = format!("/riverbend/pozi/ows/{catalogue}/");
        let headers = [("x-pozi-session", editor.as_str()), ("content-type", "text/xml")];
        let answer = maps.send(Method::POST, &gate, &headers, INSERT).await;
        assert_eq!(outcome(&answer), expected, "{}", String::from_utf8_lossy(&answer.body));
        let trees = maps.text(&format!("{gate}wfs3/collections/trees/items.json"), &editor).await;
        assert_eq!(trees.contains("New elm"), catalogue == "assets", "{trees}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_qgis_server_fails_there_is_no_picture_at_all() {
    let Some(maps) = Maps::drawn().await else { return };
    let session = maps.session("riverbend", Reader).await;
    let project = maps.state.path().join("maps/riverbend/planning/project.qgs");
    for what in ["damaged", "gone"] {
        spoil(&project, what);
        let answer = maps.look(&format!("/riverbend/pozi/ows/planning/?{MAP}"), &session).await;
        assert_eq!(outcome(&answer), (502, "qgis_failed"), "{what}");
    }
    assert_eq!(maps.look(&format!("/riverbend/pozi/ows/heritage/?{MAP}"), &session).await.status, 200);
}

fn spoil(project: &Path, what: &str) {
    match what {
        "damaged" => std::fs::write(project, "<qgis>").unwrap(),
        _ => std::fs::remove_file(project).unwrap(),
    }
}
