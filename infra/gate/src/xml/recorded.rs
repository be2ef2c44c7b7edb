//! Tries the recorded XML bodies and filters of real clients, if the recordings are there.

use std::{fs, path::Path};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{
    MAX_READ_BYTES,
    body::BodyError,
    filter::Filter,
    get_feature::GetFeatureBody,
    transaction::{PropertyTarget, Transaction},
    tree::Element,
};

/// The recorded requests; none, with a note, if they are not there.
fn requests() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/requests");
    let Ok(files) = fs::read_dir(folder) else {
        eprintln!("NOT RUN: the recorded requests are not there");
        return Vec::new();
    };
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .flat_map(|path| serde_json::from_slice::<Vec<Value>>(&fs::read(path).unwrap()).unwrap())
        .collect()
}

fn target(name: &str) -> PropertyTarget {
    match name {
        "geometry" => PropertyTarget::Geometry,
        name => PropertyTarget::Field(name.replace('_', " ")),
    }
}

#[test]
fn recorded_bodies_pass_or_are_refused_as_designed() {
    let requests = requests();
    let mut passed = 0;
    for request in &requests {
        let Some(body) = request["body"].as_str().filter(|body| body.trim_start().starts_with('<')) else {
            continue;
        };
        let root = Element::parse(body.as_bytes(), MAX_READ_BYTES).unwrap();
        let outcome = match root.name.as_str() {
            "GetFeature" => GetFeatureBody::from_element(&root).and_then(|mut body| {
                let real = |name: &str| (name != "geometry").then(|| name.to_owned());
                body.queries.iter_mut().try_for_each(|query| query.resolve_fields(&real))?;
                let written = body.write();
                let again =
                    GetFeatureBody::from_element(&Element::parse(written.as_bytes(), MAX_READ_BYTES)?);
                assert!(
                    again.is_ok() || !body.queries.iter().all(|query| query.sort.is_empty()),
                    "{written}"
                );
                Ok(())
            }),
            "Transaction" => Transaction::from_element(&root).and_then(|body| {
                let written = body.resolve(&|_, _, name| Some(target(name)))?.write();
                Transaction::from_element(&Element::parse(written.as_bytes(), MAX_READ_BYTES)?).map(|_| ())
            }),
            other => panic!("unexpected root {other}"),
        };
        let is_refused =
            body.contains("version=\"2.0.0\"") && root.name == "Transaction" || body.contains("DWithin");
        match outcome {
            Ok(()) => assert!(!is_refused, "{body}"),
            Err(refusal) => assert!(
                is_refused && matches!(refusal, BodyError::TransactionVersion | BodyError::Filter { .. }),
                "{refusal:?}: {body}"
            ),
        }
        passed += usize::from(!is_refused);
    }
    assert!(requests.is_empty() || passed > 30, "{passed} bodies passed");
}

#[test]
fn recorded_filters_pass() {
    let requests = requests();
    let mut passed = 0;
    for request in &requests {
        let texts = [&request["query"], &request["body"]];
        for pair in texts.into_iter().filter_map(Value::as_str).flat_map(|text| text.split('&')) {
            let Some((key, value)) =
                pair.split_once('=').filter(|(key, _)| key.eq_ignore_ascii_case("FILTER"))
            else {
                continue;
            };
            let value = value.replace('+', " ");
            let value = percent_decode_str(&value).decode_utf8().unwrap();
            if value.starts_with('<') {
                let filter =
                    Filter::from_text(&value).unwrap_or_else(|refusal| panic!("{key}={value}: {refusal:?}"));
                assert_eq!(Filter::from_text(&filter.write()), Ok(filter));
                passed += 1;
            }
        }
    }
    assert!(requests.is_empty() || passed >= 5, "{passed} filters passed");
}
