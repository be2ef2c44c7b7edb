//! Each service's requests with the access that they need.

mod properties;

use std::{borrow::Cow, collections::BTreeSet};

use http::Method;
use pozi_auth::sites::{Catalogue, Download, Site};

use super::*;
use crate::{
    request::{Gives, Incoming, Keys, Parameters, Service, kind::Kind, operations},
    settings::Limits,
};

/// A request: its path after the catalogue, its query, and its body if it is a POST.
type Sent<'a> = (&'a str, &'a str, Option<&'a str>);

fn catalogue(download: Download) -> Catalogue {
    let site = Site::parse(include_str!("../../../tests/site.toml")).unwrap();
    Catalogue { download, ..site.catalogues.into_iter().next().unwrap() }
}

/// A catalogue whose site file has a rule for downloads.
fn restricted() -> Catalogue {
    catalogue(Download::Groups(Vec::new()))
}

fn parsed((path, query, body): Sent<'_>, context: &Context<'_>) -> Option<MapRequest> {
    let rest: Vec<_> = path.split('/').filter(|part| !part.is_empty()).map(Cow::Borrowed).collect();
    let keys = if rest.is_empty() { Keys::Ows } else { Keys::Features };
    let query = Parameters::read(query.as_bytes(), keys).unwrap();
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let body = body.unwrap_or_default().as_bytes();
    let incoming = Incoming { method: &method, rest: &rest, query, body, accept: None };
    MapRequest::parse(incoming, context).ok()
}

/// The access that a request needs where there is a rule, and at most this many features are no download.
fn access(sent: Sent<'_>, max_features: u64) -> Access {
    let limits = Limits { max_features_without_download: max_features, ..Limits::default() };
    let catalogue = restricted();
    let context = Context { catalogue: &catalogue, limits: &limits };
    parsed(sent, &context).unwrap_or_else(|| panic!("refused: {sent:?}")).access(&context)
}

#[track_caller]
fn assert_needs(expected: Access, queries: &[&str]) {
    for query in queries {
        assert_eq!(access(("", query, None), 1), expected, "{query}");
        assert_eq!(access(("", "", Some(query)), 1), expected, "as a form: {query}");
    }
}

const MAP: &str =
    "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones&CRS=EPSG:3857&BBOX=0,0,1,1&WIDTH=9&HEIGHT=9";
const INFO: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetFeatureInfo&QUERY_LAYERS=zones&LAYERS=zones";

#[test]
fn maps_legends_tiles_and_clicks_are_no_downloads() {
    let [png, jpeg, webp, small] =
        ["image/png", "jpeg", "image/webp", "image/png8"].map(|format| format!("{MAP}&FORMAT={format}"));
    let click = format!(
        "{INFO}&I=1&J=1&BBOX=0,0,1,1&WIDTH=9&HEIGHT=9&WITH_GEOMETRY=true&INFO_FORMAT=application/json"
    );
    let [ten, hundred, zero] = ["10", "100", "0"].map(|count| format!("{click}&FEATURE_COUNT={count}"));
    assert_needs(
        Access::Read,
        &[
            MAP,
            &png,
            &jpeg,
            &webp,
            &small,
            &click,
            &ten,
            &hundred,
            &zero,
            "SERVICE=WMS&REQUEST=GetCapabilities",
            "SERVICE=WMS&REQUEST=GetProjectSettings",
            "SERVICE=WMS&REQUEST=GetLegendGraphic&LAYER=zones&FORMAT=application/json",
            "SERVICE=WMS&REQUEST=GetStyles&LAYERS=zones",
            "SERVICE=WMS&REQUEST=GetContext",
            "SERVICE=WMS&REQUEST=GetPrint&TEMPLATE=A4&FORMAT=pdf&CRS=EPSG:3857",
            "SERVICE=WMS&REQUEST=GetPrint&TEMPLATE=A4&FORMAT=jpg&CRS=EPSG:3857",
            "SERVICE=WMTS&REQUEST=GetCapabilities",
            "SERVICE=WMTS&REQUEST=GetTile&LAYER=zones&FORMAT=image/jpeg&TILEMATRIX=1&TILEROW=0&TILECOL=0",
            "SERVICE=WMTS&REQUEST=GetFeatureInfo&LAYER=zones&TILEMATRIX=1&TILEROW=0&TILECOL=0&I=1&J=1",
            "SERVICE=WCS&REQUEST=GetCapabilities",
            "SERVICE=WCS&REQUEST=DescribeCoverage&COVERAGE=dem",
            "SERVICE=WFS&REQUEST=GetCapabilities",
            "SERVICE=WFS&REQUEST=DescribeFeatureType&TYPENAME=zones",
        ],
    );
}

#[test]
fn files_and_whole_layers_at_a_place_are_downloads() {
    let dxf = format!("{MAP}&FORMAT=application/dxf&FORMAT_OPTIONS=MODE:NOSYMBOLOGY");
    // A filter without a place.
    let all = format!("{INFO}&FILTER=zones:%22name%22%20%3D%20%27x%27&FEATURE_COUNT=101");
    assert_needs(
        Access::Download,
        &[
            &dxf,
            &all,
            "SERVICE=WCS&REQUEST=GetCoverage&COVERAGE=dem&CRS=EPSG:3857&BBOX=0,0,1,1&WIDTH=1&HEIGHT=1",
        ],
    );
    assert_eq!(access(("", &all, None), 101), Access::Read);
    assert_eq!(access(("", &all, None), 100), Access::Download);
}

const FEATURES: &str = "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature";

/// An OGC filter of `count` ids, percent-encoded.
fn id_filter(count: usize) -> String {
    format!("%3CFilter%3E{}%3C/Filter%3E", "%3CFeatureId%20fid=%22zones.1%22/%3E".repeat(count))
}

#[test]
fn features_are_downloads_beyond_their_number() {
    for (query, count) in [
        ("TYPENAME=zones&MAXFEATURES=1", 1),
        ("TYPENAME=zones&COUNT=1&STARTINDEX=9", 1),
        ("TYPENAMES=zones,roads&count=2", 2),
        ("TYPENAME=zones&MAXFEATURES=3&OUTPUTFORMAT=GeoJSON&BBOX=0,0,1,1", 3),
        ("FEATUREID=zones.1", 1),
        ("FEATUREID=zones.1,roads.1", 2),
        ("RESOURCEID=zones.1,zones.2,zones.3&MAXFEATURES=2", 2),
        ("TYPENAME=zones&RESULTTYPE=hits", 0),
        ("TYPENAME=zones,roads&RESULTTYPE=HITS&MAXFEATURES=9", 0),
        (&format!("TYPENAME=zones&FILTER={}", id_filter(2)), 2),
        (&format!("TYPENAME=zones&FILTER={}&MAXFEATURES=1", id_filter(2)), 1),
        // As many as `max_features`.
        ("TYPENAME=zones", 100_000),
        ("TYPENAME=zones&MAXFEATURES=0", 100_000),
        ("TYPENAME=zones&MAXFEATURES=", 100_000),
        ("TYPENAME=zones&RESULTTYPE=results&EXP_FILTER=%22name%22%20%3D%20%27x%27", 100_000),
        (&format!("TYPENAME=zones,roads&FILTER=({})", id_filter(1)), 100_000),
    ] {
        let query = format!("{FEATURES}&{query}");
        for sent in [("", query.as_str(), None), ("", "", Some(query.as_str()))] {
            assert_eq!(access(sent, count), Access::Read, "{query}");
            if let Some(fewer) = count.checked_sub(1) {
                assert_eq!(access(sent, fewer), Access::Download, "{query}");
            }
        }
    }
}

#[test]
fn features_asked_for_in_xml_are_counted_alike() {
    let query = |inner: &str| format!("<Query typeName='zones'>{inner}</Query>");
    let ids =
        |count: usize| query(&format!("<Filter>{}</Filter>", "<FeatureId fid='zones.1'/>".repeat(count)));
    for (attributes, queries, count) in [
        ("maxFeatures='1'", query(""), 1),
        ("count='2'", query("").repeat(3), 2),
        ("resultType='hits'", query(""), 0),
        ("", ids(2) + &ids(1), 3),
        ("maxFeatures='2'", ids(2) + &ids(1), 2),
        ("", ids(1) + &query(""), 100_000),
        ("", query(""), 100_000),
    ] {
        let body = format!("<GetFeature service='WFS' version='1.1.0' {attributes}>{queries}</GetFeature>");
        assert_eq!(access(("", "", Some(&body)), count), Access::Read, "{body}");
        if let Some(fewer) = count.checked_sub(1) {
            assert_eq!(access(("", "", Some(&body)), fewer), Access::Download, "{body}");
        }
    }
}

#[test]
fn items_are_counted_and_hits_of_items_are_items() {
    let items = "wfs3/collections/zones/items";
    for (path, query, count) in [
        (items, "limit=1", 1),
        (items, "limit=1&offset=7&name=x", 1),
        (items, "limit=0", 0),
        (items, "limit=11", 11),
        (items, "", 10),
        (items, "limit=", 10),
        ("wfs3/collections/zones/items.html", "", 10),
        // QGIS ignores it.
        (items, "resultType=hits", 10),
        ("ogcapi/collections/zones/items/1", "", 1),
        ("wfs3/collections/zones/items/1.json", "limit=50", 1),
    ] {
        assert_eq!(access((path, query, None), count), Access::Read, "{path}?{query}");
        if let Some(fewer) = count.checked_sub(1) {
            assert_eq!(access((path, query, None), fewer), Access::Download, "{path}?{query}");
        }
    }
    for page in ["wfs3", "wfs3/collections", "wfs3/collections/zones", "wfs3/api", "wfs3/static/style.css"] {
        assert_eq!(access((page, "", None), 0), Access::Read, "{page}");
    }
}

#[test]
fn writing_needs_write_access_whatever_the_rule_is() {
    let delete = "<Transaction service='WFS' version='1.1.0'><Delete typeName='zones'><Filter><FeatureId fid='zones.1'/></Filter></Delete></Transaction>";
    assert_eq!(access(("", "", Some(delete)), 0), Access::Write);
    let feature = r#"{"type":"Feature","geometry":null,"properties":{}}"#;
    assert_eq!(access(("wfs3/collections/zones/items", "", Some(feature)), 0), Access::Write);
}

/// A new operation or format is decided on here.
#[test]
fn the_table_says_what_every_operation_and_format_gives() {
    let giving = operations().filter(|operation| operation.gives != Gives::Nothing);
    let giving: Vec<_> =
        giving.map(|operation| (operation.service, operation.name, operation.gives)).collect();
    assert_eq!(
        giving,
        [
            (Service::Wms, "GetMap", Gives::Map),
            (Service::Wms, "GetFeatureInfo", Gives::Place),
            (Service::Wms, "GetPrint", Gives::Map),
            (Service::Wfs, "GetFeature", Gives::Features),
            (Service::Wmts, "GetTile", Gives::Map),
            (Service::Wmts, "GetFeatureInfo", Gives::Place),
            (Service::Wcs, "GetCoverage", Gives::File),
            (Service::Features, "items", Gives::Features),
            (Service::Features, "item", Gives::Features),
        ]
    );
    let maps = operations().filter(|operation| operation.gives == Gives::Map);
    let formats =
        maps.filter_map(|operation| operation.parameter("FORMAT")).filter_map(|one| match one.kind {
            Kind::Choice(choices) => Some(choices),
            _ => None,
        });
    let formats: BTreeSet<_> = formats.flatten().map(|(_, format)| *format).collect();
    let is_file = |format: &&&str| Amount::of_map(Some(format)) == Amount::File;
    assert_eq!(formats.iter().filter(is_file).collect::<Vec<_>>(), [&"application/dxf"]);
    assert!(PICTURES.iter().all(|format| formats.contains(format)), "{formats:?}");
    assert_eq!(
        Amount::of_map(Some("application/geopackage+sqlite3")),
        Amount::File,
        "what is not known is a file"
    );
}
