//! WMS: external styles and pictures, header injection, restricted layers and hidden fields.

use super::super::{
    attack::Attack,
    fixture::{Fixture, MAP},
    probe::{Coverage, Parameters, Probe, parameters, spelled},
};

const FAMILY: &str = "maps";
const POSITION: &str = "CRS=EPSG:3857&BBOX=0,0,1000,1000&WIDTH=20&HEIGHT=20&STYLES=";

/// WMS requests for files, other hosts, injected headers and hidden data.
pub(super) fn attacks(fixture: &Fixture) -> Vec<Attack> {
    let mut attacks = spelled(&main_probes(fixture), &fixture.alpha, Coverage::All);
    attacks.extend(spelled(&fetching(fixture), &fixture.alpha, Coverage::Sample(7)));
    attacks.extend(spelled(&hidden(), &fixture.alpha, Coverage::Sample(7)));
    attacks.extend(spelled(&odd(), &fixture.alpha, Coverage::Sample(3)));
    attacks
}

fn one(name: &str, value: impl Into<String>) -> Parameters {
    vec![(name.into(), value.into())]
}

fn main_probes(fixture: &Fixture) -> Vec<Probe> {
    let style = Fixture::style("places", &fixture.svg);
    let external = vec![
        ("LAYERS".into(), "EXTERNAL_WMS:y".into()),
        ("y:url".into(), format!("{}/external", fixture.trap)),
        ("y:layers".into(), "a".into()),
        ("y:format".into(), "image/png".into()),
        ("y:crs".into(), "EPSG:3857".into()),
        ("y:styles".into(), String::new()),
    ];
    vec![
        Probe::new(FAMILY, "a style from another host", MAP, one("SLD", format!("{}/style", fixture.trap))),
        Probe::new(FAMILY, "a style with a secret picture", MAP, one("SLD_BODY", style)),
        Probe::new(FAMILY, "a layer from another host", MAP.trim_end_matches("&LAYERS=places"), external),
        Probe::new(FAMILY, "an injected header", MAP, one("FILE_NAME", header())),
        Probe::new(FAMILY, "a highlight with a secret picture", MAP, highlight(&fixture.svg)),
    ]
}

fn header() -> String {
    "a\"\r\nX-Pwned: evil.example\r\nX-B: \"b".into()
}

/// A highlight that covers the map, filled with a picture.
fn highlight(picture: &str) -> Parameters {
    // Of a style for layers, without the layer.
    let style = Fixture::style("places", picture);
    let style = style.replace("<NamedLayer><se:Name>places</se:Name>", "").replace("</NamedLayer>", "");
    let shape = "POLYGON((0 0, 990 0, 990 990, 0 990, 0 0))";
    vec![("HIGHLIGHT_GEOM".into(), shape.into()), ("HIGHLIGHT_SYMBOL".into(), style)]
}

fn fetching(fixture: &Fixture) -> Vec<Probe> {
    let wms = |request: &str, rest: &str| format!("SERVICE=WMS&VERSION=1.3.0&REQUEST={request}{rest}");
    let operations = [
        wms("GetCapabilities", ""),
        wms("GetProjectSettings", ""),
        wms("GetLegendGraphic", "&LAYER=places&FORMAT=image/png"),
        wms("GetStyles", "&LAYERS=places"),
        wms("DescribeLayer", "&LAYERS=places&SLD_VERSION=1.1.0"),
        wms("GetContext", ""),
        wms("GetFeatureInfo", &format!("&{POSITION}&LAYERS=places&QUERY_LAYERS=places&I=5&J=5")),
    ];
    let style = |usual: &String| {
        Probe::new(FAMILY, "a style from another host", usual, one("SLD", format!("{}/style", fixture.trap)))
    };
    let file_name =
        |usual: &String| Probe::new(FAMILY, "an injected header", usual, one("FILE_NAME", header()));
    let pictures =
        [format!("{}/picture.svg", fixture.trap), format!("file://{}", fixture.svg), fixture.png.clone()];
    let drawn = pictures.iter().flat_map(|picture| {
        let style = Fixture::style("places", picture);
        [
            Probe::new(FAMILY, "a style with a picture", MAP, one("SLD_BODY", style)),
            Probe::new(FAMILY, "a highlight with a picture", MAP, highlight(picture)),
        ]
    });
    let local = [
        Probe::new(FAMILY, "a style from a file", MAP, one("SLD", format!("file://{}", fixture.secret))),
        Probe::new(
            FAMILY,
            "a style of a hidden layer",
            MAP,
            one("SLD_BODY", Fixture::style("hidden", &fixture.svg)),
        ),
        Probe::new(FAMILY, "a header with a colon", MAP, one("FILE_NAME", "evil.example:\r\n\r\n<b>")),
    ];
    operations.iter().map(style).chain(operations.iter().map(file_name)).chain(drawn).chain(local).collect()
}

fn hidden() -> Vec<Probe> {
    let info = format!(
        "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&{POSITION}&I=5&J=5&INFO_FORMAT=text/xml&FEATURE_COUNT=9"
    );
    let no_layers = MAP.trim_end_matches("&LAYERS=places");
    let query = |layer: &str| vec![("LAYERS".into(), layer.into()), ("QUERY_LAYERS".into(), layer.into())];
    let dxf =
        "CRS=EPSG:3857&BBOX=0,0,1000,1000&WIDTH=20&HEIGHT=20&STYLES=&LAYERS=places&FORMAT=application/dxf";
    let dxf = format!("SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&{dxf}");
    let options =
        |field: &str| one("FORMAT_OPTIONS", format!("MODE:NOSYMBOLOGY;SCALE:1000;LAYERATTRIBUTES:{field}"));
    vec![
        Probe::new(FAMILY, "a drawing with a hidden field", &dxf, options("hush")),
        Probe::new(FAMILY, "a drawing with hidden fields", &dxf, options("hush,hush")),
        Probe::new(FAMILY, "a map of a restricted layer", no_layers, one("LAYERS", "hidden")),
        Probe::new(FAMILY, "a map with a restricted layer", no_layers, one("LAYERS", "places,hidden")),
        Probe::new(FAMILY, "another layer beside", MAP, one("LAYER", "hidden")),
        Probe::new(FAMILY, "a point of a restricted layer", &info, query("hidden")),
        Probe::new(FAMILY, "a point of an unpublished layer", &info, query("unserved")),
        Probe::new(FAMILY, "a point of everything", &info, query("The catalogue of redgum")),
        Probe::new(
            FAMILY,
            "a selection outside a filter",
            no_layers,
            parameters("LAYERS=subset&SELECTION=subset:2"),
        ),
        Probe::new(FAMILY, "a selection with quotes", MAP, one("SELECTION", "places:1') or true or ('1'='1")),
        Probe::new(FAMILY, "a time with quotes", MAP, one("TIME", "2026-01-01' or '1'='1")),
    ]
}

/// Parameters that no usual client sends. Harmless unless a gate and QGIS read them differently.
fn odd() -> Vec<Probe> {
    const ODD: [&str; 18] = [
        "REQUEST=GetMap%00&LAYERS=hidden",
        "VERSION_SERVICE=1.1.1",
        "WMTVER=1.1.1",
        "UNKNOWN=x",
        "REQUEST_BODY=MAP%3Dx",
        "LAYER=places&STYLE=default",
        "SRS=EPSG:4326",
        "CRS=PROJ:%2Bproj%3Dlonglat%20%2Bnadgrids%3D/etc/passwd",
        "CRS=USER:100000",
        "BBOX=inf,inf,nan,nan",
        "BBOX=0,0,1e300,1e300",
        "WIDTH=-1",
        "OPACITIES=-1",
        "FORMAT=image/svg%2Bxml",
        "FORMAT=application/pdf",
        "TRANSPARENT=banana",
        "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=hidden",
        "DIM_X=1' or '1'='1",
    ];
    ODD.iter().map(|query| Probe::new(FAMILY, *query, MAP, parameters(query))).collect()
}
