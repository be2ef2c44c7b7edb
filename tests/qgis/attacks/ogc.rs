//! OGC filters, sorting and types of WFS: functions, hidden fields, layers that are not published.

use super::super::{
    attack::Attack,
    request::Request,
    spell::{Ask, Much, spelled},
    words::{MAP, Words, escaped},
};

const FAMILY: &str = "WFS";
const FEATURES: &str = "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places&OUTPUTFORMAT=geojson";

/// Requests to WFS that ask for more than is published.
pub(super) fn attacks(words: &Words) -> Vec<Attack> {
    let conditions = conditions(words);
    let mut attacks = spelled(&keyed(&conditions), &words.alpha, Much::Some(2));
    attacks.extend(conditions.iter().flat_map(posted));
    attacks.extend(spelled(&sorted(), &words.alpha, Much::Some(2)));
    attacks.extend(spelled(&types(), &words.alpha, Much::Some(3)));
    attacks
}

/// A filter's inside that is so, and one that is not.
type Pair = (String, String);

fn conditions(words: &Words) -> Vec<Pair> {
    functions(words).into_iter().chain(hidden_fields()).collect()
}

/// Functions of QGIS, by their names.
fn functions(words: &Words) -> Vec<Pair> {
    let size = |path: &str| greater(&function("file_size", &[path]), "10");
    let less =
        "<PropertyIsLessThan><PropertyName>num</PropertyName><Literal>9</Literal></PropertyIsLessThan>";
    let nested = |path: &str| format!("<And>{}{less}</And>", size(path));
    let exists = |path: &str| equal(&function("file_exists", &[path]), "1");
    let evaluated = function("eval", &["attribute('hush') like 'PIN%'"]);
    let highest = function("raster_statistic", &["dem", "1", "max"]);
    let files = [&size as &dyn Fn(&str) -> String, &nested, &exists];
    let files = files.map(|is| pair(is, &words.secret, &words.missing));
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

/// The hidden field, in every place and spelling of a property's name.
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

fn pair(is: &dyn Fn(&str) -> String, so: &str, not: &str) -> Pair {
    (is(so), is(not))
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

/// By key and value, of WFS and of WMS.
fn keyed(conditions: &[Pair]) -> Vec<Ask> {
    let info =
        MAP.replace("GetMap", "GetFeatureInfo") + "&QUERY_LAYERS=places&INFO_FORMAT=text/xml&FEATURE_COUNT=9";
    conditions
        .iter()
        .flat_map(|(so, not)| {
            let filter = |inside: &str| vec![("FILTER".to_owned(), format!("<Filter>{inside}</Filter>"))];
            [FEATURES, MAP, &info].map(|honest| Ask::new(FAMILY, so, honest, filter(so)).against(filter(not)))
        })
        .collect()
}

/// As a posted `GetFeature`, in the types that a client may give it.
fn posted((so, not): &Pair) -> Vec<Attack> {
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
            Attack::new(FAMILY, so, request(so)).against(request(not))
        })
        .into()
}

fn sorted() -> Vec<Ask> {
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
    pairs.into_iter().map(|(so, not)| Ask::new(FAMILY, so, FEATURES, sort(so)).against(sort(not))).collect()
}

/// What is not published, by every name of a type or a field.
fn types() -> Vec<Ask> {
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
        Ask::new(
            FAMILY,
            name,
            "SERVICE=WFS&REQUEST=DescribeFeatureType",
            vec![("TYPENAME".into(), name.into())],
        )
    });
    let parameters = super::super::spell::parameters;
    QUERIES.iter().map(|query| Ask::new(FAMILY, *query, wfs, parameters(query))).chain(described).collect()
}
