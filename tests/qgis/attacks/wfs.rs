//! WFS: functions in filters, hidden fields, and unpublished layers.

use super::super::{
    attack::Attack,
    fixture::{Fixture, MAP, escaped},
    probe::{Coverage, Probe, spelled},
    request::Request,
};

const FAMILY: &str = "WFS";
const FEATURES: &str = "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places&OUTPUTFORMAT=geojson";

/// WFS requests that ask for more than is published.
pub(super) fn attacks(fixture: &Fixture) -> Vec<Attack> {
    let conditions = conditions(fixture);
    let mut attacks = spelled(&keyed(&conditions), &fixture.alpha, Coverage::Sample(2));
    attacks.extend(conditions.iter().flat_map(posted));
    attacks.extend(spelled(&sorted(), &fixture.alpha, Coverage::Sample(2)));
    attacks.extend(spelled(&types(), &fixture.alpha, Coverage::Sample(3)));
    attacks
}

/// Two filters, one true and one false.
type Pair = (String, String);

fn conditions(fixture: &Fixture) -> Vec<Pair> {
    functions(fixture).into_iter().chain(hidden_fields()).collect()
}

/// QGIS functions in filters.
fn functions(fixture: &Fixture) -> Vec<Pair> {
    let size = |path: &str| greater(&function("file_size", &[path]), "10");
    let less =
        "<PropertyIsLessThan><PropertyName>num</PropertyName><Literal>9</Literal></PropertyIsLessThan>";
    let nested = |path: &str| format!("<And>{}{less}</And>", size(path));
    let exists = |path: &str| equal(&function("file_exists", &[path]), "1");
    let evaluated = function("eval", &["attribute('hush') like 'PIN%'"]);
    let highest = function("raster_statistic", &["dem", "1", "max"]);
    let files = [&size as &dyn Fn(&str) -> String, &nested, &exists];
    let files = files.map(|is| pair(is, &fixture.secret, &fixture.missing));
    let others = [
        pair(&|text| like(&function("var", &["keyword"]), text), "VARIABLE*", "VARIABLX*"),
        pair(&|text| like(&function("env", &["REQUEST_METHOD"]), text), "*E*", "*X*"),
        pair(&|text| like(&function("attribute", &["hush"]), text), "PIN*", "PIX*"),
        pair(&|text| like(&function("layer_property", &["hidden", "name"]), text), "hidden", "hiddex"),
        pair(&|text| equal(&evaluated, text), "1", "0"),
        pair(&|text| equal(&highest, text), "1", "2"),
    ];
    files.into_iter().chain(others).collect()
}

/// The hidden field, wherever and however a property name can be written.
fn hidden_fields() -> Vec<Pair> {
    const NAMES: [&str; 8] = [
        "<PropertyName>hush</PropertyName>",
        "<ogc:PropertyName xmlns:ogc=\"http://www.opengis.net/ogc\">qgs:hush</ogc:PropertyName>",
        "<ValueReference>hush</ValueReference>",
        "<PropertyName><![CDATA[hush]]></PropertyName>",
        "<PropertyName>h&#117;sh</PropertyName>",
        "<PropertyName>HUSH</PropertyName>",
        "<PropertyName>places/hush</PropertyName>",
        "<PropertyName> hush </PropertyName>",
    ];
    let hush = NAMES[0];
    let null = |name: &str| format!("<PropertyIsNull><PropertyName>{name}</PropertyName></PropertyIsNull>");
    let between = |upper: &str| {
        let bounds = [("LowerBoundary", "A"), ("UpperBoundary", upper)];
        let bounds = bounds.map(|(name, value)| format!("<{name}>{}</{name}>", literal(value))).concat();
        format!("<PropertyIsBetween>{hush}{bounds}</PropertyIsBetween>")
    };
    let others = [
        pair(&|text| greater(hush, text), "PIN-redgul", "PIN-redgun"),
        pair(&|text| format!("<Not>{}</Not>", like(hush, text)), "PIX*", "PIN*"),
        pair(&null, "husx", "hush"),
        pair(&between, "PIN-z", "PIM-z"),
        pair(&|text| equal("<PropertyName>name\" = \"name\" or \"a</PropertyName>", text), "a", "b"),
        pair(&|text| equal("<PropertyName>num</PropertyName>", text), "1' or '1'='1", "1' or '1'='2"),
    ];
    NAMES.map(|name| pair(&|text| like(name, text), "PIN*", "PIX*")).into_iter().chain(others).collect()
}

fn pair(is: &dyn Fn(&str) -> String, truthy: &str, falsy: &str) -> Pair {
    (is(truthy), is(falsy))
}

fn literal(text: &str) -> String {
    format!("<Literal>{}</Literal>", escaped(text))
}

fn function(name: &str, arguments: &[&str]) -> String {
    let arguments: Vec<_> = arguments.iter().map(|text| literal(text)).collect();
    format!("<Function name=\"{name}\">{}</Function>", arguments.concat())
}

fn greater(left: &str, right: &str) -> String {
    format!("<PropertyIsGreaterThan>{left}{}</PropertyIsGreaterThan>", literal(right))
}

fn equal(left: &str, right: &str) -> String {
    format!("<PropertyIsEqualTo>{left}{}</PropertyIsEqualTo>", literal(right))
}

fn like(left: &str, pattern: &str) -> String {
    let wild = "wildCard=\"*\" singleChar=\".\" escape=\"!\"";
    format!("<PropertyIsLike {wild}>{left}{}</PropertyIsLike>", literal(pattern))
}

/// The filters as parameters of WFS and WMS.
fn keyed(conditions: &[Pair]) -> Vec<Probe> {
    let info =
        MAP.replace("GetMap", "GetFeatureInfo") + "&QUERY_LAYERS=places&INFO_FORMAT=text/xml&FEATURE_COUNT=9";
    conditions
        .iter()
        .flat_map(|(truthy, falsy)| {
            let filter = |inside: &str| vec![("FILTER".to_owned(), format!("<Filter>{inside}</Filter>"))];
            [FEATURES, MAP, &info]
                .map(|usual| Probe::new(FAMILY, truthy, usual, filter(truthy)).against(filter(falsy)))
        })
        .collect()
}

/// The filters in a `GetFeature` sent by POST, with several content types.
fn posted((truthy, falsy): &Pair) -> Vec<Attack> {
    let body = |inside: &str| {
        format!(
            "<wfs:GetFeature service=\"WFS\" version=\"1.1.0\" outputFormat=\"geojson\" xmlns:wfs=\"http://www.opengis.net/wfs\"><wfs:Query typeName=\"places\"><Filter xmlns=\"http://www.opengis.net/ogc\">{inside}</Filter></wfs:Query></wfs:GetFeature>"
        )
    };
    let kinds = ["text/xml", "text/plain", "application/json"];
    kinds
        .map(|kind| {
            let request = |inside: &str| {
                Request::new("POST", "/pozi/ows/alpha/?SERVICE=WFS&REQUEST=GetFeature")
                    .body(kind, body(inside))
            };
            Attack::new(FAMILY, truthy, request(truthy)).against(request(falsy))
        })
        .into()
}

fn sorted() -> Vec<Probe> {
    let sort = |by: &str| vec![("SORTBY".to_owned(), by.to_owned())];
    let pairs = [
        (
            "CASE WHEN hush LIKE 'PIN%' THEN 0-num ELSE num END",
            "CASE WHEN hush LIKE 'PIX%' THEN 0-num ELSE num END",
        ),
        (
            "CASE WHEN hush LIKE 'PIN%' THEN num ELSE 0-num END D",
            "CASE WHEN hush LIKE 'PIX%' THEN num ELSE 0-num END D",
        ),
        ("hush D", "husx D"),
        ("(hush DESC)", "(husx DESC)"),
        ("num A,hush D", "num A,husx D"),
        ("0-num", "num-0"),
        (
            "CASE WHEN @keyword LIKE 'VARIABLE%' THEN 0-num ELSE num END",
            "CASE WHEN @keyword LIKE 'VARIABLX%' THEN 0-num ELSE num END",
        ),
        ("\"hush\" DESC", "\"husx\" DESC"),
        ("HUSH DESC", "HUSX DESC"),
    ];
    pairs
        .into_iter()
        .map(|(truthy, falsy)| Probe::new(FAMILY, truthy, FEATURES, sort(truthy)).against(sort(falsy)))
        .collect()
}

/// Unpublished types and fields, by all their names.
fn types() -> Vec<Probe> {
    const QUERIES: [&str; 24] = [
        "TYPENAME=hidden",
        "TYPENAME=unserved",
        "TYPENAME=places,hidden",
        "TYPENAME=qgs:hidden",
        "TYPENAME=unserved%00places",
        "TYPENAMES=hidden",
        "FEATUREID=hidden.1",
        "FEATUREID=unserved.1",
        "FEATUREID=subset.2",
        "FEATUREID=places.1,hidden.1",
        "TYPENAME=subset&EXP_FILTER=true",
        "TYPENAME=subset&FILTER=<Filter><FeatureId fid=\"subset.2\"/></Filter>",
        "TYPENAME=places&PROPERTYNAME=hush",
        "TYPENAME=places&PROPERTYNAME=(name,hush)",
        "TYPENAME=places&PROPERTYNAME=*,hush",
        "TYPENAME=places&PROPERTYNAME=places/hush",
        "TYPENAME=places,subset&EXP_FILTER=1=0",
        "TYPENAME=places&STARTINDEX=-1",
        "TYPENAME=places&SRSNAME=/etc/passwd",
        "TYPENAME=places&VERSION=2.0.0&COUNT=1",
        "TYPENAME=places&REQUEST=GetPropertyValue",
        "TYPENAME=places&OUTPUTFORMAT=evil.example",
        "TYPENAME=places&GEOMETRYNAME=evil.example",
        "TYPENAME=places&BBOX=0,0,1,1,evil.example",
    ];
    let wfs = "SERVICE=WFS&REQUEST=GetFeature";
    let described = ["hidden", "unserved", "places,hidden"].map(|name| {
        Probe::new(
            FAMILY,
            name,
            "SERVICE=WFS&REQUEST=DescribeFeatureType",
            vec![("TYPENAME".into(), name.into())],
        )
    });
    let parameters = super::super::probe::parameters;
    QUERIES.iter().map(|query| Probe::new(FAMILY, *query, wfs, parameters(query))).chain(described).collect()
}
