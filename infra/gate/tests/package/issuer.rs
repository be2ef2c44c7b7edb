//! `auth.example` on this machine: its key set over TLS, with a certificate that the machine trusts.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    net::TcpListener,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use axum::{Router, routing::get};
use axum_server::tls_rustls::RustlsConfig;
use pozi_auth::{
    adapters::SystemClock,
    keyring::{KeyId, SigningAlgorithm, SigningKey, SoftwareKey},
    revision::Revision,
    session::{SessionClaims, mint},
    timestamp::Clock,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{runtime::Builder, sync::oneshot};

const NAMES: [&str; 2] = ["auth.example", "maps.riverbend.example"];

/// The running issuer.
pub(crate) struct Issuer {
    key: SigningKey<SoftwareKey>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Issuer {
    /// Starts the issuer, and gives the machine its host names, its authority, and the certificate of the gateways'
    /// examples.
    pub(crate) fn start() -> Self {
        let algorithm = SigningAlgorithm::Es256;
        let (signer, _) = SoftwareKey::generate(algorithm).unwrap();
        let jwk = signer.public_jwk();
        let key = SigningKey { id: KeyId::thumbprint(&jwk).unwrap(), algorithm, signer };
        let document = serde_json::json!({ "keys": [jwk] }).to_string();
        let routes = Router::new().route("/.well-known/jwks.json", get(async move || document));
        let mut hosts = OpenOptions::new().append(true).open("/etc/hosts").unwrap();
        writeln!(hosts, "127.0.0.1 {}", NAMES.join(" ")).unwrap();
        let tls = RustlsConfig::from_config(certified());
        let listener = TcpListener::bind("127.0.0.1:443").unwrap();
        listener.set_nonblocking(true).unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = thread::spawn(move || {
            Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let server = axum_server::from_tcp_rustls(listener, tls).unwrap();
                tokio::select! {
                    ended = server.serve(routes.into_make_service()) => ended.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { key, stop, serving }
    }

    /// A session that opens `scope`, for half an hour.
    pub(crate) fn session(&self, scope: &str) -> String {
        let now = SystemClock.now();
        let claims = SessionClaims {
            iss: "https://auth.example".parse().unwrap(),
            aud: "https://maps.riverbend.example/pozi/".to_owned(),
            sub: "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11.5d0c9a53-6a0e-4f0e-8f43-4b6f2f0f7a10".to_owned(),
            client_id: "0d9f7a54-53c5-4a3e-8f5e-0f3a0b6f2c10".parse().unwrap(),
            tid: "7f2b4d3e-91a6-4d0f-9a57-3f7f5b8f2a11".parse().unwrap(),
            iat: now,
            exp: now.plus(Duration::from_mins(30)),
            jti: "9c1f2b56-0c0e-4a63-9a51-7d0a4be0f6c1".to_owned(),
            scope: scope.to_owned(),
            enforced_scope: None,
            policy_revision: Revision::after(None),
        };
        let minting = mint(&claims, &self.key);
        Builder::new_current_thread().build().unwrap().block_on(minting).unwrap()
    }

    /// Stops it and frees its port.
    pub(crate) fn stop(self) {
        self.stop.send(()).unwrap();
        self.serving.join().unwrap();
    }
}

/// Creates an authority that the machine trusts, and a certificate for all names at the paths that the examples use.
fn certified() -> Arc<ServerConfig> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "An authority of the test");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(NAMES.map(str::to_owned)).unwrap().signed_by(&key, &authority).unwrap();
    let pem = |der: &CertificateDer<'_>| pem("CERTIFICATE", der);
    let mut trusted = OpenOptions::new().append(true).open("/etc/ssl/certs/ca-certificates.crt").unwrap();
    trusted.write_all(pem(authority.der()).as_bytes()).unwrap();
    fs::create_dir("/etc/ssl/pozi").unwrap();
    fs::write("/etc/ssl/pozi/fullchain.pem", pem(leaf.der())).unwrap();
    fs::write("/etc/ssl/pozi/key.pem", self::pem("PRIVATE KEY", &key.serialize_der())).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key);
    Arc::new(config.unwrap())
}

/// Encodes `der` as PEM (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
