//! The emulated Entra over https, which MSAL.js requires. The certificate is new at every start and its key is never
//! stored, so accepting it once does not weaken this machine for good.

use std::{error::Error, io, net::TcpListener, sync::Arc};

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::{
    connections::{bounded, in_time, limits},
    listen::{ListenError, listen},
};

/// The names in the certificate: this machine, and Microsoft's host, which a browser can be told to find here.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "login.microsoftonline.com"];

/// An https server, listening.
#[derive(Debug)]
pub(crate) struct HttpsServer {
    listener: TcpListener,
    pub(crate) port: u16,
    config: RustlsConfig,
}

impl HttpsServer {
    /// Listens on `port` (0: any free one), which `option` of the command line sets.
    pub(crate) fn listen(port: u16, option: &'static str, config: RustlsConfig) -> Result<Self, ListenError> {
        let (listener, port) = listen(port, option)?;
        Ok(Self { listener, port, config })
    }

    /// Serves `router`; returns only if that fails.
    pub(crate) async fn serve(self, router: Router) -> ListenError {
        let limits = limits();
        let router = in_time(router, &limits);
        let serving = async {
            let server = axum_server::from_tcp_rustls(self.listener, self.config)?;
            bounded(server, &limits).serve(router.into_make_service()).await
        };
        let error = serving.await.err().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into());
        ListenError::Io(self.port, error)
    }
}

/// A self-signed certificate with a new key.
pub(crate) fn certificate() -> Result<RustlsConfig, Box<dyn Error + Send + Sync>> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(NAMES.map(str::to_owned))?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}
