//! How codes are found, explained and listed.

mod sources;

use std::{env, fs, path::Path};

use super::{ReasonArgs, entry::Mender, find::near, run, tables::all};

/// What a place may begin with: the admin centre of Entra, or a place outside it.
const PLACES: [&str; 4] = ["Entra: ", "the site file", "the gate's machine", "QGIS: "];

/// Blades of the Entra admin centre, as its menu names them.
const BLADES: [&str; 7] = [
    "App registrations",
    "Enterprise applications",
    "Global Secure Access",
    "Groups",
    "Monitoring & health",
    "Overview",
    "Users",
];

fn text_of(code: &str) -> String {
    run(&ReasonArgs { code: vec![code.to_owned()] }).unwrap().plain()
}

#[test]
fn every_text_is_made_of_whole_sentences() {
    for (origin, entry) in all() {
        for text in [entry.happened, entry.fix] {
            let begins = |first: char| first.is_uppercase() || matches!(first, '`' | '/');
            assert!(text.starts_with(begins) && text.ends_with('.'), "{origin} {}: {text}", entry.code);
            assert!(text.split(' ').count() > 2 || text == "Sign in.", "{origin} {}: {text}", entry.code);
            assert!(!text.contains("  "), "{origin} {}: {text}", entry.code);
        }
    }
}

#[test]
fn where_entra_is_the_place_the_way_to_the_setting_is_named() {
    for (origin, entry) in all() {
        let place = entry.place.unwrap_or_default();
        assert!(place.is_empty() || PLACES.iter().any(|known| place.starts_with(known)), "{place}");
        if let Some(way) = place.strip_prefix("Entra: ") {
            let blade = way.split(" → ").next().unwrap();
            assert!(BLADES.contains(&blade) && way.contains(" → "), "{way}");
        }
        let is_told = !place.is_empty() || entry.fix.contains("not a setting of Entra");
        assert!(
            is_told || entry.mender != Mender::Administrator,
            "{origin}: where is `{}` mended?",
            entry.code
        );
    }
}

#[test]
fn an_origin_explains_a_code_once() {
    let mut seen = Vec::new();
    for (origin, entry) in all() {
        assert!(!seen.contains(&(origin, entry.code)), "{origin}: `{}` twice", entry.code);
        seen.push((origin, entry.code));
    }
}

#[test]
fn a_code_is_found_however_it_is_written() {
    for spelling in [
        "AADSTS50011",
        "aadsts50011",
        "50011",
        "AADSTS50011: The redirect URI 'https://riverbend.example/'",
        " 50011 ",
    ] {
        assert!(text_of(spelling).starts_with("AADSTS50011 (Entra ID at sign-in)\n"), "{spelling}");
    }
    for spelling in ["invalid_tenant", "AADSTS90002"] {
        assert!(text_of(spelling).starts_with("AADSTS90002 "), "{spelling}");
    }
    for spelling in [
        "This corporate app can't be accessed",
        "this corporate app can’t be accessed",
        "\"This corporate app can't be accessed\"",
    ] {
        assert!(
            text_of(spelling).starts_with("This corporate app can't be accessed (Application Proxy)"),
            "{spelling}"
        );
    }
    let words = ["This", "corporate", "app", "can't", "be", "accessed"].map(str::to_owned).to_vec();
    assert!(run(&ReasonArgs { code: words }).is_ok(), "without quotation marks");
    assert!(text_of("badgateway").starts_with("BadGateway "));
    assert!(text_of("NO_CATALOGUE").starts_with("no_catalogue "));
}

#[test]
fn explains_a_code_for_each_origin_that_has_it() {
    let text = text_of("groups_in_roles");
    assert!(
        text.contains("groups_in_roles (token exchange)\n")
            && text.contains("\ngroups_in_roles (pozi explain)\n")
    );
}

#[test]
fn an_unknown_code_names_those_that_resemble_it() {
    for (asked, nearest) in
        [("no_catalogues", "no_catalogue"), ("group_overage", "groups_overage"), ("50012", "50011")]
    {
        assert!(near(asked).contains(&nearest), "{asked}: {:?}", near(asked));
    }
    let error = run(&ReasonArgs { code: vec!["group_overage".into()] }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`group_overage` is not a reason that is known here; did you mean `groups_overage`?"
    );
    let error = run(&ReasonArgs { code: vec!["xyz".into()] }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`xyz` is not a reason that is known here; `pozi reason` lists all of them"
    );
}

#[test]
fn people_read_a_short_table() {
    for (code, file) in [
        ("no_catalogue", "no_catalogue.txt"),
        ("AADSTS50105", "50105.txt"),
        ("EmptyConnectorGroup", "empty_connector_group.txt"),
    ] {
        let text = text_of(code);
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/reason/golden").join(file);
        if env::var("UPDATE_REASONS").is_ok_and(|set| set == "1") {
            fs::write(&path, &text).unwrap();
        }
        assert!(
            text == fs::read_to_string(&path).unwrap(),
            "{file} is out of date; if this is as it should be, update it with\n\
             UPDATE_REASONS=1 cargo test -p pozi-operator people_read_a_short_table\n{text}"
        );
        assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
    }
}

#[test]
fn without_a_code_all_are_listed_by_origin() {
    let output = run(&ReasonArgs { code: vec![] }).unwrap();
    let text = output.plain();
    for (origin, entry) in all() {
        assert!(text.contains(entry.code), "{}", entry.code);
        assert_eq!(text.matches(&format!("{origin}\n")).count(), 1, "{origin}");
    }
    assert_eq!(output.json().as_array().map(Vec::len), Some(all().count()));
}

#[test]
fn programs_get_the_services_own_sentences() {
    let output = run(&ReasonArgs { code: vec!["unknown_key".into()] }).unwrap();
    let exchange = &output.json()[0];
    assert_eq!(
        (&exchange["origin"], &exchange["who_can_mend_it"]),
        (&"exchange".into(), &"administrator".into())
    );
    assert_eq!(exchange["descriptions"].as_array().map(Vec::len), Some(2));
    assert!(exchange["for_the_person"].as_str().is_some_and(|text| text.contains("administrator")));
    assert_eq!(output.json()[1]["for_the_person"], serde_json::Value::Null, "the gate's has none");
}
