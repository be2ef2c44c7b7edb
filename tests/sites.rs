//! Site files: their schema for editors, and the messages for an operator when a file is not valid.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

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
fn the_schema_file_is_up_to_date() {
    let path = in_project("docs/site.schema.json");
    if env::var("UPDATE_SCHEMA").is_ok_and(|set| set == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, site_schema()).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == site_schema(),
        "docs/site.schema.json is out of date; update it with\n\
         UPDATE_SCHEMA=1 cargo test -p pozi-tests --test sites"
    );
}

/// Returns the keys that the parser lists in its message about an unknown key.
fn known_keys(document: &str) -> BTreeSet<String> {
    let errors = Site::parse(document).unwrap_err();
    let list = errors.iter().find_map(|error| Some(error.message.split_once("expected one of ")?.1));
    let list = list.expect("a message lists the keys");
    list.split(", ").map(|key| key.trim_matches('`').to_owned()).collect()
}

#[test]
fn the_schema_has_exactly_the_keys_of_a_site_file() {
    let schema: Value = serde_json::from_str(&site_schema()).unwrap();
    let catalogue = &schema["$defs"]["CatalogueDocument"];
    let keys = known_keys("unheard_of = 1");
    assert!(keys.contains("tenant_id") && keys.contains("catalogue"), "{keys:?}");
    assert_eq!(names(&schema["properties"]), keys);
    let in_catalogue = format!("{VALID}unheard_of = 1");
    assert_eq!(names(&catalogue["properties"]), known_keys(&in_catalogue));
    for object in [&schema, catalogue] {
        assert_eq!(object["additionalProperties"], false);
        for (key, property) in object["properties"].as_object().unwrap() {
            let description = property["description"].as_str().unwrap_or_default();
            assert!(description.len() > 10, "`{key}` has no description");
        }
    }
}

#[test]
fn the_schema_requires_what_the_parser_requires() {
    let schema: Value = serde_json::from_str(&site_schema()).unwrap();
    for object in [&schema, &schema["$defs"]["CatalogueDocument"]] {
        let mut required = BTreeSet::new();
        for key in names(&object["properties"]) {
            // A table is removed with its contents.
            let remaining = VALID.split(&format!("[[{key}]]")).next().unwrap();
            let without: Vec<_> =
                remaining.lines().filter(|line| !line.starts_with(&format!("{key} = "))).collect();
            if let Err(problems) = Site::parse(&without.join("\n")) {
                assert_eq!(problems[0].message, format!("missing field `{key}`; add it"));
                required.insert(key);
            }
        }
        assert_eq!(names(&object["required"]), required);
    }
}

#[test]
fn the_sample_sites_are_valid_and_name_the_schema() {
    let folder = in_project("infra/local/sites");
    let sites = SiteFiles::load(&folder).unwrap();
    assert_eq!(sites.all().count(), 2);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let schema =
            text.lines().next().unwrap().strip_prefix("#:schema ").expect("the first line names the schema");
        assert!(path.with_file_name(schema).is_file(), "{} names {schema}", path.display());
    }
}

/// Returns the error for a folder with these files, with the folder's path replaced by `sites`.
fn error_for(files: &[(&str, &[u8])]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let message = SiteFiles::load(folder.path()).unwrap_err().to_string();
    message.replace(folder.path().to_str().unwrap(), "sites")
}

const VALID: &str = r#"name = "riverbend"
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
fn all_errors_of_a_folder_are_reported_with_place_and_fix() {
    let two_errors = VALID
        .replace("origins", "session_minutes = 90\norigins")
        .replace("7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11", "9188040d-6c67-4c5b-b112-36a304b66dad");
    let twice = format!("{VALID}\n[[catalogue]]{}", VALID.split("[[catalogue]]").nth(1).unwrap());
    let utf_16: Vec<u8> = VALID.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let files = [
        ("a.toml", VALID.to_owned()),
        ("b.toml", two_errors),
        ("c.toml", twice),
        ("d.toml", VALID.replace("https://poziserver", "http://poziserver")),
        ("e.toml", VALID.replace("0d9f7a54-53c5", "0d9f7a54_53c5")),
        ("f.toml", VALID.replace("\"everyone-signed-in\"", "\"everybody\"")),
        ("g.toml", VALID.replace("title", "titles")),
        ("h.toml", VALID.replace("\"riverbend\"", "riverbend")),
        ("i.toml", String::new()),
        ("j.toml", VALID.split("[[catalogue]]").next().unwrap().to_owned()),
        ("notes.txt", "Not a site.".to_owned()),
    ];
    let mut files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    files.push(("0.toml", &utf_16));
    let fields = "unknown field `titles`, expected one of `id`, `title`, `project`, `read`, `write`, `download`, `print`, `print_texts`, `highlight`";
    let guid = "is not a GUID of the form 00000000-0000-0000-0000-000000000000; copy it from Entra admin center → App registrations → Overview → Application (client) ID";
    let expected = [
        "0.toml: the file is UTF-16, as Notepad's \"Unicode\" and an older PowerShell's `>` write it; save the file as UTF-8",
        "b.toml:5: this is the tenant of personal Microsoft accounts, which anyone can open; use the council's own tenant id",
        "b.toml:6: session_minutes is 90; use 1 to 60",
        "c.toml:15: another catalogue already has the id `planning`; give each its own",
        "c.toml:17: catalogue `planning` already has this project; give each project one catalogue, because a request to QGIS Server names only the project",
        "d.toml:3: `http://poziserver-riverbend.example/pozi/` is not a valid external URL: it must start with https://, as the external URL of Application Proxy does",
        &format!("e.toml:4: `0d9f7a54_53c5-4a3e-8f5e-0f3a0b6f2c10` {guid}"),
        "f.toml:12: write a list of group ids, such as [\"00000000-0000-0000-0000-000000000000\"], or \"everyone-signed-in\"",
        "g.toml:8: missing field `title`; add it",
        &format!("g.toml:10: {fields}"),
        "h.toml:1: string values must be quoted, expected literal string",
        "i.toml:1: missing field `name`; add it",
        "i.toml:1: missing field `internal_url`; add it",
        "i.toml:1: missing field `external_url`; add it",
        "i.toml:1: missing field `client_id`; add it",
        "i.toml:1: missing field `tenant_id`; add it",
        "i.toml:1: missing field `origins`; add it",
        "i.toml:1: missing field `catalogue`; add it",
        "j.toml:1: missing field `catalogue`; add it",
    ];
    let message = error_for(&files);
    assert_eq!(
        message.lines().collect::<Vec<_>>(),
        expected.map(|line| format!("sites/{line}")),
        "\n{message}"
    );
}

#[test]
fn two_sites_of_a_tenant_with_the_same_client_are_an_error() {
    let twin = VALID
        .replace("\"riverbend\"", "\"saltmarsh\"")
        .replace("poziserver-riverbend", "poziserver-saltmarsh");
    assert_eq!(
        error_for(&[("a.toml", VALID.as_bytes()), ("b.toml", twin.as_bytes())]),
        "sites/b.toml:4: client_id is the same as in sites/a.toml; each site of a tenant needs its own registration"
    );
    let other_tenant = twin.replace("7f2b4d3e", "7f2b4d3f");
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("a.toml", VALID), ("b.toml", &other_tenant)] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    assert!(SiteFiles::load(folder.path()).is_ok(), "tenants may have the same client id");
}

#[test]
fn a_folder_without_site_files_is_an_error() {
    let empty = "sites: there is no site file (*.toml)";
    assert_eq!(error_for(&[]), empty);
    assert_eq!(error_for(&[("README.md", b"# Sites"), ("riverbend.toml.bak", VALID.as_bytes())]), empty);
}

#[test]
fn an_error_names_the_folder_or_file_that_cannot_be_read() {
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
fn a_file_that_is_not_utf_8_is_an_error_that_names_it() {
    let latin_1 = [VALID.as_bytes(), b"# \xe9t\xe9\n"].concat();
    let message = error_for(&[("a.toml", VALID.as_bytes()), ("b.toml", &latin_1)]);
    assert_eq!(message, "sites/b.toml:13: the byte 0xE9 is not UTF-8; save the file as UTF-8");
}
