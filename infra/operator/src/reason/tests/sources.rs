//! The codes that the sources can produce, and those of the guide, are those that are explained.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use pozi_auth::{oauth::every_refusal, sites::Because};

use crate::reason::{
    entry::{Mender, Origin},
    find::find,
    tables::all,
};

/// The guide for administrators.
const PAGE: &str = include_str!("../../../../../docs/administrators.md");

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn codes_of(origin: Origin) -> BTreeSet<String> {
    all().filter(|(of, _)| *of == origin).map(|(_, entry)| entry.code.to_owned()).collect()
}

/// Returns the strings in the methods `name` of the sources in `path`, a file or a folder.
fn codes_in(path: &Path, name: &str) -> BTreeSet<String> {
    if path.is_dir() {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        return entries.flat_map(|path| codes_in(&path, name)).collect();
    }
    let text = fs::read_to_string(path).unwrap();
    let production = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    let signature = format!("fn {name}(");
    let methods = production.split(signature.as_str()).skip(1);
    let methods = methods.filter(|rest| rest.trim_start_matches('&').starts_with("self) "));
    methods.flat_map(|rest| strings(rest.split("\n    }\n").next().unwrap())).collect()
}

fn strings(code: &str) -> impl Iterator<Item = String> {
    code.split('"').skip(1).step_by(2).map(str::to_owned)
}

#[test]
fn every_reason_of_the_exchange_is_explained() {
    let reasons: BTreeSet<_> =
        every_refusal("").iter().map(|error| error.refusal().reason.to_owned()).collect();
    assert_eq!(codes_of(Origin::Exchange), reasons);
}

#[test]
fn every_verdict_is_explained() {
    let because: [Because; 8] = [
        Because::Everyone,
        Because::Group(vec![]),
        Because::MayWrite(vec![]),
        Because::NotInGroup(vec![]),
        Because::GroupsInRoles(vec![]),
        Because::Nobody,
        Because::MayNotRead,
        Because::Overage,
    ];
    let names: BTreeSet<_> = because.iter().map(|because| because.name().to_owned()).collect();
    assert_eq!(codes_of(Origin::Verdict), names);
    assert_eq!(codes_in(&root("shared/src/sites/judge.rs"), "name"), names, "the list here is complete");
}

#[test]
fn every_reason_of_a_session_the_authorizer_and_stored_sites_is_explained() {
    assert_eq!(codes_of(Origin::Session), codes_in(&root("shared/src/session/refusal.rs"), "code"));
    assert_eq!(codes_of(Origin::Authorizer), codes_in(&root("functions/authorizer/src"), "code"));
    let stored = ["claims", "stored"].map(|file| root(&format!("shared/src/tenants/{file}.rs")));
    let reasons: BTreeSet<_> = stored.iter().flat_map(|file| codes_in(file, "code")).collect();
    assert_eq!(codes_of(Origin::SiteDocument), reasons);
}

#[test]
fn every_reason_of_the_gate_is_explained() {
    let mut reasons = codes_in(&root("infra/gate/src"), "reason");
    assert!(reasons.len() > 40, "{reasons:?}");
    let status = fs::read_to_string(root("infra/gate/src/status.rs")).unwrap();
    reasons.extend(
        status.split(r#"{"reason":""#).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()),
    );
    assert_eq!(codes_of(Origin::Gate), reasons);
}

#[test]
fn every_reason_of_the_browser_modules_own_is_explained() {
    let text = fs::read_to_string(root("clients/web/src/reasons.js")).unwrap();
    let table = text.split("forAdministrator = {").nth(1).unwrap().split("};").next().unwrap();
    let is_key = |key: &&str| key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let keys = table.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(':').map(|(key, _)| key));
    let reasons: BTreeSet<_> = keys.filter(is_key).map(str::to_owned).collect();
    assert_eq!(codes_of(Origin::Web), reasons);
}

/// The numbers that the emulated Entra answers with.
fn emulated() -> BTreeSet<String> {
    let errors = fs::read_to_string(root("infra/entra-emulator/src/sign_in/error.rs")).unwrap();
    let outage = fs::read_to_string(root("infra/entra-emulator/src/outage.rs")).unwrap();
    let numbers = errors.split("EntraError::new(").skip(1).filter_map(|rest| rest.split(',').next());
    let numbers: BTreeSet<_> = numbers.map(|number| number.replace('_', "")).collect();
    assert!(numbers.len() > 15, "{numbers:?}");
    numbers
        .into_iter()
        .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        .chain(numbers_in(&outage))
        .collect()
}

/// Returns the numbers after `AADSTS` in `text`.
fn numbers_in(text: &str) -> BTreeSet<String> {
    let digits = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>();
    text.split("AADSTS").skip(1).map(digits).filter(|number| !number.is_empty()).collect()
}

#[test]
fn every_number_of_the_emulated_entra_and_of_the_guide_is_explained() {
    let known = codes_of(Origin::Entra);
    for number in emulated().union(&numbers_in(PAGE)) {
        assert!(known.contains(number), "explain AADSTS{number}");
    }
}

/// Returns the codes in the first column of the guide's tables of errors: in code or in quotation marks, and AADSTS numbers.
fn codes_of_the_page() -> BTreeSet<String> {
    let errors = PAGE.split("\n## When signing in fails").nth(1).unwrap();
    let cells = errors.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let mut codes = BTreeSet::new();
    for cell in cells {
        codes.extend(cell.split('`').skip(1).step_by(2).map(str::to_owned));
        codes.extend(cell.split(['“', '”']).skip(1).step_by(2).map(str::to_owned));
        codes.extend(numbers_in(cell));
    }
    codes.remove("reason");
    codes
}

#[test]
fn the_guide_has_every_code_that_an_administrator_can_mend_and_no_other_name() {
    let page = codes_of_the_page();
    for (origin, entry) in all() {
        let is_for_the_page = entry.mender == Mender::Administrator && origin != Origin::Verdict;
        assert!(!is_for_the_page || page.contains(entry.code), "{origin}: add `{}` to the guide", entry.code);
    }
    for code in page {
        assert!(!find(&code).is_empty(), "`{code}` of the guide does not exist");
    }
}
