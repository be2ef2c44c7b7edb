//! Reads what the gate writes with QGIS: random requests, ordinary and odd, are parsed and rewritten, and QGIS must
//! find exactly the parameters that the gate decided on.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
};

use http::Method;
use pozi_auth::sites::Site;
use pozi_gate::{
    request::{Context, Incoming, Keys, MapRequest, Operation, Parameters, Service, operations},
    settings::Limits,
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngSeed, TestRunner},
};

const REQUESTS: usize = 20_000;
const READER: &str = r#"
import json, sys
from qgis.server import QgsServerRequest
for line in sys.stdin:
    print(json.dumps(QgsServerRequest("http://localhost/?" + line.rstrip("\n")).parameters()))
"#;

/// Found by fuzzing: there are as many groups of properties as the client wrote, not one for each type.
#[test]
fn keeps_one_group_of_properties_for_several_types() {
    let site = site();
    let context = Context { catalogue: &site.catalogues[0], limits: &Limits::default() };
    let query = "SERVICE=WFS&REQUEST=GetFeature&TYPENAME=a,b,c&PROPERTYNAME=name";
    let written = parsed(query, &context).unwrap().write();
    assert!(written.query.ends_with("&PROPERTYNAME=name"), "{}", written.query);
    assert_eq!(parsed(&written.query, &context).map(|again| again.write()), Some(written));
}

#[test]
fn qgis_reads_the_parameters_that_the_gate_decided_on() {
    if !has_pyqgis() {
        return;
    }
    let site = site();
    let context = Context { catalogue: &site.catalogues[0], limits: &Limits::default() };
    let mut runner = TestRunner::new(Config { rng_seed: RngSeed::Fixed(10), ..Config::default() });
    let mut written = Vec::new();
    let mut refused = 0;
    for _ in 0..REQUESTS {
        let query = query().new_tree(&mut runner).unwrap().current();
        match parsed(&query, &context) {
            Some(request) => {
                let own = request.write();
                // A rewritten request parses, and is rewritten to itself.
                if own.method == Method::GET {
                    assert_eq!(
                        parsed(&own.query, &context).map(|again| again.write()),
                        Some(own.clone()),
                        "{query}"
                    );
                    written.push(own.query);
                }
            }
            None => refused += 1,
        }
    }
    assert!(written.len() > REQUESTS / 20, "only {} of {REQUESTS} were accepted", written.len());
    for (own, qgis) in written.iter().zip(read_by_qgis(&written)) {
        let decided: BTreeMap<_, _> = form_urlencoded(own);
        assert_eq!(qgis, decided, "{own}");
        assert!(decided.keys().all(|key| is_in_table(key)), "{own}");
    }
    println!("written and read by QGIS: {}, refused: {refused}", written.len());
}

fn parsed(query: &str, context: &Context<'_>) -> Option<MapRequest> {
    let query = Parameters::read(query.as_bytes(), Keys::Ows).ok()?;
    let incoming = Incoming { method: &Method::GET, rest: &[], query, body: &[], accept: None };
    MapRequest::parse(incoming, context).ok()
}

/// Generates parameters of one operation, some with plausible values and odd spellings, and sometimes an unknown
/// parameter.
fn query() -> impl Strategy<Value = String> {
    let operations: Vec<_> =
        operations().filter(|operation| operation.service != Service::Features).collect();
    let text = prop_oneof![
        "[a-zA-Z0-9_ ,.:;äß'()%+*=-]{0,12}",
        "[0-9]{1,4}",
        Just("EPSG:3857".to_owned()),
        Just("1,2,3,4".to_owned()),
        Just("image/png".to_owned()),
        Just("TRUE".to_owned()),
        Just("zones".to_owned()),
        any::<String>(),
    ];
    (
        proptest::sample::select(operations),
        proptest::collection::vec((any::<u16>(), text, any::<bool>()), 0..8),
        0..12_u8,
    )
        .prop_map(|(operation, values, unknown)| {
            let names: Vec<_> = operation.parameters().collect();
            let mut parts =
                vec![format!("service={}", operation.service.name()), format!("Request={}", operation.name)];
            for (at, value, is_lower) in values {
                let Some(parameter) = names.get(usize::from(at) % names.len().max(1)) else { continue };
                let key =
                    if is_lower { parameter.name.to_ascii_lowercase() } else { parameter.name.to_owned() };
                parts.push(format!("{}={}", encoded(&key), encoded(&value)));
            }
            let unknown_parameters =
                ["::MAP=x", "MAP0:SLD=x", "%3a%3aREQUEST=GetPrint", "FILE_NAME=x", "VERSION_SERVICE=1"];
            if let Some(unknown) = unknown_parameters.get(usize::from(unknown)) {
                parts.push((*unknown).to_owned());
            }
            parts.join("&")
        })
}

fn is_in_table(key: &str) -> bool {
    ["SERVICE", "REQUEST"].contains(&key)
        || operations()
            .flat_map(Operation::parameters)
            .any(|known| known.name == key || known.also.contains(&key))
}

fn read_by_qgis(queries: &[String]) -> Vec<BTreeMap<String, String>> {
    let home = tempfile::tempdir().unwrap();
    let mut python = Command::new("/usr/bin/python3")
        .args(["-c", READER])
        .env("QT_QPA_PLATFORM", "offscreen")
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = python.stdin.take().unwrap();
    let lines = queries.join("\n");
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let read: Vec<_> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read.len(), queries.len());
    read
}

fn form_urlencoded(query: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn site() -> Site {
    Site::parse(include_str!("site.toml")).unwrap()
}

fn has_pyqgis() -> bool {
    let found = Command::new("/usr/bin/python3").args(["-c", "import qgis.server"]).output();
    let has = found.is_ok_and(|output| output.status.success());
    assert!(has || std::env::var_os("CI").is_none(), "PyQGIS is missing");
    if !has {
        println!("NOT RUN: PyQGIS is not installed");
    }
    has
}
