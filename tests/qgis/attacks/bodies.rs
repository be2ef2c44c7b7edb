//! XML that two parsers may read differently, or that refers to files and other hosts.

use super::super::{
    attack::Attack,
    fixture::{Fixture, escaped},
    request::Request,
};

const FAMILY: &str = "XML";

/// Every body at each address and with each content type.
pub(super) fn attacks(fixture: &Fixture) -> Vec<Attack> {
    const KINDS: [&str; 5] =
        ["text/xml", "text/plain", "application/x-www-form-urlencoded", "application/json", ""];
    let targets = [
        "/pozi/ows/alpha/",
        "/pozi/ows/alpha/?SERVICE=WFS&REQUEST=GetFeature",
        "/pozi/ows/alpha/wfs3?SERVICE=WFS",
    ];
    let mut attacks = Vec::new();
    for (at, (what, body)) in bodies(fixture).into_iter().enumerate() {
        for (turn, kind) in KINDS.into_iter().enumerate() {
            let target = targets[(at + turn) % targets.len()];
            let request = Request::new("POST", target).body(kind, body.clone());
            attacks.push(Attack::new(FAMILY, what, request));
        }
    }
    attacks
}

const DELETE: &str = r#"<Delete typeName="places"><Filter><FeatureId fid="places.1"/></Filter></Delete>"#;

fn bodies(fixture: &Fixture) -> Vec<(&'static str, Vec<u8>)> {
    let mut bodies: Vec<(&str, Vec<u8>)> =
        texts(fixture).into_iter().map(|(what, text)| (what, text.into_bytes())).collect();
    let wide = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let hidden = r#"<?xml version="1.0" encoding="UTF-16"?><GetFeature service="WFS"><Query typeName="hidden"/></GetFeature>"#;
    let delete = format!(
        r#"<?xml version="1.0" encoding="UTF-16"?><Transaction service="WFS">{DELETE}</Transaction>"#
    );
    bodies.push(("UTF-16 of a hidden type", wide(hidden)));
    bodies.push(("UTF-16 of a deletion", wide(&delete)));
    bodies.push(("a form in UTF-16", wide(&format!("&MAP={}&", fixture.beta))));
    bodies.push((
        "a deletion in Latin-1",
        format!(
            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><!--\u{e4}--><Transaction>{DELETE}</Transaction>"
        )
        .chars()
        .filter_map(|letter| u8::try_from(u32::from(letter)).ok())
        .collect(),
    ));
    bodies
}

fn texts(fixture: &Fixture) -> Vec<(&'static str, String)> {
    let beta = escaped(&fixture.beta);
    let Fixture { secret, trap, .. } = fixture;
    let features =
        |inside: &str| format!("<GetFeature service=\"WFS\" version=\"1.0.0\">{inside}</GetFeature>");
    let like = |property: &str, pattern: &str| {
        features(&format!(
            "<Query typeName=\"places\"><Filter><PropertyIsLike wildCard=\"*\"><PropertyName>{property}</PropertyName><Literal>{pattern}</Literal></PropertyIsLike></Filter></Query>"
        ))
    };
    let map = "SERVICE=\"WMS\" VERSION=\"1.3.0\" CRS=\"EPSG:3857\" BBOX=\"0,0,1000,1000\" WIDTH=\"20\" HEIGHT=\"20\" FORMAT=\"image/png\" STYLES=\"\"";
    vec![
        ("a root attribute MAP", format!("<GetFeature service=\"WFS\" MAP=\"{beta}\"><Query typeName=\"places\"/></GetFeature>")),
        ("a root attribute with a prefix", format!("<GetFeature service=\"WFS\" xmlns:x=\"x\" x:map=\"{beta}\"><Query typeName=\"places\"/></GetFeature>")),
        ("a root attribute REQUEST", format!("<GetFeature service=\"WFS\" REQUEST=\"Transaction\"><Query typeName=\"places\"/>{DELETE}</GetFeature>")),
        ("a root attribute with an encoded letter", format!("<GetFeature service=\"WFS\" REQUEST=\"%54ransaction\">{DELETE}</GetFeature>")),
        ("a root attribute EXP_FILTER", features("<Query typeName=\"places\"/>").replace("service", &format!("EXP_FILTER=\"file_exists('{secret}')\" service"))),
        ("a deletion", format!("<Transaction service=\"WFS\" version=\"1.0.0\">{DELETE}</Transaction>")),
        ("a deletion without a service", format!("<wfs:Transaction>{DELETE}</wfs:Transaction>")),
        ("a deletion that calls itself a read", format!("<Transaction service=\"WFS\" REQUEST=\"GetFeature\">{DELETE}</Transaction>")),
        ("an update of everything", "<Transaction service=\"WFS\"><Update typeName=\"places\"><Property><Name>name</Name><Value>x</Value></Property></Update></Transaction>".into()),
        ("an update of a hidden field", "<Transaction service=\"WFS\"><Update typeName=\"places\"><Property><Name>hush</Name><Value>x</Value></Property></Update></Transaction>".into()),
        ("an insert", "<Transaction service=\"WFS\"><Insert><places xmlns=\"http://www.qgis.org/gml\"><name>planted</name></places></Insert></Transaction>".into()),
        ("GetMap as a root", format!("<GetMap {map} LAYERS=\"places\" SLD=\"{trap}/root\"/>")),
        ("GetMap of beta as a root", format!("<GetMap {map} LAYERS=\"places\" MAP=\"{beta}\"/>")),
        ("GetMap with a filter as a root", format!("<GetMap {map} LAYERS=\"subset\" FILTER=\"subset:&quot;num&quot; = 0 ) OR ( &quot;num&quot; = &quot;num&quot;\"/>")),
        ("GetPrint as a root", format!("<GetPrint SERVICE=\"WMS\" VERSION=\"1.3.0\" TEMPLATE=\"A4\" FORMAT=\"pdf\" CRS=\"EPSG:3857\" WEBFRAME=\"file://{secret}\"/>")),
        ("GetCapabilities of beta as a root", format!("<GetCapabilities service=\"WFS\" map=\"{beta}\"/>")),
        ("GetCoverage of beta as a root", format!("<GetCoverage SERVICE=\"WCS\" VERSION=\"1.0.0\" COVERAGE=\"dem\" CRS=\"EPSG:3857\" BBOX=\"0,0,1000,1000\" WIDTH=\"20\" HEIGHT=\"20\" MAP=\"{beta}\"/>")),
        ("a hidden type", features("<Query typeName=\"hidden\"/>")),
        ("a hidden type with a prefix", features("<Query typeName=\"x:hidden\"/>")),
        ("a hidden type in nested elements", features("<a><b><Query typeName=\"hidden\"/></b></a><Query typeName=\"places\"/>")),
        ("a type inside another", features("<Query typeName=\"places\"><Query typeName=\"unserved\"/></Query>")),
        ("a hidden property", features("<Query typeName=\"places\"><PropertyName>hush</PropertyName></Query>")),
        ("sorting by a hidden property", features("<Query typeName=\"places\"><SortBy><SortProperty><PropertyName>hush</PropertyName></SortProperty></SortBy></Query>")),
        ("an external entity", format!("<!DOCTYPE a [<!ENTITY e SYSTEM \"file://{secret}\">]>{}", like("name", "&e;"))),
        ("an external entity on another host", format!("<!DOCTYPE a [<!ENTITY e SYSTEM \"{trap}/entity\">]>{}", like("name", "&e;"))),
        ("an external DTD", format!("<!DOCTYPE GetFeature SYSTEM \"{trap}/dtd\">{}", features("<Query typeName=\"places\"/>"))),
        ("an entity that hides a name", format!("<!DOCTYPE a [<!ENTITY h \"hu\">]>{}", like("&h;sh", "PIN*"))),
        ("an entity that hides a type", format!("<!DOCTYPE a [<!ENTITY h \"hidden\">]>{}", features("<Query typeName=\"&h;\"/>"))),
        ("a stylesheet", format!("<?xml-stylesheet href=\"{trap}/style\"?>{}", features("<Query typeName=\"places\"/>"))),
        ("an include", format!("<GetFeature service=\"WFS\" xmlns:xi=\"http://www.w3.org/2001/XInclude\"><xi:include href=\"file://{secret}\" parse=\"text\"/><Query typeName=\"places\"/></GetFeature>")),
        ("a schema location", format!("<GetFeature service=\"WFS\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a {trap}/xsd\"><Query typeName=\"places\"/></GetFeature>")),
        ("a form after XML", format!("<GetFeature service=\"WFS\"><Query typeName=\"places\"/></GetFeature>&MAP={}", fixture.beta)),
        ("XML after a form", format!("MAP={}&a=<GetFeature service=\"WFS\"><Query typeName=\"places\"/></GetFeature>", fixture.beta)),
        ("broken XML that is a form", format!("<GetFeature&MAP={}&SERVICE=WFS&REQUEST=GetFeature&TYPENAME=places&a=b>", fixture.beta)),
        ("two roots", format!("<GetFeature service=\"WFS\"><Query typeName=\"places\"/></GetFeature><Transaction>{DELETE}</Transaction>")),
        ("a NUL inside", format!("<GetFeature service=\"WFS\"><Query typeName=\"places\"/></GetFeature>\0<Transaction>{DELETE}</Transaction>")),
        ("an unknown operation", "<GetFeatureWithLock service=\"WFS\"><Query typeName=\"hidden\"/></GetFeatureWithLock>".into()),
        ("JSON that is a form", format!("{{\"a\":\"&MAP={}&b\"}}", fixture.beta)),
    ]
}
