//! Downloads apart from views: the same requests with a session that may download a catalogue, with one that may only read it,
//! and for a catalogue whose site file has no rule for downloads.

use entra_emulator::{Person, TokenSpec};
use http::Method;
use pozi_auth::{keyring::SigningAlgorithm, sites::SiteFile};
use pozi_gate::settings::Limits;
use pozi_local::samples;
use pozi_tests::World;

use super::{
    proxy::{Answer, Proxy, no_timeouts},
    site::Site,
};

/// The asset officers. The sample's editor is one, and its reader is not; both are planners.
const RULE: &str = "download = [\"1f0ac082-247d-44fa-bcb6-667230cbf808\"]";
const CHALLENGE: &str = r#"Bearer realm="pozi", error="insufficient_scope", scope="planning:download""#;

/// Riverbend, with a rule for downloads of `planning` and none for `heritage`.
fn files() -> Vec<SiteFile> {
    let mut files = samples::site_files();
    let ruled = files[0].text.replacen("id = \"planning\"", &format!("{RULE}\nid = \"planning\""), 1);
    assert_ne!(ruled, files[0].text);
    files[0].text = ruled;
    files
}

async fn session(world: &World, person: Person, more: &[(&str, &str)]) -> String {
    let ask = TokenSpec { site: "riverbend".into(), person, ..TokenSpec::default() };
    let answer = world.exchange(&world.token(&ask), more).await;
    assert!(!answer.session().is_empty(), "{:?}", answer.json);
    answer.session().to_owned()
}

/// A request: a method, what follows the catalogue in the address, and a body.
type Sent = (Method, &'static str, &'static str);

fn get(rest: &'static str) -> Sent {
    (Method::GET, rest, "")
}

async fn ask(proxy: &Proxy, catalogue: &str, session: &str, (method, rest, body): &Sent) -> Answer {
    let mut client = proxy.connect().await;
    let length = body.len();
    client
        .send(&format!(
            "{method} /pozi/ows/{catalogue}/{rest} HTTP/1.1\r\nHost: gate\r\nX-Pozi-Session: {session}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await;
    if method == Method::HEAD {
        let head = client.head().await;
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        return Answer { status, head, body: Vec::new() };
    }
    client.answer().await
}

/// Requests that give at most one feature, and those that give more.
fn requests() -> [Vec<Sent>; 2] {
    let info = "?SERVICE=WMS&REQUEST=GetFeatureInfo&LAYERS=zones&QUERY_LAYERS=zones&I=1&J=1&FEATURE_COUNT=10";
    let views = vec![
        get("?SERVICE=WMS&REQUEST=GetMap&LAYERS=zones&CRS=EPSG:3857&BBOX=0,0,1,1&WIDTH=9&HEIGHT=9"),
        get(info),
        get("?SERVICE=WMTS&REQUEST=GetTile&LAYER=zones&FORMAT=image/png&TILEMATRIX=1&TILEROW=0&TILECOL=0"),
        get("?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=zones&MAXFEATURES=1"),
        get("?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=zones&RESULTTYPE=hits"),
        get("?SERVICE=WFS&REQUEST=GetFeature&FEATUREID=zones.1"),
        (
            Method::POST,
            "",
            "<GetFeature service='WFS' maxFeatures='1'><Query typeName='zones'/></GetFeature>",
        ),
        get("wfs3/collections/zones/items?limit=1"),
        get("wfs3/collections/zones/items/1"),
    ];
    let downloads = vec![
        get("?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=zones"),
        (Method::HEAD, "?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=zones&MAXFEATURES=2", ""),
        (Method::POST, "", "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=zones&COUNT=2"),
        (Method::POST, "", "<GetFeature service='WFS'><Query typeName='zones'/></GetFeature>"),
        get("wfs3/collections/zones/items"),
        get("wfs3/collections/zones/items?limit=1000&resultType=hits"),
        get("?SERVICE=WCS&REQUEST=GetCoverage&COVERAGE=dem&CRS=EPSG:3857&BBOX=0,0,1,1&WIDTH=1&HEIGHT=1"),
        get(
            "?SERVICE=WMS&REQUEST=GetMap&LAYERS=zones&CRS=EPSG:3857&BBOX=0,0,1,1&WIDTH=9&HEIGHT=9&FORMAT=application/dxf",
        ),
    ];
    [views, downloads]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_for_downloads_leaves_readers_their_maps_and_clicks() {
    let proxy = Proxy::of(&files(), no_timeouts()).await;
    let reader = session(&proxy.world, Person::Reader, &[]).await;
    let editor = session(&proxy.world, Person::Editor, &[]).await;
    let [views, downloads] = requests();
    let mut asked = 0;
    for request in &views {
        assert_eq!(ask(&proxy, "planning", &reader, request).await.status, 200, "{request:?}");
        asked += 1;
    }
    for request in &downloads {
        let refused = ask(&proxy, "planning", &reader, request).await;
        assert_eq!(refused.status, 403, "{request:?}");
        assert_eq!(proxy.qgis.requests(), asked, "QGIS hears of none: {request:?}");
        for (session, catalogue) in [(&editor, "planning"), (&reader, "heritage")] {
            let answered = ask(&proxy, catalogue, session, request).await;
            assert_eq!(answered.status, 200, "{catalogue}: {request:?}");
            asked += 1;
        }
    }
    assert_eq!(proxy.qgis.requests(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_download_says_what_is_missing_and_what_to_do() {
    let limits = Limits { max_features_without_download: 3, ..no_timeouts() };
    let proxy = Proxy::of(&files(), limits).await;
    let reader = session(&proxy.world, Person::Reader, &[]).await;
    let features = "?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=zones&MAXFEATURES=3";
    assert_eq!(ask(&proxy, "planning", &reader, &get(features)).await.status, 200, "the setting decides");
    let features = "?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=zones&MAXFEATURES=4";
    let refused = ask(&proxy, "planning", &reader, &get(features)).await;
    assert_eq!(refused.verdict(), (403, "download".into()));
    assert!(refused.head.contains(CHALLENGE), "{}", refused.head);
    let text = String::from_utf8(refused.body).unwrap();
    assert!(text.contains("ask for a map, or for at most 3 features, or have the person added"), "{text}");
}

/// A download without reading is nothing, and the body is not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn only_readers_may_download() {
    let proxy = Proxy::of(&files(), no_timeouts()).await;
    let narrow = session(&proxy.world, Person::Editor, &[("scope", "planning:download")]).await;
    let mut client = proxy.connect().await;
    client
        .send(&format!(
            "POST /pozi/ows/planning/ HTTP/1.1\r\nHost: gate\r\nX-Pozi-Session: {narrow}\r\nContent-Length: 100\r\n\r\n"
        ))
        .await;
    let refused = client.answer().await;
    assert_eq!(refused.verdict(), (403, "scope".into()));
    assert!(refused.head.contains("scope=\"planning:read\""), "{}", refused.head);
}

#[tokio::test]
async fn decide_resolves_a_download_by_the_catalogues_rule() {
    let site = Site::of(World::with(&files(), SigningAlgorithm::Es256).await);
    let world = &site.world;
    let (reader, editor) =
        (session(world, Person::Reader, &[]).await, session(world, Person::Editor, &[]).await);
    let narrow = session(world, Person::Editor, &[("scope", "planning:download")]).await;
    let writer = session(world, Person::Editor, &[("scope", "assets:write")]).await;
    for (session, catalogue, method, access, status, detail) in [
        (&reader, "planning", "GET", "read", 204, ""),
        (&reader, "planning", "GET", "download", 403, "planning:download"),
        (&editor, "planning", "GET", "download", 204, ""),
        (&editor, "planning", "HEAD", "download", 204, ""),
        (&editor, "planning", "POST", "download", 403, "method_not_for_reading"),
        // Without a rule, who may read may download.
        (&reader, "heritage", "GET", "download", 204, ""),
        (&reader, "assets", "GET", "download", 403, "assets:read"),
        (&writer, "assets", "GET", "download", 204, ""),
        (&narrow, "planning", "GET", "download", 403, "planning:read"),
        (&narrow, "planning", "GET", "read", 403, "planning:read"),
        (&narrow, "planning", "GET", "write", 403, "planning:write"),
    ] {
        let answer = site
            .ask(&[
                ("x-pozi-catalogue", catalogue),
                ("x-pozi-method", method),
                ("x-pozi-access", access),
                ("x-pozi-session", session),
            ])
            .await;
        let place = format!("{method} {access} of {catalogue}: {:?}", answer.json);
        assert_eq!(answer.status, status, "{place}");
        let said = format!("{} {}", answer.header("www-authenticate"), answer.json["reason"]);
        assert!(said.contains(detail), "{place}");
    }
    let refused = site
        .ask(&[
            ("x-pozi-catalogue", "planning"),
            ("x-pozi-method", "GET"),
            ("x-pozi-access", "download"),
            ("x-pozi-session", &reader),
        ])
        .await;
    assert_eq!(refused.json["reason"], "download");
    assert_eq!(refused.header("www-authenticate"), CHALLENGE);
}
