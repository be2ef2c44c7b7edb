//! From a council's e-mail to a map that only its people see: with the program, the service and the gate as they are, and
//! without editing anything by hand.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use clap::Parser;
use http::StatusCode;
use pozi_local::{args::Args, service::Service};
use pozi_tests::{exchange_form, install_qgis};
use serde_json::Value;

use super::told;

const MAIL: &str = "\
From: GIS at Longford
Subject: Pozi, our details

Hi,

here are the five items you asked for:

Internal URL: http://gis.longford.internal/pozi/
External URL: https://poziserver-longford.example/pozi/
Application (client) ID: 9c1d8a52-6a0f-4b51-8f1e-3c5d7e9f0a12
Directory (tenant) ID: 4b7e2f90-1c3d-4e5f-a6b7-c8d9e0f1a2b3

Groups:
- Planners (2d6f0a34-8b1c-4f7e-9a5d-6e3b1c0f9d81) can see Planning
- Asset officers (7e9b3c58-0d2f-4a6e-b1c4-5f8a2d7e3b90) can edit Assets

Our Web App is at https://longford.enterprise.example
";

const MAP: &str = "SERVICE=WMS&VERSION=1.3.0&REQUEST=GetMap&LAYERS=zones,roads,trees,sign&STYLES=&CRS=EPSG:3857&BBOX=0,0,1200,800&WIDTH=300&HEIGHT=200&FORMAT=image/png";

/// A reader is in the groups that read, and not in those that only write.
#[tokio::test(flavor = "multi_thread")]
async fn an_email_becomes_an_enforced_map_in_ten_minutes() {
    if !install_qgis() {
        return;
    }
    let started = Instant::now();
    let work = tempfile::tempdir().unwrap();
    let sites = register(work.path()).await;
    let base = serve(&sites, work.path()).await;
    let client = reqwest::Client::new();
    let session = session(&client, &base).await;
    let map = |catalogue: &str, session: Option<&str>| {
        let request = client.get(format!("{base}/longford/pozi/ows/{catalogue}/?{MAP}"));
        session.iter().fold(request, |request, session| request.header("x-pozi-session", *session)).send()
    };
    let open = map("planning", Some(&session)).await.unwrap();
    assert_eq!(open.status(), StatusCode::OK);
    let picture = open.bytes().await.unwrap();
    assert!(picture.starts_with(b"\x89PNG"), "{}", String::from_utf8_lossy(&picture));
    assert_eq!(map("assets", Some(&session)).await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(map("planning", None).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    println!("from the e-mail to an enforced map: {} s", started.elapsed().as_secs());
    assert!(started.elapsed() < Duration::from_mins(10));
}

/// Writes the site file from the e-mail, and checks it.
async fn register(work: &Path) -> std::path::PathBuf {
    let (mail, sites) = (work.join("mail.txt"), work.join("sites"));
    fs::write(&mail, MAIL).unwrap();
    fs::create_dir(&sites).unwrap();
    let words = [
        "site",
        "new",
        "--from-mail",
        mail.to_str().unwrap(),
        "--name",
        "longford",
        "--origin",
        "http://localhost",
        "--folder",
        sites.to_str().unwrap(),
        "--yes",
    ];
    println!("{}", told(&words).await.unwrap());
    println!("{}", fs::read_to_string(sites.join("longford.toml")).unwrap());
    told(&["check", sites.to_str().unwrap()]).await.unwrap();
    sites
}

async fn serve(sites: &Path, work: &Path) -> String {
    let (sites, state) = (sites.to_str().unwrap(), work.join("state"));
    let args = ["pozi-local", "--port=0", "--sites", sites, "--state", state.to_str().unwrap()];
    let service = Service::start(&Args::parse_from(args)).await.unwrap();
    let base = service.base().replace("localhost", "127.0.0.1");
    tokio::spawn(service.serve());
    base
}

async fn session(client: &reqwest::Client, base: &str) -> String {
    let token = client.get(format!("{base}/entra/token?site=longford&person=reader")).send().await.unwrap();
    let form = exchange_form(&token.text().await.unwrap(), &[]);
    let request = client.post(format!("{base}/oauth2/token"));
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer: Value = serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();
    assert_eq!(answer["scope"], "planning:read", "{answer}");
    answer["access_token"].as_str().unwrap().to_owned()
}
