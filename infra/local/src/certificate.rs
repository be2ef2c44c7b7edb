//! The certificate of the emulated Entra's https server. It is kept beside the signing keys, so that a browser asks once
//! whether to accept it. It names this machine only: a stolen key could not pose as another host.

use std::{fs, path::Path, sync::Arc, time::Duration};

use axum_server::tls_rustls::RustlsConfig;
use pozi_auth::{
    adapters::private_file::{self, OTHERS_READ},
    error::Cause,
    timestamp::Timestamp,
};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde::{Deserialize, Serialize};

const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];
/// The file in the state folder.
const FILE: &str = "entra-certificate.json";
/// Less than the 398 days that browsers accept.
const LIFETIME: Duration = Duration::from_hours(365 * 24);
/// A certificate with less time left is made anew.
const MIN_LEFT: Duration = Duration::from_hours(7 * 24);

/// A self-signed certificate and its key, as DER; `expires` in Unix seconds.
#[derive(Serialize, Deserialize)]
struct Kept {
    expires: u64,
    certificate: Vec<u8>,
    private_key: Vec<u8>,
}

/// Returns the settings of a server with the certificate that is kept in the folder `state`. If there is none that this user
/// alone can read and that is valid for some time from `now`, makes a new one and keeps it.
pub(crate) fn kept_or_new(state: &Path, now: Timestamp) -> Result<RustlsConfig, Cause> {
    let path = state.join(FILE);
    private_file::sweep(&path)?;
    if let Some(config) = read(&path, now).and_then(|kept| config(kept).ok()) {
        return Ok(config);
    }
    let made = generate(now)?;
    private_file::replace(&path, &serde_json::to_vec(&made)?)?;
    config(made)
}

/// `None` for a file that cannot be used, for whatever reason: a browser that asks again is all that its loss costs.
fn read(path: &Path, now: Timestamp) -> Option<Kept> {
    let is_private = private_file::open_to_others(path, OTHERS_READ).ok()?.is_none();
    let kept: Kept = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    (is_private && now.unix_seconds() + MIN_LEFT.as_secs() < kept.expires).then_some(kept)
}

fn generate(now: Timestamp) -> Result<Kept, Cause> {
    let expires = now.unix_seconds() + LIFETIME.as_secs();
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    // Browsers' clocks may be slow.
    params.not_before = date_time_ymd(1970, 1, 1) + Duration::from_secs(now.unix_seconds()) - MIN_LEFT;
    params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(expires);
    let certificate = params.self_signed(&key)?.der().to_vec();
    Ok(Kept { expires, certificate, private_key: key.serialize_der() })
}

/// Fails if certificate and key are damaged or do not belong together.
fn config(kept: Kept) -> Result<RustlsConfig, Cause> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(kept.private_key));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(kept.certificate)], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use std::mem;

    use pozi_auth::{adapters::SystemClock, timestamp::Clock};
    use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};

    use super::*;

    /// The certificate in the folder `state`.
    fn kept(state: &Path) -> Kept {
        serde_json::from_slice(&fs::read(state.join(FILE)).unwrap()).unwrap()
    }

    /// Whether a client that trusts `certificate` alone accepts the server at `host`.
    fn is_accepted(certificate: &[u8], server: &RustlsConfig, host: &'static str) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.to_vec().into()).unwrap();
        let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut client = ClientConnection::new(Arc::new(client), host.try_into().unwrap()).unwrap();
        let mut server = ServerConnection::new(server.get_inner()).unwrap();
        let mut wire = Vec::new();
        while client.is_handshaking() {
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut mem::take(&mut wire).as_slice()).unwrap();
            server.process_new_packets().unwrap();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut mem::take(&mut wire).as_slice()).unwrap();
            if client.process_new_packets().is_err() {
                return false;
            }
        }
        true
    }

    #[test]
    fn a_client_that_trusts_the_certificate_of_one_start_accepts_that_of_the_next() {
        let state = tempfile::tempdir().unwrap();
        let now = SystemClock.now();
        let first = kept_or_new(state.path(), now).unwrap();
        let accepted = kept(state.path()).certificate;
        let second = kept_or_new(state.path(), now.plus(Duration::from_hours(300 * 24))).unwrap();
        for server in [&first, &second] {
            assert!(is_accepted(&accepted, server, "localhost"));
            assert!(!is_accepted(&accepted, server, "login.microsoftonline.com"));
        }
        let other = kept_or_new(tempfile::tempdir().unwrap().path(), now).unwrap();
        assert!(!is_accepted(&accepted, &other, "localhost"));
    }

    #[test]
    fn a_certificate_that_expires_soon_or_is_damaged_is_replaced() {
        let state = tempfile::tempdir().unwrap();
        let (path, now) = (state.path().join(FILE), SystemClock.now());
        let spoilt = |spoil: &dyn Fn(&mut Kept)| {
            let mut kept = generate(now).unwrap();
            spoil(&mut kept);
            serde_json::to_vec(&kept).unwrap()
        };
        let other_key = KeyPair::generate().unwrap().serialize_der();
        for content in [
            spoilt(&|kept| kept.expires = now.unix_seconds() + MIN_LEFT.as_secs()),
            spoilt(&|kept| kept.private_key.clone_from(&other_key)),
            spoilt(&|kept| kept.certificate.truncate(20)),
            b"not json".to_vec(),
        ] {
            private_file::replace(&path, &content).unwrap();
            let server = kept_or_new(state.path(), now).unwrap();
            assert_ne!(fs::read(&path).unwrap(), content);
            assert!(is_accepted(&kept(state.path()).certificate, &server, "localhost"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_private_and_one_that_others_could_read_is_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let state = tempfile::tempdir().unwrap();
        let path = state.path().join(FILE);
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        kept_or_new(state.path(), SystemClock.now()).unwrap();
        assert_eq!(mode(), 0o600);
        let first = kept(state.path()).certificate;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        kept_or_new(state.path(), SystemClock.now()).unwrap();
        assert_eq!(mode(), 0o600);
        assert_ne!(kept(state.path()).certificate, first);
    }
}
