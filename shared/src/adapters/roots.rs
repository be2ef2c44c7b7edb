//! The trusted certificate authorities: Mozilla's list, compiled in and already parsed, so that a cold start reads and parses
//! nothing and the machine's own list has no effect.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

use super::Authority;

/// Returns how a client speaks TLS that trusts all of them and `more`, and no others.
pub(super) fn tls(more: &[Authority]) -> Result<ClientConfig, rustls::Error> {
    let mut trusted = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for Authority(certificate) in more {
        trusted.add(certificate.clone())?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(trusted).with_no_client_auth())
}
