//! Writes with a reader's session.

use super::super::{
    attack::Attack,
    fixture::{Fixture, encoded},
    probe::{Coverage, Probe, parameters, spelled},
    request::Request,
};

const FAMILY: &str = "writes";

/// Transactions by parameters in every spelling, and by XML with various content types, methods and addresses.
pub(super) fn attacks(fixture: &Fixture) -> Vec<Attack> {
    let delete = "REQUEST=Transaction&OPERATION=Delete&EXP_FILTER=num=1";
    let main =
        Probe::new(FAMILY, "a deletion by parameters", "SERVICE=WFS&TYPENAME=places", parameters(delete));
    let mut attacks = spelled(&[main], &fixture.alpha, Coverage::All);
    attacks.extend(spelled(&keyed(), &fixture.alpha, Coverage::Sample(5)));
    attacks.extend(posted(fixture));
    attacks
}

fn keyed() -> Vec<Probe> {
    const QUERIES: [&str; 12] = [
        "REQUEST=transaction&OPERATION=delete&EXP_FILTER=num=1",
        "REQUEST=Transaction&OPERATION=Delete&BBOX=0,0,1000,1000",
        "REQUEST=Transaction&OPERATION=Delete&EXP_FILTER=true",
        "REQUEST=Transaction%00&OPERATION=Delete&EXP_FILTER=num=1",
        "REQUEST=Tran\u{17f}action&OPERATION=Delete&EXP_FILTER=num=1",
        "REQUEST=GetFeature&REQUEST=Transaction&OPERATION=Delete&EXP_FILTER=num=1",
        "REQUEST=Transaction&REQUEST=GetFeature&OPERATION=Delete&EXP_FILTER=num=1",
        "REQUEST=Transaction&VERSION=2.0.0&OPERATION=Delete&EXP_FILTER=num=1",
        "REQUEST=Transaction&OPERATION=Update&EXP_FILTER=num=1",
        "REQUEST=Transaction&OPERATION=Insert&EXP_FILTER=num=1",
        "REQUEST=Transaction&OPERATION=Delete&FILTER=<Filter><FeatureId fid=\"places.1\"/></Filter>",
        "REQUEST=GetFeature&EXP_FILTER=sqlite_fetch_and_increment('data.gpkg','places','num','fid',1,map())>0",
    ];
    let probe = |query: &&str| {
        Probe::new(FAMILY, "a transaction by parameters", "SERVICE=WFS&TYPENAME=places", parameters(query))
    };
    QUERIES.iter().map(probe).collect()
}

/// Transactions as XML: insert, update and delete.
fn transactions() -> [String; 5] {
    let filter =
        "<ogc:Filter xmlns:ogc=\"http://www.opengis.net/ogc\"><ogc:FeatureId fid=\"places.2\"/></ogc:Filter>";
    let transaction = |inside: String| {
        format!(
            "<wfs:Transaction service=\"WFS\" version=\"1.0.0\" xmlns:wfs=\"http://www.opengis.net/wfs\" xmlns:gml=\"http://www.opengis.net/gml\">{inside}</wfs:Transaction>"
        )
    };
    let property = |name: &str| {
        format!("<wfs:Property><wfs:Name>{name}</wfs:Name><wfs:Value>written</wfs:Value></wfs:Property>")
    };
    [
        transaction("<wfs:Insert><places xmlns=\"http://www.qgis.org/gml\"><name>planted</name></places></wfs:Insert>".into()),
        transaction(format!("<wfs:Update typeName=\"places\">{}{filter}</wfs:Update>", property("name"))),
        transaction(format!("<wfs:Update typeName=\"places\">{}</wfs:Update>", property("name"))),
        transaction(format!("<wfs:Update typeName=\"places\">{}{filter}</wfs:Update>", property("hush"))),
        transaction(format!("<wfs:Delete typeName=\"places\">{filter}</wfs:Delete>")),
    ]
}

fn posted(fixture: &Fixture) -> Vec<Attack> {
    const KINDS: [&str; 8] = [
        "text/xml",
        "application/xml",
        "text/plain",
        "application/json",
        "application/x-www-form-urlencoded",
        "",
        "multipart/form-data; boundary=x",
        "application/geo+json; charset=utf-16",
    ];
    let alpha = encoded(&fixture.alpha);
    let targets = [
        "/pozi/ows/alpha/".to_owned(),
        "/pozi/ows/alpha/?SERVICE=WFS".into(),
        "/pozi/ows/alpha?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places".into(),
        format!("/pozi/qgisserver?MAP={alpha}"),
        "/pozi/ows/alpha/wfs3/collections/places/items?SERVICE=WFS".into(),
    ];
    let mut attacks = Vec::new();
    for (at, body) in transactions().into_iter().enumerate() {
        for (turn, kind) in KINDS.into_iter().enumerate() {
            let target = &targets[(at + turn) % targets.len()];
            let method = ["POST", "POST", "PUT", "POST", "GET", "BREW", "PATCH"][(at * 3 + turn) % 7];
            let request = Request::new(method, target).body(kind, body.clone());
            attacks.push(Attack::new(FAMILY, format!("a transaction by {method} as {kind}"), request));
        }
        let query =
            format!("/pozi/ows/alpha/?SERVICE=WFS&REQUEST=Transaction&REQUEST_BODY={}", encoded(&body));
        attacks.push(Attack::new(FAMILY, "a transaction in the query", Request::new("GET", &query)));
        let form = format!("SERVICE=WFS&REQUEST=Transaction&REQUEST_BODY={}", encoded(&body));
        let form = Request::new("POST", "/pozi/ows/alpha/").body("application/x-www-form-urlencoded", form);
        attacks.push(Attack::new(FAMILY, "a transaction in a form", form));
        let post = Request::new("POST", &targets[1]).body("text/xml", body.clone());
        attacks.push(Attack::new(
            FAMILY,
            "a transaction as a read",
            post.clone().header("X-HTTP-Method-Override: GET"),
        ));
        attacks.push(Attack::new(
            FAMILY,
            "a transaction with scopes",
            post.header("X-Pozi-Access: write").header("X-Pozi-Scope: alpha:write"),
        ));
    }
    attacks
}
