//! XML: bodies, filters and geometries are read or refused, and what is written is read as the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pozi_gate::{
    xml::{
        body::BodyError,
        describe::DescribeFeatureTypeBody,
        filter::{Filter, FilterError},
        get_feature::GetFeatureBody,
        gml,
        transaction::{ActionKind, PropertyTarget, Transaction},
        tree::Element,
    },
};

fuzz_target!(|data: &[u8]| {
    let Ok(root) = Element::parse(data, 1 << 16) else { return };
    if let Ok(filter) = Filter::from_element(&root) {
        match Filter::from_text(&filter.write()) {
            // Operands are written in pairs, which nest deeper than what was read.
            Err(FilterError::TooDeep | FilterError::TooManyElements) => {}
            again => assert_eq!(again, Ok(filter), "a filter reads back the same"),
        }
    }
    if let Ok(body) = GetFeatureBody::from_element(&root) {
        let written = body.write();
        let again =
            Element::parse(written.as_bytes(), 1 << 20).map(|root| GetFeatureBody::from_element(&root));
        // Fields to sort by are written in quotes, which only QGIS reads.
        if body.queries.iter().all(|query| query.sort.is_empty() && query.filter.is_none()) {
            assert_eq!(again, Ok(Ok(body)), "a body reads back the same");
        }
    }
    if let Ok(transaction) = Transaction::from_element(&root) {
        let target = |_: ActionKind, _: &str, name: &str| match name {
            "geometry" => Some(PropertyTarget::Geometry),
            name => Some(PropertyTarget::Field(name.to_owned())),
        };
        if let Ok(resolved) = transaction.resolve(&target) {
            let again = Element::parse(resolved.write().as_bytes(), 1 << 20)
                .map(|root| Transaction::from_element(&root));
            let is_deeper = matches!(again, Ok(Err(BodyError::Filter { .. })));
            assert!(is_deeper || matches!(again, Ok(Ok(_))), "a transaction reads back");
        }
    }
    let _ = DescribeFeatureTypeBody::from_element(&root);
    if let Ok(text) = str::from_utf8(data) {
        let _ = Filter::list_from_text(text);
        if let Ok(once) = gml::canonical(text) {
            assert_eq!(gml::canonical(&once).as_ref(), Ok(&once), "a geometry reads back the same");
        }
    }
});
