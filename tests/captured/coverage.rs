//! Compares the generated documents with the captured ones: each kind has the same members, with values of the same form.
//! A capture of a new shape fails here until it is generated too.

use std::{collections::BTreeSet, fs, path::Path};

use entra_emulator::CONSUMER_TENANT;
use serde_json::{Value, json};

use super::{
    CAPTURES, captured,
    kinds::{KEY_SETS, METADATA},
    shapes::{captured_shapes, generated_shapes, named},
};

/// The members of a document, each with its place and the form of its value, such as `_claim_names.groups: text`.
type Members = BTreeSet<String>;

fn members(document: &Value) -> Members {
    let mut members = Members::new();
    collect("", document, &mut members);
    members
}

fn collect(place: &str, value: &Value, members: &mut Members) {
    let form = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(text) => form(text),
        Value::Array(values) => {
            for value in values {
                collect(&format!("{place}[]"), value, members);
            }
            "list"
        }
        Value::Object(own) => {
            for (name, value) in own {
                collect(&format!("{place}.{name}"), value, members);
            }
            "object"
        }
    };
    members.insert(format!("{place}: {form}"));
}

fn form(text: &str) -> &'static str {
    match text {
        _ if text.parse::<uuid::Uuid>().is_ok() => "GUID",
        _ if text.contains("{tenantid}") => "template of a URL",
        _ if text.contains(&CONSUMER_TENANT.to_string()) => "URL of personal accounts",
        _ if text.starts_with("https://") => "URL",
        _ if text.starts_with("api://") => "api URI",
        _ if text.starts_with("spn:") => "spn",
        _ => "text",
    }
}

fn assert_same_members(generated: &Value, captured: &Value, what: &str) {
    let (generated, captured) = (members(generated), members(captured));
    let only = |own: &Members, other: &Members| own.difference(other).cloned().collect::<Vec<_>>();
    let (missing, invented) = (only(&captured, &generated), only(&generated, &captured));
    assert!(
        missing.is_empty() && invented.is_empty(),
        "{what}: lacks {missing:?}, captured without {invented:?}"
    );
}

/// Returns the members of each key, once for keys that have the same.
fn members_of_keys(set: &Value) -> BTreeSet<Members> {
    set["keys"].as_array().into_iter().flatten().map(members).collect()
}

#[test]
fn another_member_and_another_form_are_noticed() {
    let one = json!({"aud": "api://shape.example", "roles": ["a"], "inner": {"iat": 1}});
    let expected = [
        ": object",
        ".aud: api URI",
        ".inner.iat: number",
        ".inner: object",
        ".roles: list",
        ".roles[]: text",
    ];
    assert_eq!(members(&one), expected.map(str::to_owned).into());
    for changed in [
        json!({"aud": "https://shape.example", "roles": ["a"], "inner": {"iat": 1}}),
        json!({"aud": "api://shape.example", "roles": "a", "inner": {"iat": 1}}),
        json!({"aud": "api://shape.example", "roles": ["a"], "inner": {"iat": "1"}}),
        json!({"aud": "api://shape.example", "inner": {"iat": 1}}),
    ] {
        assert_ne!(members(&changed), members(&one), "{changed}");
    }
}

#[test]
fn every_captured_document_is_tested() {
    if captured("claim-shapes.json").is_none() {
        return;
    }
    let files = |folder| -> BTreeSet<_> {
        let files = fs::read_dir(Path::new(CAPTURES).join(folder)).unwrap();
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
    };
    let tested = |names: Vec<&str>| -> BTreeSet<_> {
        names.into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    assert_eq!(files("jwks"), tested(KEY_SETS.iter().map(|kind| kind.file).collect()));
    assert_eq!(files("metadata"), tested(METADATA.iter().map(|kind| kind.file).collect()));
}

#[test]
fn generated_key_sets_have_the_keys_of_the_captured_ones() {
    for kind in KEY_SETS {
        let Some(captured) = kind.captured() else { continue };
        let (captured, generated) = (members_of_keys(&captured), members_of_keys(&kind.generated()));
        assert!(captured.is_subset(&generated), "{}: {captured:#?}\n{generated:#?}", kind.file);
    }
}

#[test]
fn generated_metadata_have_the_members_of_the_captured_ones() {
    for kind in METADATA {
        let Some(captured) = kind.captured() else { continue };
        assert_same_members(&kind.generated(), &captured, kind.file);
    }
}

#[test]
fn generated_tokens_have_the_members_of_the_captured_ones() {
    let Some(captured) = captured_shapes() else { return };
    let generated = generated_shapes();
    for shape in captured.as_array().unwrap() {
        let name = shape["name"].as_str().unwrap();
        let own = named(&generated, name);
        for part in ["header", "payload"] {
            assert_same_members(&own[part], &shape[part], &format!("{part} of {name}"));
        }
    }
}
