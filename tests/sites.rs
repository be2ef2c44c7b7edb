//! Site files: what editors are told about them, and what an operator reads when one is wrong.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, which is what panics are for"
)]

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use pozi_auth::{
    adapters::{LoadError, SiteFiles},
    sites::{Site, site_schema},
};
use serde_json::Value;

fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn names(list: &Value) -> BTreeSet<String> {
    match list {
        Value::Object(members) => members.keys().cloned().collect(),
        _ => list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
    }
}

#[test]
fn the_schema_that_editors_read_is_that_of_the_code() {
    let path = in_project("docs/site.schema.json");
    if env::var("UPDATE_SCHEMA").is_ok_and(|set| set == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, site_schema()).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == site_schema(),
        "docs/site.schema.json is not what the code says; renew it with\n\
         UPDATE_SCHEMA=1 cargo test -p pozi-tests --test sites"
    );
}

/// The parser itself names the keys that it knows, when it meets one that it does not.
fn known_keys(document: &str) -> BTreeSet<String> {
    let said = Site::parse(document).unwrap_err().remove(0).message;
    let list = said.split_once("expected one of ").expect("the message lists the keys").1;
    list.split(", ").map(|key| key.trim_matches('`').to_owned()).collect()
}

#[test]
fn the_schema_has_every_key_of_a_site_file_and_no_other() {
    let schema: Value = serde_json::from_str(&site_schema()).unwrap();
    let catalogue = &schema["$defs"]["CatalogueDocument"];
    let keys = known_keys("unheard_of = 1");
    assert!(keys.contains("tenant_id") && keys.contains("catalogue"), "{keys:?}");
    assert_eq!(names(&schema["properties"]), keys);
    assert_eq!(names(&catalogue["properties"]), known_keys("[[catalogue]]\nunheard_of = 1"));
    for object in [&schema, catalogue] {
        assert_eq!(object["additionalProperties"], false);
        for (key, property) in object["properties"].as_object().unwrap() {
            let said = property["description"].as_str().unwrap_or_default();
            assert!(said.len() > 10, "an editor shows nothing for `{key}`");
        }
    }
}

#[test]
fn the_schema_demands_what_the_parser_demands() {
    let schema: Value = serde_json::from_str(&site_schema()).unwrap();
    for object in [&schema, &schema["$defs"]["CatalogueDocument"]] {
        let mut demanded = BTreeSet::new();
        for key in names(&object["properties"]) {
            // A table is taken away with all that is in it.
            let sound = SOUND.split(&format!("[[{key}]]")).next().unwrap();
            let without: Vec<_> =
                sound.lines().filter(|line| !line.starts_with(&format!("{key} = "))).collect();
            if let Err(problems) = Site::parse(&without.join("\n")) {
                assert_eq!(problems[0].message, format!("missing field `{key}`; add it"));
                demanded.insert(key);
            }
        }
        assert_eq!(names(&object["required"]), demanded);
    }
}

#[test]
fn the_sample_sites_are_without_fault_and_point_their_editors_to_the_schema() {
    let folder = in_project("infra/local/sites");
    let sites = SiteFiles::load(&folder).unwrap();
    assert_eq!(sites.all().count(), 2);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let schema = text.lines().next().unwrap().strip_prefix("#:schema ").expect("the first line names it");
        assert!(path.with_file_name(schema).is_file(), "{} points to {schema}", path.display());
    }
}

/// What is printed for a folder with these files, with the folder's own path taken out.
fn printed(files: &[(&str, &[u8])]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let said = SiteFiles::load(folder.path()).unwrap_err().to_string();
    said.replace(folder.path().to_str().unwrap(), "sites")
}

const SOUND: &str = r#"name = "riverbend"
internal_url = "http://gis.riverbend.internal/pozi/"
external_url = "https://poziserver-riverbend.example/pozi/"
client_id = "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10"
tenant_id = "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11"
origins = ["https://riverbend.enterprise.example"]

[[catalogue]]
id = "planning"
title = "Planning"
project = "C:/Pozi/planning.qgz"
read = "everyone-signed-in"
"#;

#[test]
fn a_folder_with_several_faults_says_them_all_with_place_and_fix() {
    let two_faults = SOUND
        .replace("origins", "session_minutes = 90\norigins")
        .replace("7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11", "9188040d-6c67-4c5b-b112-36a304b66dad");
    let twice = format!("{SOUND}\n[[catalogue]]{}", SOUND.split("[[catalogue]]").nth(1).unwrap());
    let files = [
        ("a.toml", SOUND.to_owned()),
        ("b.toml", two_faults),
        ("c.toml", twice),
        ("d.toml", SOUND.replace("https://poziserver", "http://poziserver")),
        ("e.toml", SOUND.replace("0d9f7a54-53c5", "0d9f7a54_53c5")),
        ("f.toml", SOUND.replace("\"everyone-signed-in\"", "\"everybody\"")),
        ("g.toml", SOUND.replace("title", "titles")),
        ("h.toml", SOUND.replace("\"riverbend\"", "riverbend")),
        ("i.toml", String::new()),
        ("j.toml", SOUND.split("[[catalogue]]").next().unwrap().to_owned()),
        ("notes.txt", "Not a site.".to_owned()),
    ];
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let fields = "unknown field `titles`, expected one of `id`, `title`, `project`, `read`, `write`, `print`, `print_texts`, `highlight`";
    let guid = "is not a GUID of the form 00000000-0000-0000-0000-000000000000; copy it from Entra admin center → App registrations → Overview → Application (client) ID";
    let expected = [
        "b.toml:5: this is the tenant of personal Microsoft accounts, which anybody can open; use the council's own tenant id",
        "b.toml:6: session_minutes is 90; use 1 to 60",
        "c.toml:15: a second catalogue has the id `planning`; give each its own",
        "d.toml:3: `http://poziserver-riverbend.example/pozi/` is no external URL: it must start with https://, as the external URL of Application Proxy does",
        &format!("e.toml:4: `0d9f7a54_53c5-4a3e-8f5e-0f3a0b6f2c10` {guid}"),
        "f.toml:12: write a list of group ids, such as [\"00000000-0000-0000-0000-000000000000\"], or \"everyone-signed-in\"",
        &format!("g.toml:10: {fields}"),
        "h.toml:1: string values must be quoted, expected literal string",
        "i.toml:1: missing field `name`; add it",
        "j.toml:1: missing field `catalogue`; add it",
    ];
    let said = printed(&files);
    assert_eq!(said.lines().collect::<Vec<_>>(), expected.map(|line| format!("sites/{line}")), "\n{said}");
}

#[test]
fn two_sites_that_a_token_could_not_tell_apart_are_a_fault() {
    let twin = SOUND
        .replace("\"riverbend\"", "\"saltmarsh\"")
        .replace("poziserver-riverbend", "poziserver-saltmarsh");
    assert_eq!(
        printed(&[("a.toml", SOUND.as_bytes()), ("b.toml", twin.as_bytes())]),
        "sites/b.toml:4: client_id is the same as in sites/a.toml; each site of a tenant has its own registration"
    );
    let elsewhere = twin.replace("7f2b4d3e", "7f2b4d3f");
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("a.toml", SOUND), ("b.toml", &elsewhere)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    assert!(SiteFiles::load(folder.path()).is_ok(), "in another tenant the same client is another's");
}

#[test]
fn a_folder_without_a_site_file_is_a_fault_and_not_a_service_for_nobody() {
    let empty = "sites: there is no site file (*.toml)";
    assert_eq!(printed(&[]), empty);
    assert_eq!(printed(&[("README.md", b"# Sites"), ("riverbend.toml.bak", SOUND.as_bytes())]), empty);
}

#[test]
fn a_folder_or_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    fs::create_dir_all(folder.path().join("dir/folder.toml")).unwrap();
    fs::create_dir(folder.path().join("link")).unwrap();
    std::os::unix::fs::symlink("nowhere.toml", folder.path().join("link/dangling.toml")).unwrap();
    for (place, named) in
        [("absent", "absent"), ("file", "file"), ("dir", "dir/folder.toml"), ("link", "link/dangling.toml")]
    {
        let refused = SiteFiles::load(&folder.path().join(place)).unwrap_err();
        assert!(matches!(refused, LoadError::Read(..)), "{refused:?}");
        let path = folder.path().join(named).display().to_string();
        assert!(refused.to_string().starts_with(&format!("{path}: ")), "{refused}");
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_named_and_stops_the_start() {
    let latin = [SOUND.as_bytes(), b"# \xe9t\xe9\n"].concat();
    let said = printed(&[("a.toml", SOUND.as_bytes()), ("b.toml", &latin)]);
    assert_eq!(said, "sites/b.toml: stream did not contain valid UTF-8");
}
