//! Attempts to reach the other catalogue: by its project's name and by its path.

use super::super::{
    attack::Attack,
    fixture::{Fixture, MAP, encoded},
    probe::{Coverage, Parameters, Probe, spelled},
    request::Request,
};

const FAMILY: &str = "catalogue";
const POSITION: &str = "CRS=EPSG:3857&BBOX=0,0,1000,1000&WIDTH=20&HEIGHT=20";

/// Requests for beta with a session for alpha.
pub(super) fn attacks(fixture: &Fixture) -> Vec<Attack> {
    let beta: Parameters = vec![("MAP".into(), fixture.beta.clone())];
    let probe = |(what, usual): &(&str, String)| Probe::new(FAMILY, *what, usual, beta.clone());
    let main = [
        ("a map of beta", MAP.to_owned()),
        ("features of beta", "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places&OUTPUTFORMAT=geojson".into()),
    ];
    let main: Vec<_> = main.iter().map(probe).collect();
    let others: Vec<_> = others().iter().map(probe).collect();
    let mut attacks = spelled(&main, &fixture.alpha, Coverage::All);
    attacks.extend(spelled(&others, &fixture.alpha, Coverage::Sample(9)));
    attacks.extend(spelled(&named(fixture), &fixture.alpha, Coverage::Sample(3)));
    attacks.extend(paths());
    attacks.extend(old_paths(&fixture.beta));
    attacks
}

fn others() -> Vec<(&'static str, String)> {
    let wms = |request: &str, rest: &str| format!("SERVICE=WMS&VERSION=1.3.0&REQUEST={request}{rest}");
    let info = format!("&{POSITION}&LAYERS=places&QUERY_LAYERS=places&I=5&J=5&INFO_FORMAT=text/xml");
    vec![
        ("capabilities of beta", wms("GetCapabilities", "")),
        ("settings of beta", wms("GetProjectSettings", "")),
        ("a point of beta", wms("GetFeatureInfo", &info)),
        ("a legend of beta", wms("GetLegendGraphic", "&LAYER=places&FORMAT=image/png")),
        ("styles of beta", wms("GetStyles", "&LAYERS=places")),
        ("the context of beta", wms("GetContext", "")),
        ("a layer's description of beta", wms("DescribeLayer", "&LAYERS=places&SLD_VERSION=1.1.0")),
        ("a print of beta", wms("GetPrint", "&TEMPLATE=A4&FORMAT=png&CRS=EPSG:3857&MAP0:EXTENT=0,0,1000,1000&DPI=40")),
        ("feature types of beta", "SERVICE=WFS&REQUEST=DescribeFeatureType&TYPENAME=places".into()),
        ("WFS of beta", "SERVICE=WFS&REQUEST=GetCapabilities".into()),
        ("WMTS of beta", "SERVICE=WMTS&REQUEST=GetCapabilities".into()),
        ("a tile of beta", "SERVICE=WMTS&VERSION=1.0.0&REQUEST=GetTile&LAYER=places&STYLE=&TILEMATRIXSET=EPSG:3857&TILEMATRIX=15&TILEROW=16383&TILECOL=16384&FORMAT=image/png".into()),
        ("WCS of beta", "SERVICE=WCS&REQUEST=GetCapabilities".into()),
        ("a coverage of beta", format!("SERVICE=WCS&VERSION=1.0.0&REQUEST=GetCoverage&COVERAGE=dem&{POSITION}")),
    ]
}

/// Beta's project under other names.
fn named(fixture: &Fixture) -> Vec<Probe> {
    let Fixture { alpha, beta, .. } = fixture;
    let names = [
        format!("{alpha}/../../beta/beta.qgs"),
        format!("/{beta}"),
        beta.replace("/beta/", "/./beta/"),
        beta.replace("/beta/", "/alpha/../beta/"),
        beta.replace('/', "\\"),
        beta.to_uppercase(),
        format!("file://{beta}"),
        format!("{beta}\0"),
        format!("{beta}\0{alpha}"),
        format!("{alpha}\0{beta}"),
        format!("{alpha};{beta}"),
        format!("{alpha}?MAP={beta}"),
        format!(
            "postgresql://127.0.0.1:{}?sslmode=disable&dbname=x&schema=public&project=beta",
            fixture.trap_port
        ),
        format!("{}/beta.qgs", fixture.trap),
        fixture.secret.clone(),
    ];
    let hostile = |name: String| vec![("MAP".to_owned(), name)];
    let usual = "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places";
    names.into_iter().map(|name| Probe::new(FAMILY, "beta by another name", usual, hostile(name))).collect()
}

/// Beta's path through alpha's, for OGC services and for OGC API Features.
fn paths() -> Vec<Attack> {
    const TURNS: [&str; 22] = [
        "alpha/../beta",
        "alpha/%2e%2e/beta",
        "alpha/..%2fbeta",
        "alpha%2f..%2fbeta",
        "alpha%2f%2e%2e%2fbeta",
        "alpha\\..\\beta",
        "alpha%5c..%5cbeta",
        "./beta",
        "alpha;/../beta",
        "alpha/..;/beta",
        "BETA",
        "%62eta",
        "%2562eta",
        "beta%00",
        "beta%20",
        "beta.",
        "/beta",
        "alpha//../beta",
        "alpha/x/../../beta",
        "alpha/%2e%2e%2fbeta",
        "beta%3Falpha",
        "alpha,beta",
    ];
    const RESTS: [(&str, &str); 4] = [
        ("/?", "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places"),
        ("?", "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities"),
        ("/wfs3/collections/places/items.json", ""),
        ("/wfs3.json", ""),
    ];
    let turns = TURNS.into_iter().chain(["beta"]).flat_map(|turn| {
        RESTS.map(|(rest, query)| {
            Attack::new(FAMILY, "beta's path", Request::new("GET", &format!("/pozi/ows/{turn}{rest}{query}")))
        })
    });
    turns.collect()
}

/// The old kind of path: one for all catalogues.
fn old_paths(beta: &str) -> Vec<Attack> {
    const PATHS: [&str; 8] = [
        "/pozi/qgisserver/wfs3/collections/places/items.json?",
        "/pozi/qgisserver/%77fs3/collections/places/items.json?",
        "/pozi/qgisserver/x/../wfs3/collections/places/items.json?",
        "/pozi/qgisserver/wfs3.json?",
        "/pozi/QGISServer?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places&",
        "/pozi/qgisserver/?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places&",
        "/qgisserver?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places&",
        "/pozi/qgisserver;x?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places&",
    ];
    let names = [
        format!("MAP={beta}"),
        format!("map={}", encoded(beta)),
        format!("MAP={}", beta.to_uppercase()),
        format!("MAP={}", encoded(&beta.replace('/', "\\"))),
    ];
    let targets = PATHS.into_iter().flat_map(|path| names.iter().map(move |name| format!("{path}{name}")));
    targets.map(|target| Attack::new(FAMILY, "the old path", Request::new("GET", &target))).collect()
}
