//! Valid and invalid configurations.

use std::time::Duration;

use super::{
    testing::{Files, MINIMAL, NOW, SITE},
    *,
};
use crate::settings::Limits;

const WHOLE: &str = r#"
issuer = "https://auth.example"
site = "site.toml"
base = "/gis/pozi"
listen = "127.0.0.1:9181"
status_listen = "10.0.0.1:9182"
state_dir = "/var/lib/pozi-gate"
jwks_url = "https://keys.example/set.json"
revocations_url = "https://keys.example/revocations"
project_paths = "windows"

[upstream]
fastcgi = "unix:/run/pozi-qgis/{catalogue}.sock"

[upstream.catalogue.assets]
http = "http://127.0.0.1:8090/qgis/qgis_mapserv.fcgi.exe"

[limits]
max_pixels = 1
max_features = 2
max_features_without_download = 0
body_bytes = 3
requests_per_catalogue = 4
waiting_per_catalogue = 0
upstream_seconds = 6
idle_seconds = 7
header_seconds = 8
body_seconds = 9
connections = 10

[log]
file = "logs/gate.log"
days = 3
"#;

#[test]
fn reads_a_whole_file() {
    let files = Files::new();
    files.write("gate.toml", WHOLE);
    let config = files.read().unwrap();
    assert_eq!(config.settings.base, "/gis/pozi");
    assert_eq!(config.settings.project_paths, PathStyle::Windows);
    assert_eq!((config.listen.port(), config.status_listen.to_string()), (9_181, "10.0.0.1:9182".into()));
    assert_eq!(config.jwks_url.as_str(), "https://keys.example/set.json");
    assert_eq!(config.revocations_url.as_str(), "https://keys.example/revocations");
    assert_eq!(config.state_dir, Path::new("/var/lib/pozi-gate"));
    assert_eq!(config.log, LogConfig { file: Some(files.path("logs/gate.log")), days: 3 });
    assert_eq!(config.files, [files.path("gate.toml"), files.path("site.toml")]);
    assert_eq!(config.audience(), "https://poziserver-riverbend.example/pozi/");
    let seconds = Duration::from_secs;
    let limits = Limits {
        max_pixels: 1,
        max_features: 2,
        max_features_without_download: 0,
        body_bytes: 3,
        requests_per_catalogue: 4,
        waiting_per_catalogue: 0,
        upstream: seconds(6),
        idle: seconds(7),
        header: seconds(8),
        body: seconds(9),
        connections: 10,
    };
    assert_eq!(config.settings.limits, limits);
    let of = |id: &str| config.upstreams.of_catalogue(&id.parse().unwrap()).unwrap();
    let address = "unix:/run/pozi-qgis/planning.sock".to_owned();
    assert_eq!(of("planning"), UpstreamConfig::FastCgi { address });
    assert!(matches!(of("assets"), UpstreamConfig::Http { base } if base.contains("qgis_mapserv")));
}

#[test]
fn reads_a_minimal_file_and_fills_in_defaults() {
    let files = Files::new();
    files.write_gate("[qgis]\nprogram = \"/usr/lib/cgi-bin/qgis_mapserv.fcgi\"\n");
    let config = files.read().unwrap();
    assert_eq!(config.settings.base, "/pozi", "the path of the internal URL");
    assert_eq!(config.settings.limits, Limits::default());
    assert_eq!((config.listen.port(), config.status_listen.to_string()), (8_181, "127.0.0.1:8182".into()));
    assert_eq!(config.jwks_url.as_str(), "https://auth.example/.well-known/jwks.json");
    assert_eq!(config.revocations_url.as_str(), "https://auth.example/.well-known/pozi-revocations");
    assert_eq!(config.state_dir, files.path("state"));
    assert_eq!(config.log, LogConfig { file: None, days: 14 });
    let processes = config.upstreams.of_catalogue(&"planning".parse().unwrap());
    assert!(
        matches!(processes, Some(UpstreamConfig::Processes { processes: 2, memory_mb: 4_000, .. })),
        "{processes:?}"
    );
}

#[test]
fn names_the_place_of_each_error() {
    let files = Files::new();
    for (from, to, expected) in [
        ("https://auth.example\"", "http://auth.example\"", "an issuer is"),
        ("https://auth.example\"", "https://auth.example/\"", "an issuer is"),
        ("/gis/pozi", "/gis/pozi/", "write a base"),
        ("/gis/pozi", "gis", "write a base"),
        ("/gis/pozi", "/gis/../pozi", "write a base"),
        ("https://keys", "http://keys", "https URL"),
        ("listen", "lisen", "unknown field"),
        ("max_pixels = 1", "max_pixels = 0", "nonzero"),
        ("max_pixels", "max_pixel", "unknown field"),
        ("[log]", "[logs]", "unknown field"),
        ("\"windows\"", "\"dos\"", "unknown variant"),
        ("state_dir", "#", "state_dir"),
        ("base = \"/gis/pozi\"", "audience = \"https://a.example/\"", "read from the site file"),
        ("base = \"/gis/pozi\"", "catalogues = []", "read from the site file"),
        ("[log]", "[probe]\nurl = \"\"\n[log]", "no longer needed"),
        ("\"/var/lib/pozi-gate\"", "\"C:\\Pozi\\state\"", "write a path with / or in '…'"),
        ("\"/var/lib/pozi-gate\"", "\"C:\\new\"", "write the path with / or in '…'"),
        ("site.toml", "D:\\temp/site.toml", "write the path with / or in '…'"),
        ("logs/gate.log", "", "is empty"),
    ] {
        let spoiled = WHOLE.replacen(from, to, 1);
        assert_ne!(spoiled, WHOLE);
        files.write("gate.toml", &spoiled);
        let error = files.read().unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("line"), "{to}: {error}");
        assert!(error.contains("gate.toml"), "{error}");
    }
    files.write("gate.toml", &WHOLE.replace("\"/var/lib/pozi-gate\"", "'C:\\new\\state'"));
    assert!(files.read().is_ok(), "in '…' a backslash is not an escape");
}

#[test]
fn each_catalogue_needs_exactly_one_qgis_server() {
    let files = Files::new();
    for (text, expected) in [
        ("", "no QGIS Server is configured for the catalogue `planning`"),
        ("[upstream]\n", "no QGIS Server is configured"),
        ("[upstream]\nfastcgi = \"127.0.0.1:9000\"\nhttp = \"http://127.0.0.1:1/\"", "more than one"),
        ("[upstream]\nfastcgi = \"127.0.0.1:9000\"\n[qgis]\nprogram = \"/q\"", "more than one"),
        ("[upstream]\nfastcgi = \"/run/qgis.sock\"", "not a valid address"),
        ("[upstream]\nfastcgi = \"unix:run/qgis.sock\"", "not a valid address"),
        ("[upstream]\nfastcgi = \"127.0.0.1\"", "not a valid address"),
        ("[upstream]\nfastcgi = \"127.0.0.1:0\"", "not a valid address"),
        ("[upstream]\nfastcgi = \"unix:/run/{site}.sock\"", "not a valid address"),
        ("[upstream]\nhttp = \"https://qgis.internal/\"", "must begin with http://"),
        ("[upstream]\nhttp = \"http://127.0.0.1/?MAP=x\"", "no user, query"),
        ("[upstream.catalogue.planning]\nfastcgi = \"127.0.0.1:9000\"", "catalogue `assets`"),
        ("[upstream.catalogue.roads]\nfastcgi = \"127.0.0.1:9000\"", "no such catalogue"),
        ("[upstream.catalogue.planning]\n", "names no QGIS Server"),
    ] {
        files.write_gate(text);
        let error = files.read().unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    for address in ["unix:/run/a.sock", "127.0.0.1:9000", "[::1]:9000", "qgis.internal:9000"] {
        files.write_gate(&format!("[upstream]\nfastcgi = \"{address}\"\n"));
        assert!(files.read().is_ok(), "{address}");
    }
}

#[test]
fn names_another_file_that_is_invalid_or_missing() {
    let files = Files::new();
    let error = |more: &str| files.load(more).unwrap_err().to_string();
    assert!(error("ca_file = \"ca.pem\"\n").contains("ca.pem"));
    files.write("ca.pem", "no certificate");
    assert!(error("ca_file = \"ca.pem\"\n").contains("it holds no certificate"));
    let on_unix = SITE.replace("C:/Pozi/assets", "/srv/PLANNING").replace("C:/Pozi", "/srv");
    files.write("site.toml", &on_unix);
    assert!(files.load("project_paths = \"unix\"\n").is_ok());
    let message = error("project_paths = \"windows\"\n");
    assert!(message.contains("`planning` and `assets` have the same project"), "{message}");
    files.write("site.toml", &SITE.replace("\"C:/Pozi/assets.qgz\"", "\"C:\\Pozi\\assets.qgz\""));
    let message = error("");
    assert!(message.contains("site.toml:17: ") && message.contains("in '…'"), "{message}");
    files.write("site.toml", &SITE.replace("C:/Pozi/assets.qgz", "C:\\new.qgz"));
    let message = error("");
    assert!(message.contains("site.toml:17: a control character"), "{message}");
    std::fs::remove_file(files.path("site.toml")).unwrap();
    assert!(error("").contains("site.toml: "));
    files.write("gate.toml", MINIMAL);
    assert!(files.read().is_err());
    assert!(GateConfig::load(&files.path("none.toml"), NOW).unwrap_err().to_string().contains("none.toml"));
}

#[test]
fn refuses_a_site_that_is_observed_for_too_long() {
    let files = Files::new();
    let observed = |until: &str| {
        SITE.replacen("origins", &format!("enforcement = \"observe until {until}\"\norigins"), 1)
    };
    // NOW is 2027-01-15 08:00 UTC.
    for until in ["2027-01-01", "2027-01-15", "2027-03-16"] {
        files.write("site.toml", &observed(until));
        assert!(files.load("").is_ok(), "{until}");
    }
    files.write("site.toml", &observed("2027-03-17"));
    let message = files.load("").unwrap_err().to_string();
    assert!(message.contains("site.toml:6: the site would be observed until 2027-03-17"), "{message}");
    let almost_midnight = Timestamp::from_unix_seconds(1_800_057_600 - 300);
    assert!(GateConfig::load(&files.path("gate.toml"), almost_midnight).is_ok(), "a clock 5 minutes slow");
}
