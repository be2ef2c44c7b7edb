//! Fetching the issuer's keys on a council's network: through a proxy that inspects TLS with its own certificate
//! authority.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, which is what panics are for")]

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use axum::{Router, routing::get};
use axum_server::tls_rustls::RustlsConfig;
use base64::{Engine, engine::general_purpose::STANDARD};
use http::header::DATE;
use pozi_auth::keyring::{SigningAlgorithm, SoftwareKey};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

const SITE: &str = r#"name = "riverbend"
internal_url = "http://gis.riverbend.internal/pozi/"
external_url = "https://poziserver-riverbend.example/pozi/"
client_id = "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10"
tenant_id = "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11"
origins = []

[[catalogue]]
id = "planning"
title = "Planning"
project = "C:/Pozi/planning.qgz"
read = "everyone-signed-in"
"#;

/// A proxy that inspects TLS: it terminates every connection to `auth.example` with its own certificate.
struct InspectingProxy {
    proxy: SocketAddr,
    authority: String,
    connections: Arc<AtomicUsize>,
}

/// Serves a key set with a clock that is `ahead` of this machine's.
fn key_set(ahead: Duration) -> Router {
    let (key, _) = SoftwareKey::generate(SigningAlgorithm::Es256).unwrap();
    let document = serde_json::json!({ "keys": [key.public_jwk()] }).to_string();
    let answer = move || async move {
        let date = httpdate::fmt_http_date(SystemTime::now() + ahead);
        ([(DATE, date)], document)
    };
    Router::new().route("/.well-known/jwks.json", get(answer))
}

impl InspectingProxy {
    fn start(ahead: Duration) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["auth.example".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let tls = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let served = listener.local_addr().unwrap();
        let router = key_set(ahead);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                listener.set_nonblocking(true).unwrap();
                let tls = RustlsConfig::from_config(Arc::new(tls));
                axum_server::from_tcp_rustls(listener, tls).unwrap().serve(router.into_make_service()).await
            })
        });
        let (proxy, connections) = proxy_to(served);
        let der = STANDARD.encode(authority.der());
        let authority = format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n");
        Self { proxy, authority, connections }
    }

    /// Returns how often a client connected so far. How many requests share a connection is up to the client's pool.
    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Starts a proxy that connects every CONNECT to `target`. Returns its address and the number of connections.
fn proxy_to(target: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap() == 1 {
                head.push(byte[0]);
            }
            assert!(head.starts_with(b"CONNECT auth.example:443 "), "{}", String::from_utf8_lossy(&head));
            counted.fetch_add(1, Ordering::SeqCst);
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let server = TcpStream::connect(target).unwrap();
            for (mut from, mut to) in
                [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
            {
                thread::spawn(move || std::io::copy(&mut from, &mut to));
            }
        }
    });
    (address, connections)
}

fn check(folder: &Path, more: &str, environment: &[(&str, &str)]) -> Output {
    fs::write(folder.join("site.toml"), SITE).unwrap();
    let path = folder.join("gate.toml");
    let text = format!(
        "issuer = \"https://auth.example\"\nsite = \"site.toml\"\nstate_dir = \"state\"\nlisten = \"127.0.0.1:0\"\nstatus_listen = \"127.0.0.1:0\"\nproject_paths = \"windows\"\n{more}[upstream]\nfastcgi = \"127.0.0.1:9\"\n"
    );
    fs::write(&path, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pozi-gate"));
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    command.args(["check", "--config"]).arg(path).envs(environment.iter().copied());
    command.stdin(Stdio::null()).output().unwrap()
}

/// Returns whether the keys were fetched, and the report.
fn result(output: &Output) -> (bool, String) {
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code() != Some(3), report)
}

#[test]
fn fetches_keys_through_an_inspecting_proxy_with_an_authority_from_the_file_or_the_machine() {
    let network = InspectingProxy::start(Duration::ZERO);
    let proxy = format!("http://{}", network.proxy);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    fs::write(&file, &network.authority).unwrap();
    let file = file.to_str().unwrap();
    let through = ("HTTPS_PROXY", proxy.as_str());

    let (has_keys, report) = result(&check(folder.path(), "ca_file = \"authority.pem\"\n", &[through]));
    assert!(has_keys && report.contains("keys        1 from https://auth.example/"), "{report}");
    assert!(report.contains("clock       agrees"), "{report}");
    let first = network.connections();
    assert!(first > 0, "connected past the proxy");
    let (has_keys, report) = result(&check(folder.path(), "", &[through, ("SSL_CERT_FILE", file)]));
    assert!(has_keys, "the machine's own store: {report}");
    assert!(network.connections() > first, "connected past the proxy");

    let (has_keys, report) = result(&check(folder.path(), "", &[through]));
    assert!(!has_keys && report.contains("certificate") && report.contains("`ca_file`"), "{report}");
    let before = network.connections();
    let past = [through, ("NO_PROXY", "auth.example")];
    let (has_keys, _) = result(&check(folder.path(), "ca_file = \"authority.pem\"\n", &past));
    assert!(!has_keys, "nothing answers at that name");
    assert_eq!(network.connections(), before, "NO_PROXY is obeyed");
}

#[test]
fn reports_a_clock_that_is_behind_the_issuers() {
    let network = InspectingProxy::start(Duration::from_secs(4 * 60 + 10));
    let proxy = format!("http://{}", network.proxy);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("authority.pem"), &network.authority).unwrap();
    let output = check(folder.path(), "ca_file = \"authority.pem\"\n", &[("HTTPS_PROXY", &proxy)]);
    let (_, report) = result(&output);
    assert!(report.contains("clock       ERROR: this machine's clock is 4 min behind"), "{report}");
    assert_eq!(output.status.code(), Some(1));
}
