//! What people and programs see.

use super::{DOCUMENT, edited, site};
use crate::{
    Output,
    changes::{Changes, GroupNames, changes},
};

fn reported(before: Option<&str>, after: Option<&str>) -> Changes {
    let names = |document: Option<&str>| document.map(GroupNames::of).unwrap_or_default();
    let names = names(after).or(names(before));
    changes(before.map(site).as_ref(), after.map(site).as_ref(), &names)
}

fn golden(name: &str) -> String {
    let path = format!("{}/src/changes/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn shows(name: &str, before: Option<&str>, after: Option<&str>) {
    let plain = Output::new(&reported(before, after)).plain();
    assert_eq!(plain, golden(&format!("{name}.txt")), "{name}");
}

const READ_PLANNING: &str = "read = [\"02f1ea5a-8a90-454c-9ecb-df4562c6afd7\"] # Planners";
const WRITE_PLANNING: &str = "write = [\"1f0ac082-247d-44fa-bcb6-667230cbf808\"] # Editors";
const READ_ROADS: &str = "read = [\"e098abcd-8f18-43ca-b18e-0ef34b3eae31\"] # Rangers";
const READ_PARKS: &str = r#"read = [
    "02f1ea5a-8a90-454c-9ecb-df4562c6afd7", # Planners
    "e098abcd-8f18-43ca-b18e-0ef34b3eae31", # Rangers
]"#;
const EVERYONE: &str = "read = \"everyone-signed-in\"";

#[test]
fn a_change_reads_like_a_release_note() {
    let wider_group = "write = [\n\"1f0ac082-247d-44fa-bcb6-667230cbf808\", # Editors\n\"02f1ea5a-8a90-454c-9ecb-df4562c6afd7\"]";
    let recreated = "read = [\"f098abcd-8f18-43ca-b18e-0ef34b3eae31\"] # Rangers";
    let open = ["trees", "lakes"].map(|id| {
        format!("[[catalogue]]\nid = \"{id}\"\ntitle = \"New\"\nproject = \"C:/{id}.qgz\"\n{EVERYONE}\n")
    });
    let open = open.concat() + "[[catalogue]]";
    let cases: [(&str, &[(&str, &str)]); 9] = [
        ("nothing", &[]),
        ("group", &[(WRITE_PLANNING, wider_group)]),
        ("everyone", &[(READ_PARKS, EVERYONE)]),
        ("everyone-new", &[(READ_PARKS, EVERYONE), ("[[catalogue]]", &open)]),
        ("unnamed", &[(READ_ROADS, "read = [\"0a98abcd-8f18-43ca-b18e-0ef34b3eae31\"]")]),
        ("recreated", &[(READ_ROADS, recreated)]),
        ("roles", &[("origins =", "groups_as_roles = true\norigins =")]),
        ("tenant", &[("cd0a0f9d-", "dd0a0f9d-"), ("c3890382-", "d3890382-"), (READ_ROADS, EVERYONE)]),
        (
            "settings",
            &[
                ("https://old.riverbend.example", "https://new.riverbend.example"),
                ("origins =", "session_minutes = 5\norigins ="),
                ("title = \"Parks\"", "title = \"Parks and trees\"\nprint = [\"A4\"]"),
                ("C:/Pozi/roads.qgz", "C:/Pozi/drains.qgz"),
            ],
        ),
    ];
    for (name, edits) in cases {
        shows(name, Some(DOCUMENT), Some(&edited(edits)));
    }
    shows("not-everyone", Some(&edited(&[(READ_PARKS, EVERYONE)])), Some(DOCUMENT));
    shows("new", None, Some(&edited(&[(READ_ROADS, EVERYONE)])));
    shows("removed", Some(DOCUMENT), None);
}

/// A site that names no group serves people in any number of groups. The first group ends that.
#[test]
fn the_first_group_of_a_site_shuts_out_people_in_too_many() {
    let open = edited(&[
        (READ_PLANNING, EVERYONE),
        (WRITE_PLANNING, ""),
        (READ_PARKS, EVERYONE),
        (READ_ROADS, EVERYONE),
    ]);
    let first = open.replacen(EVERYONE, &format!("{EVERYONE}\n{WRITE_PLANNING}"), 1);
    shows("first-group", Some(&open), Some(&first));
    shows("no-group", Some(&first), Some(&open));
}

#[test]
fn catalogues_that_change_alike_share_a_sentence() {
    let crew = "\"c255979a-a241-40f1-99ac-e1ac9c94a934\", # Works crew";
    let drains = format!(
        r#"
[[catalogue]]
id = "drains-00"
title = "Drains"
project = "C:/00.qgz"
read = [
    "e098abcd-8f18-43ca-b18e-0ef34b3eae31", # Rangers
    {crew}
]
"#
    );
    let more: Vec<_> = (1..=12).map(|number| drains.replace("00", &format!("{number:02}"))).collect();
    let after =
        edited(&[(READ_ROADS, &format!("read = [\n{crew}\n]\nwrite = [\n{crew}\n]"))]) + &more.concat();
    shows("many", Some(DOCUMENT), Some(&after));
}

#[test]
fn programs_get_stable_names() {
    let after = edited(&[
        (READ_PARKS, EVERYONE),
        ("origins =", "groups_as_roles = true\nsession_minutes = 5\norigins ="),
        (WRITE_PLANNING, "write = [\"02f1ea5a-8a90-454c-9ecb-df4562c6afd7\"]"),
        ("https://old.riverbend.example", "https://riverbend.enterprise.example"),
    ]);
    let json = format!("{:#}\n", Output::new(&reported(Some(DOCUMENT), Some(&after))).json());
    assert_eq!(json, golden("report.json"));
}

#[test]
fn gains_are_green_and_losses_red() {
    let after = edited(&[(READ_ROADS, "read = [\"02f1ea5a-8a90-454c-9ecb-df4562c6afd7\"]")]);
    let text = reported(Some(DOCUMENT), Some(&after)).to_string();
    assert!(
        text.contains("\u{1b}[32m+\u{1b}[0m a person") && text.contains("\u{1b}[31m-\u{1b}[0m a person"),
        "{text:?}"
    );
}

#[test]
fn the_same_tenant_id_in_another_cloud_is_another_tenant() {
    let moved = edited(&[("origins =", "cloud = \"china\"\norigins =")]);
    let text = Output::new(&reported(Some(DOCUMENT), Some(&moved))).plain();
    let lost = "Loses, among people of the old tenant:\n  - everyone loses everything\n";
    assert!(text.contains(lost) && text.contains("Gains, among people of the new tenant:\n"), "{text}");
}

#[test]
fn only_a_site_that_stays_as_it_is_is_no_change() {
    let none = reported(None, None);
    assert!(none.is_empty() && !none.is_wider());
    let new = reported(None, Some(DOCUMENT));
    assert!(!new.is_empty() && new.is_wider());
    let [planning, parks, roads] = [READ_PLANNING, READ_PARKS, READ_ROADS].map(|rule| (rule, "read = []"));
    let closed = edited(&[planning, (WRITE_PLANNING, ""), parks, roads]);
    let new_and_closed = reported(None, Some(&closed));
    assert!(!new_and_closed.is_empty() && new_and_closed.is_wider(), "its name and address are taken");
    let removed = reported(Some(DOCUMENT), None);
    assert!(!removed.is_empty() && !removed.is_wider());
    let same = reported(Some(DOCUMENT), Some(DOCUMENT));
    assert!(same.is_empty() && !same.is_wider());
}
