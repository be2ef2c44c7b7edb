//! The sample requests compared with the recorded ones: every operation, version, media type, parameter, XML element
//! and spelling of a client is in a sample. A recording of a new kind fails here until there is a sample of it.

use std::{borrow::Cow, collections::BTreeSet};

use pozi_gate::xml::{
    MAX_TRANSACTION_BYTES,
    tree::{Element, Node},
};
use url::form_urlencoded;

use super::{
    requests::{Recorded, recorded},
    shapes::shapes,
};

/// What a request consists of, each part with the operation, such as `GET WMS GetMap 1.3.0 BBOX`; without values.
fn parts(request: &Recorded) -> BTreeSet<String> {
    let is_form = !request.body.starts_with(['<', '{', '-']) && !request.body.trim().is_empty();
    let form = if is_form { request.body.as_str() } else { "" };
    let pairs = [request.query.as_str(), form].map(|text| form_urlencoded::parse(text.as_bytes()));
    let pairs: Vec<_> = pairs.into_iter().flatten().filter(|(name, _)| !name.is_empty()).collect();
    let operation = operation(request, &pairs);
    let mut parts = BTreeSet::from([operation.clone()]);
    for (name, value) in &pairs {
        let name = if operation.contains("wfs3") { name.to_string() } else { name.to_ascii_uppercase() };
        // A project is named with any operation; only the kinds of addresses count.
        parts.insert(match name.as_str() {
            "MAP" => format!("MAP at {}", request.path.split("/wfs3").next().unwrap()),
            _ => format!("{operation} {name}"),
        });
        if value.trim_start().starts_with('<') {
            elements(&format!("{operation} {name}"), value, &mut parts);
        }
    }
    if request.body.trim_start().starts_with('<') {
        elements(&operation, &request.body, &mut parts);
    }
    parts.extend(spellings(&request.query).map(str::to_owned));
    parts
}

/// Returns how a client spells a query, which is most of what distinguishes clients that request the same.
fn spellings(query: &str) -> impl Iterator<Item = &'static str> {
    let names: String = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let escapes: String = query.split('%').skip(1).flat_map(|rest| rest.chars().take(2)).collect();
    let has = |is: fn(char) -> bool, text: &str| text.contains(is);
    let upper = has(|c| c.is_ascii_uppercase(), &names);
    let lower = has(|c| c.is_ascii_lowercase(), &names);
    let found = [
        (upper && !lower, "names in upper case"),
        (lower && !upper, "names in lower case"),
        (lower && upper, "names in mixed case"),
        (has(|c| c.is_ascii_lowercase(), &escapes), "escapes in lower case"),
        (has(|c| c.is_ascii_uppercase(), &escapes), "escapes in upper case"),
        (!query.is_ascii(), "characters beyond ASCII as they are"),
        (query.contains('+'), "spaces as +"),
        (query.contains("%20"), "spaces as %20"),
        (query.contains(['"', '\'', '(', '[', '<', '{', '|']), "punctuation as it is"),
        (query.contains("%2C") || query.contains("%3A"), "commas and colons escaped"),
        (query.ends_with('&'), "an & at the end"),
        (query.starts_with('&'), "an & at the start"),
        (query.contains("&&"), "an & twice"),
    ];
    found.into_iter().filter_map(|(is_so, what)| is_so.then_some(what))
}

fn operation(request: &Recorded, pairs: &[(Cow<'_, str>, Cow<'_, str>)]) -> String {
    let kind = request.content_type.as_deref().filter(|_| !request.body.is_empty()).unwrap_or_default();
    let method = format!("{} {}", request.method, kind.split(';').next().unwrap());
    if let Some((_, path)) = request.path.split_once("/wfs3") {
        // The names of collections and features are values.
        let segments = path.split('/').enumerate();
        let segments: Vec<_> =
            segments.map(|(at, name)| if matches!(at, 2 | 4) { "*" } else { name }).collect();
        return format!("{method} wfs3{}", segments.join("/"));
    }
    if request.body.trim_start().starts_with('<') {
        let root = Element::parse(request.body.as_bytes(), MAX_TRANSACTION_BYTES).unwrap();
        let version = root.attributes.iter().find(|attribute| attribute.name == "version");
        return format!("{method} {} {}", root.name, version.map_or("", |version| &version.value));
    }
    let value = |wanted: &str| {
        let pair = pairs.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        pair.map_or(String::new(), |(_, value)| value.to_ascii_lowercase())
    };
    format!("{method} {} {} {}", value("SERVICE"), value("REQUEST"), value("VERSION"))
}

/// Adds each element and attribute of `xml`. Clients disagree on namespaces, which the gate does not resolve.
fn elements(operation: &str, xml: &str, parts: &mut BTreeSet<String>) {
    let mut open = vec![Element::parse(xml.trim().as_bytes(), MAX_TRANSACTION_BYTES).unwrap()];
    while let Some(element) = open.pop() {
        parts.insert(format!("{operation} <{}>", element.name));
        for attribute in element
            .attributes
            .iter()
            .filter(|attribute| attribute.prefix.as_deref() != Some("xmlns") && attribute.name != "xmlns")
        {
            parts.insert(format!("{operation} <{} {}>", element.name, attribute.name));
        }
        open.extend(element.children.into_iter().filter_map(|child| match child {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        }));
    }
}

#[test]
fn the_parts_of_a_request_are_its_operation_parameters_and_elements_without_values() {
    let query =
        "service=WFS&VERSION=1.1.0&Request=GetFeature&FILTER=%3Ca:Not%20b=%221%22%3E%3CNull/%3E%3C/a:Not%3E";
    let expected = [
        "",
        " FILTER",
        " FILTER <Not b>",
        " FILTER <Not>",
        " FILTER <Null>",
        " REQUEST",
        " SERVICE",
        " VERSION",
    ];
    let mut expected = BTreeSet::from(expected.map(|part| format!("GET  wfs getfeature 1.1.0{part}")));
    expected.extend(["escapes in upper case", "names in mixed case", "spaces as %20"].map(str::to_owned));
    assert_eq!(parts(&Recorded::get(query)), expected);
}

#[test]
fn samples_have_every_operation_parameter_and_element_of_the_recorded_requests() {
    let sampled: BTreeSet<_> = shapes().iter().flat_map(parts).collect();
    let recorded = recorded().unwrap_or_default();
    // A preflight is answered without regard to the operation.
    let recorded: BTreeSet<_> =
        recorded.iter().filter(|request| request.method != "OPTIONS").flat_map(parts).collect();
    let missing: Vec<_> = recorded.difference(&sampled).collect();
    println!("{} parts of samples, {} of recorded requests", sampled.len(), recorded.len());
    assert!(missing.is_empty(), "no sample has these {}: {missing:#?}", missing.len());
}
