//! The configuration for IIS, as far as it can be checked without Windows: it is well-formed, has the settings that the
//! gate needs, and its command line is valid. No test runs it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::collections::BTreeMap;

use clap::Parser;
use pozi_gate::{args::Args, settings::Limits};
use quick_xml::{Reader, events::Event};

const WEB_CONFIG: &str = include_str!("../windows/web.config");

/// Returns the attributes of each element by its path, which includes a name or verb in brackets.
fn elements(text: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = Reader::from_str(text);
    let mut path = Vec::new();
    let mut elements = BTreeMap::new();
    loop {
        let event = reader.read_event().unwrap();
        let (Event::Start(element) | Event::Empty(element)) = &event else {
            match event {
                Event::End(_) => {
                    path.pop();
                }
                Event::Eof => break,
                _ => {}
            }
            continue;
        };
        let attributes: BTreeMap<_, _> = element
            .attributes()
            .map(Result::unwrap)
            .map(|found| (found.key.into_inner().to_owned(), found.value.into_owned()))
            .collect();
        let mut name = element.name().into_inner().to_owned();
        if let Some(own) = attributes.get("name").or(attributes.get("verb")) {
            name = format!("{name}[{own}]");
        }
        path.push(name);
        elements.insert(path.join("/"), attributes);
        if matches!(event, Event::Empty(_)) {
            path.pop();
        }
    }
    assert!(path.is_empty(), "{path:?}");
    elements
}

#[test]
fn web_config_is_well_formed_and_has_the_settings_that_the_gate_needs() {
    let elements = elements(WEB_CONFIG);
    let body_bytes = Limits::default().body_bytes.to_string();
    for (path, key, value) in [
        ("handlers/add[pozi-gate]", "modules", "httpPlatformHandler"),
        ("handlers/add[pozi-gate]", "path", "*"),
        ("httpPlatform", "requestTimeout", "00:01:30"),
        ("httpErrors", "existingResponse", "PassThrough"),
        ("caching", "enabled", "false"),
        ("caching", "enableKernelCache", "false"),
        ("urlCompression", "doDynamicCompression", "false"),
        ("security/authentication/windowsAuthentication", "enabled", "false"),
        ("security/authentication/anonymousAuthentication", "enabled", "true"),
        ("security/requestFiltering", "allowDoubleEscaping", "true"),
        ("security/requestFiltering/requestLimits", "maxQueryString", "32768"),
        ("security/requestFiltering/requestLimits", "maxAllowedContentLength", &body_bytes),
        ("security/requestFiltering/verbs", "allowUnlisted", "false"),
    ] {
        let path = format!("configuration/system.webServer/{path}");
        let found = elements.get(&path).unwrap_or_else(|| panic!("{path} is missing"));
        assert_eq!(found.get(key).map(String::as_str), Some(value), "{path} {key}");
    }
    assert!(elements.contains_key("configuration/system.webServer/modules/remove[WebDAVModule]"));
    let verbs = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];
    let of_verbs = elements.keys().filter(|path| path.contains("/verbs/add["));
    assert_eq!(of_verbs.count(), verbs.len());
    for verb in verbs {
        let path = format!("configuration/system.webServer/security/requestFiltering/verbs/add[{verb}]");
        assert_eq!(elements.get(&path).and_then(|found| found.get("allowed")).unwrap(), "true", "{verb}");
    }
}

#[test]
fn accepts_the_command_line_that_iis_uses() {
    let elements = elements(WEB_CONFIG);
    let platform = &elements["configuration/system.webServer/httpPlatform"];
    assert_eq!(platform["processPath"], "C:\\Pozi\\gate\\pozi-gate.exe");
    let arguments = platform["arguments"].replace("%HTTP_PLATFORM_PORT%", "50123");
    let args = Args::try_parse_from(std::iter::once("pozi-gate").chain(arguments.split(' '))).unwrap();
    assert_eq!(args.listen.unwrap().to_string(), "127.0.0.1:50123");
    assert!(args.config.unwrap().to_str().unwrap().ends_with("gate.toml"));
}
