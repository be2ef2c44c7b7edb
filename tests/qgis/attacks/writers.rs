//! What a writer of alpha must not change: the other catalogue, hidden fields, all rows at once, read-only layers.

use super::super::{
    attack::{Attack, Holder},
    fixture::{Fixture, encoded, escaped},
    request::Request,
};

const FAMILY: &str = "writers";
/// A place that only beta has, so that a permitted change of alpha does not count as an attack.
const BETAS: &str = "<Filter><FeatureId fid=\"places.4\"/></Filter>";
const IDS: &str = "<Filter><FeatureId fid=\"places.2\"/></Filter>";

/// A writer's attempts by XML, by parameters, and by OGC API Features.
pub(super) fn attacks(fixture: &Fixture) -> Vec<Attack> {
    const KINDS: [&str; 4] = ["text/xml", "text/plain", "application/json", ""];
    const TARGETS: [&str; 3] = [
        "/pozi/ows/alpha/",
        "/pozi/ows/alpha/?SERVICE=WFS",
        "/pozi/ows/alpha?SERVICE=WFS&REQUEST=Transaction",
    ];
    let mut attacks = Vec::new();
    for (what, inside) in forbidden() {
        for (turn, kind) in KINDS.into_iter().enumerate() {
            let body = transaction("", &inside);
            let request = Request::new("POST", TARGETS[turn % 3]).body(kind, body);
            attacks.push(Attack::new(FAMILY, what, request));
        }
    }
    attacks.extend(elsewhere(fixture));
    attacks.extend(keyed());
    attacks.extend(items());
    attacks.into_iter().map(|attack| attack.held_by(Holder::Writer)).collect()
}

fn transaction(attributes: &str, inside: &str) -> String {
    format!("<Transaction service=\"WFS\" version=\"1.1.0\"{attributes}>{inside}</Transaction>")
}

fn property(name: &str, value: &str) -> String {
    format!("<Property><Name>{name}</Name><Value>{value}</Value></Property>")
}

fn update(inside: &str) -> String {
    format!("<Update typeName=\"places\">{inside}</Update>")
}

fn insert(inside: &str) -> String {
    format!("<Insert><places>{inside}</places></Insert>")
}

fn forbidden() -> Vec<(&'static str, String)> {
    let hidden = |inside: &str| format!("<Filter>{inside}</Filter>");
    let like = "<PropertyIsLike wildCard=\"*\"><PropertyName>hush</PropertyName><Literal>PIN*</Literal></PropertyIsLike>";
    let function = "<PropertyIsGreaterThan><Function name=\"file_size\"><Literal>/etc/passwd</Literal></Function><Literal>10</Literal></PropertyIsGreaterThan>";
    let name = property("name", "written");
    vec![
        ("an update without a filter", update(&name)),
        ("an update with an empty filter", update(&format!("{name}<Filter/>"))),
        ("an update of a hidden field", update(&format!("{}{IDS}", property("hush", "written")))),
        ("an update of a hidden field in capitals", update(&format!("{}{IDS}", property("HUSH", "written")))),
        (
            "an update of a hidden field beside another",
            update(&format!("{name}{}{IDS}", property("hush", "written"))),
        ),
        (
            "an update of a hidden field in a nested element",
            update(&format!("{name}<a>{}</a>{IDS}", property("hush", "written"))),
        ),
        (
            "an update of a hidden field with a prefix",
            update(&format!("{}{IDS}", property("qgs:hush", "written"))),
        ),
        (
            "an update of a hidden field as CDATA",
            update(&format!("{}{IDS}", property("<![CDATA[hush]]>", "written"))),
        ),
        ("an update by a hidden field", update(&format!("{name}{}", hidden(like)))),
        ("an update by a file", update(&format!("{name}{}", hidden(function)))),
        ("an insert with a hidden field", insert("<name>a</name><hush>written</hush>")),
        ("an insert with a hidden field with a prefix", insert("<name>a</name><qgs:hush>written</qgs:hush>")),
        ("an insert into a restricted layer", "<Insert><hidden><name>a</name></hidden></Insert>".into()),
        (
            "an insert into an unpublished layer",
            "<Insert><unserved><name>a</name></unserved></Insert>".into(),
        ),
        ("an insert into a read-only layer", "<Insert><subset><name>a</name></subset></Insert>".into()),
        (
            "a deletion from a read-only layer",
            "<Delete typeName=\"subset\"><Filter><FeatureId fid=\"subset.1\"/></Filter></Delete>".into(),
        ),
        (
            "a deletion from a restricted layer",
            "<Delete typeName=\"hidden\"><Filter><FeatureId fid=\"hidden.1\"/></Filter></Delete>".into(),
        ),
        ("a deletion without a filter", "<Delete typeName=\"places\"/>".into()),
        ("a deletion with an empty filter", "<Delete typeName=\"places\"><Filter/></Delete>".into()),
        ("a deletion by a hidden field", format!("<Delete typeName=\"places\">{}</Delete>", hidden(like))),
    ]
}

/// Beta, by all its names.
fn elsewhere(fixture: &Fixture) -> Vec<Attack> {
    let beta = escaped(&fixture.beta);
    let delete = format!("<Delete typeName=\"places\">{BETAS}</Delete>");
    let own = transaction("", &delete);
    let named = transaction(&format!(" MAP=\"{beta}\""), &delete);
    let prefixed = transaction(&format!(" xmlns:x=\"x\" x:map=\"{beta}\""), &delete);
    let query = encoded(&fixture.beta);
    let targets = [
        ("/pozi/ows/alpha/".to_owned(), named),
        ("/pozi/ows/alpha/".into(), prefixed),
        ("/pozi/ows/beta/".into(), own.clone()),
        ("/pozi/ows/beta?SERVICE=WFS".into(), own.clone()),
        ("/pozi/ows/alpha/../beta/".into(), own.clone()),
        ("/pozi/ows/alpha%2f..%2fbeta/".into(), own.clone()),
        (format!("/pozi/ows/alpha/?MAP={query}"), own.clone()),
        (format!("/pozi/ows/alpha/?::MAP={query}"), own.clone()),
        (format!("/pozi/ows/alpha/?SERVICE=WFS&m%61p={query}"), own.clone()),
        (format!("/pozi/qgisserver?MAP={query}"), own.clone()),
        (format!("/pozi/qgisserver?MAP={}&MAP={query}", encoded(&fixture.alpha)), own),
    ];
    let post = |(target, body): (String, String)| {
        Attack::new(FAMILY, "a deletion from beta", Request::new("POST", &target).body("text/xml", body))
    };
    targets.into_iter().map(post).collect()
}

fn keyed() -> Vec<Attack> {
    const QUERIES: [&str; 8] = [
        "REQUEST=Transaction&OPERATION=Delete&EXP_FILTER=true",
        "REQUEST=Transaction&OPERATION=Delete&EXP_FILTER=%22hush%22%20like%20'PIN%25'",
        "REQUEST=Transaction&OPERATION=Delete&BBOX=0,0,1000,1000",
        "::REQUEST=Transaction&OPERATION=Delete&EXP_FILTER=num=1",
        "request=transaction&operation=delete&exp_filter=num=1",
        "REQUE%C5%BFT=Transaction&OPERATION=Delete&EXP_FILTER=num=1",
        "REQUEST=Transaction&OPERATION=Delete&EXP_FILTER=file_exists('/etc/passwd')",
        "REQUEST=Transaction&VERSION=2.0.0&OPERATION=Delete&EXP_FILTER=num=1",
    ];
    let target = |query: &str| format!("/pozi/ows/alpha/?SERVICE=WFS&TYPENAME=places&{query}");
    let get = QUERIES.map(|query| Request::new("GET", &target(query)));
    let form = QUERIES.map(|query| {
        let form = format!("SERVICE=WFS&TYPENAME=places&{query}");
        Request::new("POST", "/pozi/ows/alpha/").body("application/x-www-form-urlencoded", form)
    });
    get.into_iter()
        .chain(form)
        .map(|request| Attack::new(FAMILY, "a deletion by parameters", request))
        .collect()
}

/// OGC API Features: hidden fields, read-only layers, PATCH.
fn items() -> Vec<Attack> {
    const HUSH: &str = r#"{"type":"Feature","geometry":null,"properties":{"name":"a","hush":"written"}}"#;
    const NAME: &str = r#"{"type":"Feature","geometry":null,"properties":{"name":"a"}}"#;
    const PATCH: &str = r#"{"modify":{"hush":"written"}}"#;
    const WRITES: [(&str, &str, &str); 13] = [
        ("POST", "places/items", HUSH),
        ("POST", "places/items.json", HUSH),
        ("PUT", "places/items/1", HUSH),
        ("PATCH", "places/items/1", PATCH),
        ("PUT", "places/items/1", PATCH),
        ("POST", "hidden/items", NAME),
        ("POST", "unserved/items", NAME),
        ("POST", "subset/items", NAME),
        ("DELETE", "subset/items/1", ""),
        ("DELETE", "hidden/items/1", ""),
        ("DELETE", "places/../hidden/items/1", ""),
        ("DELETE", "places/items", ""),
        ("DELETE", "places/items/1'%20or%20'1'='1", ""),
    ];
    let writes = WRITES.iter().flat_map(|(method, path, body)| {
        ["application/geo+json", ""].map(|kind| {
            Request::new(method, &format!("/pozi/ows/alpha/wfs3/collections/{path}")).body(kind, *body)
        })
    });
    writes.map(|request| Attack::new(FAMILY, "a write of features", request)).collect()
}
