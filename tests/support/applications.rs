//! The credentials of app registrations, and the emulated Entra's token endpoint, at which they get tokens.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use entra_emulator::AppCredential;
use pozi_auth::{
    adapters::{HttpTokenEndpoint, Microsoft},
    entra::{
        AppRegistration, ApplicationCredential, ApplicationCredentials, ApplicationError, CredentialError,
        IssuedToken, TokenEndpoint,
    },
    sites::Site,
    timestamp::Timestamp,
};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::json;

use crate::{EmulatedGraph, memory::lock};

/// Credentials in memory, as they are stored. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct MemoryCredentials(Arc<Stored>);

#[derive(Debug, Default)]
struct Stored {
    texts: Mutex<HashMap<AppRegistration, String>>,
    reads: AtomicUsize,
    fails: AtomicBool,
}

impl MemoryCredentials {
    /// Stores `text` for the registration of `site`, or nothing.
    pub fn set(&self, site: &Site, text: Option<&str>) {
        let (registration, mut texts) = (registration(site), lock(&self.0.texts));
        match text {
            Some(text) => drop(texts.insert(registration, text.to_owned())),
            None => drop(texts.remove(&registration)),
        }
    }

    /// Has reading fail from now on, or succeed.
    pub fn set_fails(&self, fails: bool) {
        self.0.fails.store(fails, Ordering::SeqCst);
    }

    /// Returns the number of reads so far.
    pub fn reads(&self) -> usize {
        self.0.reads.load(Ordering::SeqCst)
    }
}

impl ApplicationCredentials for MemoryCredentials {
    async fn read(
        &self,
        registration: AppRegistration,
    ) -> Result<Option<ApplicationCredential>, CredentialError> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        if self.0.fails.load(Ordering::SeqCst) {
            return Err(CredentialError::Unavailable("down".into()));
        }
        let text = lock(&self.0.texts).get(&registration).cloned();
        Ok(text.map(|text| text.parse()).transpose()?)
    }
}

/// The product's own client of the token endpoint, at the address of the emulated Graph.
#[derive(Debug, Clone)]
pub struct EmulatedTokenEndpoint(pub EmulatedGraph);

impl TokenEndpoint for EmulatedTokenEndpoint {
    /// By this machine's clock: the emulated Entra goes by that.
    async fn request(
        &self,
        registration: AppRegistration,
        credential: &ApplicationCredential,
        _: Timestamp,
    ) -> Result<IssuedToken, ApplicationError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs();
        let microsoft = Microsoft::new(Some(self.0.address().await)).expect("a client can be made");
        let endpoint =
            HttpTokenEndpoint::new(microsoft).with_timeout(self.0.limit().min(Duration::from_secs(3)));
        endpoint.request(registration, credential, Timestamp::from_unix_seconds(now)).await
    }
}

/// Returns the registration of `site`.
pub fn registration(site: &Site) -> AppRegistration {
    AppRegistration { cloud: site.cloud(), tenant: site.tenant(), client: site.expected.client }
}

/// Returns a new certificate as it is stored, and as an administrator registers it.
pub fn new_certificate() -> (String, AppCredential) {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key is made");
    let certificate = CertificateParams::default().self_signed(&key).expect("a certificate is made");
    let stored = json!({
        "certificate": pem("CERTIFICATE", certificate.der()),
        "private_key": pem("PRIVATE KEY", &key.serialize_der()),
    });
    let public_key = key.public_key_raw().to_vec();
    (stored.to_string(), AppCredential::Certificate { der: certificate.der().to_vec(), public_key })
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
