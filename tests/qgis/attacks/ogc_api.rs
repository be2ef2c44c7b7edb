//! OGC API Features: hidden fields and layers, ambiguous paths, writes by a reader.

use super::super::{
    attack::Attack,
    fixture::{Fixture, encoded},
    probe::{Coverage, Probe, parameters, spelled},
    request::Request,
};

const FAMILY: &str = "OGC API";
const ITEMS: &str = "/ows/alpha/wfs3/collections/places/items.json?";

/// Requests that ask for more than is published, or that write without permission.
pub(super) fn attacks(fixture: &Fixture) -> Vec<Attack> {
    let mut attacks = spelled(&probes(), &fixture.alpha, Coverage::Sample(5));
    attacks.extend(paths(fixture));
    attacks.extend(writes());
    attacks
}

fn probes() -> Vec<Probe> {
    const PAIRS: [(&str, &str); 12] = [
        ("hush=PIN*", "hush=PIX*"),
        ("HUSH=PIN*", "HUSH=PIX*"),
        ("name=x' or \"hush\" like 'PIN%' or name='y", "name=x' or \"hush\" like 'PIX%' or name='y"),
        ("name=x' or hush like 'PIN%' or name='y", "name=x' or hush like 'PIX%' or name='y"),
        ("num=1 or hush like 'PIN%'", "num=1 or hush like 'PIX%'"),
        ("name=\\' or hush like 'PIN%' --", "name=\\' or hush like 'PIX%' --"),
        ("Zone Code=x' or hush like 'PIN%' or name='y", "Zone Code=x' or hush like 'PIX%' or name='y"),
        ("sortby=hush", "sortby=husx"),
        ("sortby=CASE WHEN hush LIKE 'PIN%' THEN num END", "sortby=CASE WHEN hush LIKE 'PIX%' THEN num END"),
        ("filter=hush LIKE 'PIN%'", "filter=hush LIKE 'PIX%'"),
        ("filter-lang=cql2-text&filter=hush='PIN-1'", "filter-lang=cql2-text&filter=hush='PIX-1'"),
        ("datetime=2026-01-01' or hush like 'PIN%", "datetime=2026-01-01' or hush like 'PIX%"),
    ];
    const SINGLE: [&str; 10] = [
        "properties=hush",
        "properties=name,hush",
        "properties=*",
        "name=O'Brien",
        "limit=99999999",
        "offset=-1",
        "crs=file:///etc/passwd",
        "bbox-crs=http://evil.example/crs",
        "resultType=x",
        "q=hush",
    ];
    let at = |mut probe: Probe| {
        probe.path = ITEMS.into();
        probe
    };
    let pairs = PAIRS.iter().map(|(truthy, falsy)| {
        at(Probe::new(FAMILY, *truthy, "limit=5", parameters(truthy)).against(parameters(falsy)))
    });
    let single = SINGLE.iter().map(|query| at(Probe::new(FAMILY, *query, "limit=5", parameters(query))));
    pairs.chain(single).collect()
}

/// Paths to hidden layers, to files, and to QGIS's own pages.
fn paths(fixture: &Fixture) -> Vec<Attack> {
    const PATHS: [&str; 26] = [
        "wfs3/collections/hidden/items.json",
        "wfs3/collections/unserved/items.json",
        "wfs3/collections/hidden",
        "wfs3/collections/hidden.json",
        "wfs3/collections/hidden/items/1.json",
        "wfs3/collections/unserved/items/1",
        "wfs3/collections/subset/items/2.json",
        "wfs3/collections/places/../hidden/items.json",
        "wfs3/collections/places%2f..%2fhidden/items.json",
        "%77fs3/collections/hidden/items.json",
        "x/../wfs3/collections/hidden/items.json",
        "wfs3//collections//hidden//items.json",
        "wfs3/collections/hidden/items.geojson",
        "wfs3/collections/hidden/items.html",
        "wfs3/collections/places/items.html.json",
        "wfs3/collections/places/items.json%00.html",
        "wfs3/collections/places/apix",
        "wfs3/apix",
        "wfs3x",
        "wfs3/collections/places/schema",
        "wfs3/collections/places/items/1'%20or%20'1'='1.json",
        "wfs3/collections/places/items/1%22.json",
        "wfs3/static/",
        "ogcapi/collections/hidden/items",
        "WFS3/collections/hidden/items.json",
        "wfs3;x/collections/hidden/items.json",
    ];
    let secret = fixture.secret.trim_start_matches('/');
    let above = ["..", "%2e%2e", "..%2f..", "..\\..", "....//", "%252e%252e"]
        .map(|up| format!("wfs3/static/{}/{secret}", [up; 9].join("/")));
    let beta = encoded(&fixture.beta);
    let own = PATHS.iter().map(|path| (*path).to_owned()).chain(above);
    let named = PATHS[..8].iter().map(|path| format!("{path}?MAP={beta}"));
    let service =
        PATHS[..4].iter().map(|path| format!("{path}?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=hidden"));
    own.chain(named)
        .chain(service)
        .flat_map(|path| {
            ["GET", "HEAD"].map(|method| {
                Attack::new(FAMILY, "a path", Request::new(method, &format!("/pozi/ows/alpha/{path}")))
            })
        })
        .collect()
}

/// A reader's writes: each method, each way to override the method, each content type.
fn writes() -> Vec<Attack> {
    const FEATURE: &str = r#"{"type":"Feature","geometry":null,"properties":{"name":"added by a reader"}}"#;
    const HUSH: &str = r#"{"type":"Feature","geometry":null,"properties":{"name":"a","hush":"written"}}"#;
    const PATCH: &str = r#"{"modify":{"name":"patched"}}"#;
    const METHODS: [(&str, &str, &str); 9] = [
        ("POST", "items", FEATURE),
        ("POST", "items.json", FEATURE),
        ("POST", "items", HUSH),
        ("PUT", "items/1", FEATURE),
        ("PUT", "items/1.json", HUSH),
        ("PATCH", "items/1", PATCH),
        ("PUT", "items/1", PATCH),
        ("DELETE", "items/1", ""),
        ("DELETE", "items/1.json", ""),
    ];
    const OVERRIDES: [&str; 4] =
        ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method"];
    let items = "/pozi/ows/alpha/wfs3/collections/places/";
    let plain = METHODS.iter().flat_map(|(method, path, body)| {
        ["application/geo+json", "application/json", "text/plain", ""]
            .map(|kind| Request::new(method, &format!("{items}{path}")).body(kind, *body))
    });
    let overridden = METHODS.iter().flat_map(|(method, path, body)| {
        let header = |name: &&str| {
            let carrier = if body.is_empty() { "GET" } else { "POST" };
            Request::new(carrier, &format!("{items}{path}?_method={method}"))
                .body("application/geo+json", *body)
                .header(&format!("{name}: {method}"))
        };
        OVERRIDES.iter().map(header).collect::<Vec<_>>()
    });
    let elsewhere = [
        "%77fs3/collections/places/items/1",
        "x/../wfs3/collections/places/items/1",
        "wfs3/collections/places/items/1?SERVICE=WFS",
        "wfs3//collections/places//items/1",
    ]
    .map(|path| Request::new("DELETE", &format!("/pozi/ows/alpha/{path}")));
    plain
        .chain(overridden)
        .chain(elsewhere)
        .map(|request| Attack::new(FAMILY, "a reader's write", request))
        .collect()
}
