//! XML bodies and filters, sampled and recorded: they are refused only on purpose, and what is written of them is read again.

use percent_encoding::percent_decode_str;
use pozi_gate::xml::{
    MAX_READ_BYTES,
    body::BodyError,
    filter::Filter,
    get_feature::GetFeatureBody,
    transaction::{PropertyTarget, Transaction},
    tree::Element,
};

use super::{
    requests::{Recorded, recorded},
    shapes::shapes,
};

fn target(name: &str) -> PropertyTarget {
    match name {
        "geometry" => PropertyTarget::Geometry,
        name => PropertyTarget::Field(name.replace('_', " ")),
    }
}

#[test]
fn bodies_pass_or_are_refused_as_designed() {
    let sampled = check_bodies(&shapes());
    assert!(sampled > 15, "{sampled} sampled bodies passed");
    if let Some(recorded) = recorded() {
        let passed = check_bodies(&recorded);
        assert!(passed > 30, "{passed} recorded bodies passed");
    }
}

/// Returns how many bodies passed.
fn check_bodies(requests: &[Recorded]) -> usize {
    let mut passed = 0;
    for body in requests.iter().map(|request| &request.body).filter(|body| body.trim_start().starts_with('<'))
    {
        let root = Element::parse(body.as_bytes(), MAX_READ_BYTES).unwrap();
        let is_transaction = root.name == "Transaction";
        let outcome = if is_transaction { write_transaction(&root) } else { write_get_feature(&root) };
        let is_refused = is_transaction && body.contains("version=\"2.0.0\"") || body.contains("DWithin");
        match outcome {
            Ok(()) => assert!(!is_refused, "{body}"),
            Err(refusal) => assert!(
                is_refused && matches!(refusal, BodyError::TransactionVersion | BodyError::Filter { .. }),
                "{refusal:?}: {body}"
            ),
        }
        passed += usize::from(!is_refused);
    }
    passed
}

/// Writes a GetFeature, and reads what was written.
fn write_get_feature(root: &Element) -> Result<(), BodyError> {
    let mut body = GetFeatureBody::from_element(root)?;
    let real = |name: &str| (name != "geometry").then(|| name.to_owned());
    body.queries.iter_mut().try_for_each(|query| query.resolve_fields(&real))?;
    let written = body.write();
    let again = GetFeatureBody::from_element(&Element::parse(written.as_bytes(), MAX_READ_BYTES)?);
    assert!(again.is_ok() || !body.queries.iter().all(|query| query.sort.is_empty()), "{written}");
    Ok(())
}

/// Writes a Transaction, and reads what was written.
fn write_transaction(root: &Element) -> Result<(), BodyError> {
    let written = Transaction::from_element(root)?.resolve(&|_, _, name| Some(target(name)))?.write();
    Transaction::from_element(&Element::parse(written.as_bytes(), MAX_READ_BYTES)?).map(|_| ())
}

#[test]
fn filters_pass() {
    let sampled = check_filters(&shapes());
    assert!(sampled >= 5, "{sampled} sampled filters passed");
    if let Some(recorded) = recorded() {
        let passed = check_filters(&recorded);
        assert!(passed >= 5, "{passed} recorded filters passed");
    }
}

/// Returns how many filters passed.
fn check_filters(requests: &[Recorded]) -> usize {
    let mut passed = 0;
    for request in requests {
        for pair in [&request.query, &request.body].into_iter().flat_map(|text| text.split('&')) {
            let Some((key, value)) =
                pair.split_once('=').filter(|(key, _)| key.eq_ignore_ascii_case("FILTER"))
            else {
                continue;
            };
            let value = value.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8().unwrap();
            if value.starts_with('<') {
                let filter = Filter::from_text(&value);
                let again = filter.as_ref().map(|filter| Filter::from_text(&filter.write()));
                assert_eq!(again, Ok(filter.clone()), "{key}={value}");
                passed += 1;
            }
        }
    }
    passed
}
