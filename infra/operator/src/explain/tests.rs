//! What people see, compared to the letter. `UPDATE_GOLDEN=1` writes what they see now.

use std::{fs, path::Path};

use super::*;

const PLANNERS: &str = "02f1ea5a-8a90-454c-9ecb-df4562c6afd7";
const OFFICERS: &str = "1f0ac082-247d-44fa-bcb6-667230cbf808";

fn riverbend() -> (KnownSites, NamedSite) {
    of_file(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../local/sites/riverbend.toml"))).unwrap()
}

fn explained(groups: &str) -> Output {
    let (known, named) = riverbend();
    let report = of_groups(&groups.parse().unwrap(), &known, &named.site).unwrap();
    Output::ending(&report, report.exit())
}

#[track_caller]
fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/explain/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, text).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, golden, "{name} differs");
}

#[test]
fn people_see_each_rule_with_its_groups_and_where_to_click() {
    for (name, groups, exit) in [
        ("planner.txt", PLANNERS, crate::Exit::Done),
        ("editor.txt", &format!("{PLANNERS},{OFFICERS}"), crate::Exit::Done),
        ("nobody.txt", "none", crate::Exit::Wrong),
        ("overage.txt", "overage", crate::Exit::Wrong),
        ("roles.txt", "roles", crate::Exit::Wrong),
    ] {
        let output = explained(groups);
        assert_golden(name, &output.plain());
        assert_eq!(output.exit(), exit, "{name}");
    }
}

#[test]
fn programs_see_the_same() {
    let text = format!("{:#}\n", explained(PLANNERS).json());
    assert_golden("planner.json", &text);
}
