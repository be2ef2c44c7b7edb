//! Any request, compared with what QGIS would read of it as written.

use pozi_auth::sites::{Access, Download};
use proptest::prelude::*;

use super::{FEATURES, INFO, MAP, Sent, catalogue, parsed, restricted};
use crate::{
    request::{Context, Keys, Parameters},
    settings::Limits,
    upstream::QgisRequest,
    xml::tree::{Element, Node},
};

/// Any parameter of a request: perhaps none of a list of values.
fn parameter(name: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::option::of(prop::sample::select(values))
        .prop_map(move |value| value.map(|value| format!("&{name}={value}")).unwrap_or_default())
}

const COUNTS: &[&str] = &["", "0", "1", "2", "%201", "1.0", "3", "04", "1000000000"];

fn feature_queries() -> impl Strategy<Value = (String, bool)> {
    let ids: &[&str] = &["zones.1", "zones.1,zones.1", "zones.1,roads.2,zones.3"];
    let filters: &[&str] = &[
        "%3CFeatureId%20fid=%22zones.1%22/%3E",
        "%3CFilter%3E%3CFeatureId%20fid=%22zones.1%22/%3E%3CFeatureId%20fid=%22zones.2%22/%3E%3C/Filter%3E",
    ];
    let parts = (
        prop_oneof![parameter("MAXFEATURES", COUNTS), parameter("Count", COUNTS)],
        parameter("RESULTTYPE", &["hits", "HITS", "results", ""]),
        parameter("TYPENAME", &["zones", "zones,roads", "qgs:zones"]),
        prop_oneof![parameter("FEATUREID", ids), parameter("RESOURCEID", ids), parameter("FILTER", filters)],
        parameter("STARTINDEX", &["0", "5"]),
        parameter("OUTPUTFORMAT", &["gml2", "GeoJSON"]),
    );
    (parts, any::<bool>()).prop_map(|((count, kind, types, named, start, format), is_form)| {
        (format!("{FEATURES}{count}{kind}{types}{named}{start}{format}"), is_form)
    })
}

fn xml() -> impl Strategy<Value = String> {
    let attribute = |name: &'static str, values: &'static [&'static str]| {
        prop::option::of(prop::sample::select(values))
            .prop_map(move |value| value.map(|value| format!(" {name}='{value}'")).unwrap_or_default())
    };
    let queries = prop::collection::vec(prop::option::of(1..4_usize), 1..4).prop_map(|queries| {
        let ids =
            |count: usize| format!("<Filter>{}</Filter>", "<GmlObjectId gml:id='zones.1'/>".repeat(count));
        let query = |named: Option<usize>| {
            format!("<Query typeName='zones'>{}</Query>", named.map(ids).unwrap_or_default())
        };
        queries.into_iter().map(query).collect::<String>()
    });
    let counts: &[&str] = &["0", "1", "2", "3", "7"];
    (
        attribute("maxFeatures", counts),
        attribute("count", counts),
        attribute("resultType", &["hits", "results"]),
        queries,
    )
        .prop_map(|(max, count, kind, queries)| {
            format!(
                "<GetFeature xmlns:gml='http://www.opengis.net/gml'{max}{count}{kind}>{queries}</GetFeature>"
            )
        })
}

fn other() -> impl Strategy<Value = (String, String)> {
    let items = (
        prop::sample::select(&["items", "items.json", "items/1", "items/1.html"][..]),
        parameter("limit", COUNTS),
        parameter("resultType", &["hits", "results"]),
    );
    let items = items
        .prop_map(|(at, limit, kind)| (format!("wfs3/collections/zones/{at}"), format!("{limit}{kind}")));
    let info = parameter("FEATURE_COUNT", &["0", "1", "99", "100", "101", "10000"])
        .prop_map(|count| (String::new(), format!("{INFO}{count}")));
    let map = parameter("FORMAT", &["png", "image/jpeg", "application/dxf"])
        .prop_map(|format| (String::new(), format!("{MAP}{format}")));
    prop_oneof![items, info, map]
}

/// Whether the answer to a written request may hold more than `max` features, by what QGIS 3.22 was seen to answer: the
/// parameters as it reads them, and ids that name one feature each.
fn may_exceed(written: &QgisRequest, max: u64) -> bool {
    let body = written.body.as_ref().map_or(&b""[..], |body| &body.bytes);
    if body.starts_with(b"<") {
        return most_of_xml(&Element::parse(body, 1 << 20).unwrap()).is_none_or(|most| most > max);
    }
    let keys = if written.path.is_empty() { Keys::Ows } else { Keys::Features };
    let text = if body.is_empty() { written.query.as_bytes() } else { body };
    let parameters = Parameters::read(text, keys).unwrap();
    let number = |key: &str| parameters.value(key).map(|value| value.parse::<u64>().unwrap());
    match (written.path.as_str(), parameters.value("REQUEST")) {
        ("", Some("GetFeature")) if parameters.value("RESULTTYPE") == Some("hits") => false,
        ("", Some("GetFeature")) => {
            let named =
                parameters.value("FEATUREID").map(|ids| u64::try_from(ids.split(',').count()).unwrap());
            let bounds = [number("MAXFEATURES").filter(|most| *most > 0), named];
            bounds.into_iter().flatten().min().is_none_or(|most| most > max)
        }
        ("", Some("GetFeatureInfo")) => number("FEATURE_COUNT").unwrap_or(1) > max.max(100),
        ("", Some("GetMap")) => parameters.value("FORMAT") == Some("application/dxf"),
        (path, None) if path.ends_with("items") || path.ends_with("items.json") => {
            number("limit").unwrap_or(10) > max
        }
        (_, None) => max == 0,
        other => panic!("{other:?}"),
    }
}

fn most_of_xml(root: &Element) -> Option<u64> {
    if root.attribute("resultType") == Some("hits") {
        return Some(0);
    }
    let most =
        root.attribute("maxFeatures").map(|most| most.parse::<u64>().unwrap()).filter(|most| *most > 0);
    let children = |element: &Element| -> Vec<Element> {
        element
            .children
            .iter()
            .filter_map(|node| if let Node::Element(child) = node { Some(child.clone()) } else { None })
            .collect()
    };
    let ids = |query: Element| {
        let filter = children(&query).into_iter().find(|child| child.name == "Filter")?;
        Some(u64::try_from(children(&filter).len()).unwrap())
    };
    let named = children(root).into_iter().map(ids).sum::<Option<u64>>();
    [most, named].into_iter().flatten().min()
}

#[track_caller]
fn assert_agrees(sent: Sent<'_>, max: u64) {
    let limits = Limits { max_features_without_download: max, ..Limits::default() };
    let (with_rule, without) = (restricted(), catalogue(Download::Readers));
    let context = Context { catalogue: &with_rule, limits: &limits };
    let Some(request) = parsed(sent, &context) else { return };
    let is_download = request.access(&context) == Access::Download;
    assert_eq!(is_download, may_exceed(&request.write(), max), "{sent:?} with {max}: {:?}", request.write());
    assert_eq!(request.access(&Context { catalogue: &without, limits: &limits }), Access::Read, "{sent:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// What needs only reading holds no more features than the limit, by the request as QGIS gets it. Nothing else is a
    /// download, and nothing is without a rule.
    #[test]
    fn a_request_that_needs_only_reading_is_bounded((query, is_form) in feature_queries(), body in xml(), (path, other) in other(), max in 0..4_u64) {
        let sent = if is_form { ("", "", Some(query.as_str())) } else { ("", query.as_str(), None) };
        assert_agrees(sent, max);
        assert_agrees(("", "", Some(&body)), max);
        assert_agrees((&path, other.trim_start_matches('&'), None), max);
    }
}
