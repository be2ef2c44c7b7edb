//! The sample maps of `make run`: each site's own gate in front of real QGIS Server. A session opens its catalogues and no
//! others, at the same URLs and with the same answers as in production.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

#[path = "maps/sample_maps.rs"]
mod sample_maps;

use std::path::Path;

use entra_emulator::{
    Person::{Editor, Reader},
    TokenSpec,
};
use http::Method;
use pozi_tests::Answer;

use self::sample_maps::{BASE, Maps};

const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones,roads,trees,sign&STYLES=&CRS=EPSG:3857&BBOX=0,0,1200,800&WIDTH=300&HEIGHT=200&FORMAT=image/png";
const SIGN: &str = "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=sign&OUTPUTFORMAT=GeoJSON";

fn outcome(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.json["reason"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn the_sites_gate_decides_every_map_request() {
    let maps = Maps::without_qgis().await;
    let (reader, editor) = (maps.session("riverbend", Reader).await, maps.session("riverbend", Editor).await);
    let saltmarsh = maps.session("saltmarsh", Editor).await;
    let allowed = (502, "qgis_unreachable");
    for (path, session, expected) in [
        ("/riverbend/pozi/ows/planning/", reader.as_str(), allowed),
        ("/riverbend/pozi/ows/heritage/", &reader, allowed),
        ("/riverbend/pozi/ows/assets/", &reader, (403, "scope")),
        ("/riverbend/pozi/ows/assets/", &editor, allowed),
        ("/riverbend/pozi/ows/everyday/", &editor, (404, "unknown_catalogue")),
        ("/saltmarsh/pozi/ows/everyday/", &saltmarsh, allowed),
        ("/saltmarsh/pozi/ows/everyday/", &editor, (401, "audience_mismatch")),
        ("/riverbend/pozi/ows/planning/", &saltmarsh, (401, "audience_mismatch")),
        ("/riverbend/pozi/ows/planning/", "", (401, "no_session")),
        ("/riverbend/pozi/ows/planning/", "a.b.c", (401, "malformed")),
        ("/riverbend/pozi/ows/..", &reader, (404, "not_found")),
        ("/riverbend/pozi/ows/%2e%2e%2fsaltmarsh", &reader, (404, "not_found")),
    ] {
        let answer = maps.get(&format!("{path}?{MAP}"), session).await;
        assert_eq!(outcome(&answer), expected, "{path}");
    }
    for path in ["/nowhere/pozi/ows/planning/", "/riverbend/ows/planning/", "/maps/riverbend/planning"] {
        assert_eq!(maps.get(path, &reader).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn clients_may_still_name_the_project_in_the_sites_file() {
    let maps = Maps::without_qgis().await;
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
        let answer = maps.get(&format!("/riverbend/pozi/{address}{MAP}"), &reader).await;
        assert_eq!(outcome(&answer), expected, "{address}");
    }
    let check = maps.get("/riverbend/pozi/qgisserver/wfs3.json", "").await;
    assert_eq!((check.status.as_u16(), &check.json["title"]), (200, &"Pozi Server".into()));
}

#[tokio::test]
async fn a_session_opens_no_map_after_it_expires_and_only_the_catalogues_in_its_scope() {
    let maps = Maps::without_qgis().await;
    let ask = TokenSpec { site: "riverbend".into(), ..TokenSpec::default() };
    let narrow = maps.world.exchange(&maps.world.token(&ask), &[("scope", "planning:read")]).await;
    let path = |catalogue: &str| format!("/riverbend/pozi/ows/{catalogue}/?{MAP}");
    assert_eq!(maps.get(&path("planning"), narrow.session()).await.status, 502);
    assert_eq!(maps.get(&path("heritage"), narrow.session()).await.status, 403);
    maps.world.clock.advance(600);
    let late = maps.get(&path("planning"), narrow.session()).await;
    assert_eq!(outcome(&late), (401, "expired"));
    assert!(late.header("www-authenticate").starts_with("Bearer"));
}

/// RFC 10017 §6.3.3.4.
#[tokio::test]
async fn only_the_sites_own_web_app_can_read_answers() {
    let maps = Maps::without_qgis().await;
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
        let preflight = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "x-pozi-session"),
        ];
        let answer = maps.send(Method::OPTIONS, "/riverbend/pozi/ows/planning/", &preflight, "").await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (204, allowed));
        let headers = answer.header("access-control-allow-headers").to_ascii_lowercase();
        assert_eq!(headers.contains("x-pozi-session"), is_own, "{origin}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_service_shows_only_the_title_of_its_catalogue() {
    let Some(maps) = Maps::with_qgis().await else { return };
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
            let picture = maps.get(&format!("{gate}?{MAP}"), session).await;
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
async fn urls_in_capabilities_lead_through_the_gate_and_tiles_load() {
    let Some(maps) = Maps::with_qgis().await else { return };
    let session = maps.session("riverbend", Reader).await;
    let gate = "/riverbend/pozi/ows/planning/";
    for service in ["WMS", "WFS", "WMTS"] {
        let text = maps.text(&format!("{gate}?SERVICE={service}&REQUEST=GetCapabilities"), &session).await;
        assert!(text.contains(&format!("{BASE}{gate}")), "{service}");
        assert!(!text.contains("http://localhost/") && !text.contains("MAP="), "{service}");
    }
    let tile = "SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetTile&LAYER=zones&STYLE=&FORMAT=image/png&TILEMATRIXSET=EPSG:3857&TILEMATRIX=16&TILEROW=32767&TILECOL=32768";
    let tile = maps.get(&format!("{gate}?{tile}"), &session).await;
    assert_eq!((tile.status.as_u16(), png_size(&tile.body)), (200, (256, 256)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_can_insert_a_feature_and_a_reader_cannot() {
    const INSERT: &str = r#"<Transaction xmlns="http://www.opengis.net/wfs" service="WFS" version="1.1.0"><Insert><trees xmlns="http://www.qgis.org/gml"><geometry><Point xmlns="http://www.opengis.net/gml" srsName="EPSG:3857"><pos>300 300</pos></Point></geometry><kind>tree</kind><name>New elm</name></trees></Insert></Transaction>"#;
    let Some(maps) = Maps::with_qgis().await else { return };
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
async fn no_picture_is_returned_when_qgis_server_fails() {
    let Some(maps) = Maps::with_qgis().await else { return };
    let session = maps.session("riverbend", Reader).await;
    let project = maps.state.path().join("maps/riverbend/planning/project.qgs");
    for what in ["invalid", "missing"] {
        damage(&project, what);
        let answer = maps.get(&format!("/riverbend/pozi/ows/planning/?{MAP}"), &session).await;
        assert_eq!(outcome(&answer), (502, "qgis_failed"), "{what}");
    }
    assert_eq!(maps.get(&format!("/riverbend/pozi/ows/heritage/?{MAP}"), &session).await.status, 200);
}

fn damage(project: &Path, what: &str) {
    match what {
        "invalid" => std::fs::write(project, "<qgis>").unwrap(),
        _ => std::fs::remove_file(project).unwrap(),
    }
}
