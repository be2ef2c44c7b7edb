//! The emulated tenant over https, since MSAL.js signs in nowhere else. The certificate is made at every start and its
//! key never written down: nothing on this machine comes to trust it for longer than a person wants.

use std::{error::Error, net::TcpListener, sync::Arc};

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// The names that the certificate is for: the place itself, and the host that a browser may be told to find there.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "login.microsoftonline.com"];

/// A certificate for this start.
pub(crate) fn certificate() -> Result<RustlsConfig, Box<dyn Error>> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(NAMES.map(str::to_owned))?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

/// Serves `router` until the process ends.
pub(crate) async fn serve(
    listener: TcpListener,
    certificate: RustlsConfig,
    router: Router,
) -> std::io::Result<()> {
    axum_server::from_tcp_rustls(listener, certificate)?.serve(router.into_make_service()).await
}
